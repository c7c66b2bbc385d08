import { functionOf, keyOf, valueOf, type HistoryEvent } from './history-event.ts';

/** `history.jsonl`: one object per line, the first event first. */
export function historyLines(events: readonly HistoryEvent[]): string {
  return events.map((event) => `${historyLine(event)}\n`).join('');
}

function historyLine(event: HistoryEvent): string {
  const { index, timeNanos, process, type, operation, outcome, node } = event;
  const revision = outcome !== undefined && 'revision' in outcome ? outcome.revision : null;
  return JSON.stringify({
    index,
    time_ns: timeNanos,
    process,
    type,
    f: functionOf(operation),
    key: keyOf(operation),
    value: valueOf(event),
    revision,
    node: node ?? null,
  });
}
