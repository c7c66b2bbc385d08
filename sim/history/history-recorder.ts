import { must } from '../../src/base/assert.ts';
import type { KvOperation, KvOutcome } from '../kv-history.ts';
import type { Checker, FactType, Observation } from '../observations.ts';
import type { HistoryEvent } from './history-event.ts';

const nanosPerMilli = 1_000_000;

interface Outstanding {
  readonly process: number;
  readonly operation: KvOperation;
  readonly node?: string;
}

/** Keeps what clients of the key-value store asked and were told. It looks, and judges nothing. */
export class HistoryRecorder implements Checker {
  readonly name = 'history';
  readonly sees: readonly FactType[] = ['client-call', 'client-return'];
  readonly events: HistoryEvent[] = [];
  readonly #processes = new Map<string, number>();
  readonly #outstanding = new Map<string, Outstanding>();

  observe(seen: Observation): undefined {
    const timeNanos = Math.round(seen.atMillis * nanosPerMilli);
    const index = this.events.length;
    if (seen.type === 'client-call') {
      const { client, operation, node } = seen;
      let process = this.#processes.get(client);
      if (process === undefined) {
        process = this.#processes.size;
        this.#processes.set(client, process);
      }
      const at = node === undefined ? {} : { node };
      this.#outstanding.set(client, { process, operation, ...at });
      this.events.push({ index, timeNanos, process, type: 'invoke', operation, ...at });
    } else if (seen.type === 'client-return') {
      const called = must(this.#outstanding.get(seen.client), 'nothing returns that was not called');
      this.#outstanding.delete(seen.client);
      this.events.push({ index, timeNanos, ...called, type: typeOf(seen.outcome), outcome: seen.outcome });
    }
    return undefined;
  }

  finish(): undefined {
    return undefined;
  }
}

/** A swap that found another value took no effect: to Jepsen's models that is a failure. */
function typeOf(outcome: KvOutcome): HistoryEvent['type'] {
  switch (outcome.type) {
    case 'unknown':
      return 'info';
    case 'refused':
      return 'fail';
    case 'cas':
      return outcome.succeeded ? 'ok' : 'fail';
    default:
      return 'ok';
  }
}
