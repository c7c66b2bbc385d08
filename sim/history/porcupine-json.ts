import { functionOf, keyOf, valueOf, type HistoryEvent, type Plain } from './history-event.ts';

interface Operation {
  readonly ClientId: number;
  readonly Input: { readonly Op: string; readonly Key: Plain; readonly Value: Plain };
  readonly Call: number;
  readonly Output: {
    readonly Value: Plain;
    readonly Succeeded?: boolean;
    readonly Revision?: number;
    readonly Unknown?: boolean;
  };
  readonly Return: number;
}

/** Where an outcome is unknown the call may take effect whenever it likes: a return behind all others. */
const never = Number.MAX_SAFE_INTEGER;

/**
 * porcupine's `[]Operation` (checker.go), in the order of calls; refused ones took no effect and are left out. `Call` and
 * `Return` are the events' indexes: their order, without moments that are the same.
 */
export function porcupineJson(events: readonly HistoryEvent[]): string {
  const calls = new Map<number, HistoryEvent>();
  const operations: Operation[] = [];
  for (const event of events) {
    if (event.type === 'invoke') {
      calls.set(event.process, event);
      continue;
    }
    const call = calls.get(event.process);
    calls.delete(event.process);
    if (call !== undefined && event.outcome?.type !== 'refused') operations.push(operationOf(call, event));
  }
  for (const call of calls.values()) operations.push(operationOf(call, undefined));
  operations.sort((a, b) => a.Call - b.Call);
  return `[\n${operations.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`;
}

function operationOf(call: HistoryEvent, end: HistoryEvent | undefined): Operation {
  const { operation, process } = call;
  const outcome = end?.outcome;
  const known = outcome !== undefined && 'revision' in outcome ? outcome : undefined;
  return {
    ClientId: process,
    Input: { Op: functionOf(operation), Key: keyOf(operation), Value: valueOf(call) },
    Call: call.index,
    Output: {
      Value: end === undefined ? null : valueOf(end),
      ...(known !== undefined && 'succeeded' in known ? { Succeeded: known.succeeded } : {}),
      ...(known === undefined ? { Unknown: true } : { Revision: known.revision }),
    },
    Return: known === undefined ? never : end!.index,
  };
}
