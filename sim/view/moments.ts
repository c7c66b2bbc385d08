import type { RecordedProgress, RecordedRole, Recording } from '../recording/recording.ts';

/** What a member is like at a moment. */
export interface MemberMoment {
  readonly up: boolean;
  readonly paused: boolean;
  readonly role: RecordedRole | undefined;
  readonly progress: RecordedProgress | undefined;
}

/** The last of records in order of time that is not after `at`, of those of one host. */
function lastOf<T extends { readonly at: number; readonly host: number }>(
  records: readonly T[],
  host: number,
  at: number,
): T | undefined {
  for (let i = lowerBound(records, at, true) - 1; i >= 0; i--)
    if (records[i]!.host === host) return records[i];
  return undefined;
}

/** How many records are before `at`; with `inclusive`, not after it. */
export function lowerBound(
  records: readonly { readonly at: number }[],
  at: number,
  inclusive = false,
): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const before = inclusive ? records[middle]!.at <= at : records[middle]!.at < at;
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function memberAt(recording: Recording, host: number, at: number): MemberMoment {
  const power = lastOf(recording.power, host, at);
  return {
    up: power?.up ?? false,
    paused: (power?.pausedUntil ?? 0) > at,
    role: lastOf(recording.roles, host, at),
    progress: lastOf(recording.progress, host, at),
  };
}

/** A member's durable log at a moment: where it begins, and the term of each entry. */
export function logAt(
  recording: Recording,
  host: number,
  at: number,
): { readonly first: number; readonly terms: readonly number[] } {
  let first = 1;
  let terms: number[] = [];
  for (const change of recording.logs) {
    if (change.at > at) break;
    if (change.host !== host) continue;
    if (change.snapshot !== undefined || change.first < first) {
      first = change.first;
      terms = [...change.terms];
      continue;
    }
    // A gap is one that the recorder has left out.
    if (change.first > first + terms.length) {
      first = change.first;
      terms = [];
    }
    terms.length = change.first - first;
    terms.push(...change.terms);
  }
  return { first, terms };
}

/** Every moment at which something happened, ascending. */
export function momentsOf(recording: Recording): readonly number[] {
  const moments = new Set<number>();
  for (const { at } of recording.roles) moments.add(at);
  for (const { at } of recording.power) moments.add(at);
  for (const { at } of recording.progress) moments.add(at);
  for (const { at } of recording.steps) moments.add(at);
  for (const { at, arrived } of recording.messages) {
    moments.add(at);
    if (arrived >= 0) moments.add(arrived);
  }
  for (const { called, returned } of recording.calls) {
    moments.add(called);
    if (returned >= 0) moments.add(returned);
  }
  return [...moments].toSorted((a, b) => a - b);
}

/** When two histories part: the first packet or change of role that is not the same in both. */
export function firstDifference(a: Recording, b: Recording): number | undefined {
  const differs = [
    partsAt(a.messages, b.messages, (one) => `${one.at} ${one.from} ${one.to} ${one.arrived}`),
    partsAt(a.roles, b.roles, (one) => `${one.at} ${one.host} ${one.role} ${one.term}`),
    partsAt(a.steps, b.steps, (one) => `${one.at} ${one.action}`),
  ].filter((at) => at !== undefined);
  return differs.length === 0 ? undefined : Math.min(...differs);
}

function partsAt<T extends { readonly at: number }>(
  a: readonly T[],
  b: readonly T[],
  text: (record: T) => string,
): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [a[i], b[i]];
    if (one === undefined || other === undefined) return (one ?? other)!.at;
    if (text(one) !== text(other)) return Math.min(one.at, other.at);
  }
  return undefined;
}

/** `12.345 s`. */
export function secondsText(millis: number): string {
  return `${(millis / 1000).toFixed(3)} s`;
}
