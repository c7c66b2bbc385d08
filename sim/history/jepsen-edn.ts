import { functionOf, keyOf, valueOf, type HistoryEvent, type Plain } from './history-event.ts';

/**
 * Jepsen's history: one map per line, as `jepsen.store` writes `history.edn`. A value is a tuple of its key and what is in it
 * (jepsen.independent), so that Knossos judges key by key; of a transaction it is Elle's micro-operations.
 */
export function jepsenEdn(events: readonly HistoryEvent[]): string {
  return events.map((event) => `${ednLine(event)}\n`).join('');
}

function ednLine(event: HistoryEvent): string {
  const { index, timeNanos, process, type, operation } = event;
  const value = valueOf(event);
  const told = operation.type === 'txn' ? edn(micro(value)) : `[${edn(keyOf(operation))} ${edn(value)}]`;
  return `{:process ${process}, :type :${type}, :f :${functionOf(operation)}, :value ${told}, :time ${timeNanos}, :index ${index}}`;
}

/** A word of EDN's own: `:r`. */
class Keyword {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

type Edn = Plain | Keyword | readonly Edn[];

function micro(value: Plain): Edn {
  return (value as readonly (readonly [string, Plain, Plain])[]).map(([f, key, held]) => [
    new Keyword(f),
    key,
    held,
  ]);
}

function edn(value: Edn): string {
  if (value === null) return 'nil';
  if (value instanceof Keyword) return `:${value.name}`;
  if (Array.isArray(value)) return `[${value.map(edn).join(' ')}]`;
  // EDN's strings, numbers and booleans are written as JSON's.
  return JSON.stringify(value);
}
