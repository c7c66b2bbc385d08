import {
  describeCall,
  keysOf,
  revisionOf,
  valuesOf,
  writesTold,
  type KvCall,
  type KvWrite,
} from '../kv-history.ts';
import { answerProblem, effectOf } from './kv-model.ts';
import { KvReplay } from './kv-replay.ts';

/** The store's own history: what each revision changed. */
export type Truth = ReadonlyMap<number, readonly KvWrite[]>;

/**
 * Linearizability where answers carry revisions: header revisions are the order, so nothing is searched for and a
 * million calls take seconds. Each answer must be what a replay gives at its revision, no two writes are one
 * revision, and no call has a revision below one that was returned before it began (a write: at or below).
 *
 * Without `truth` the writes that clients know of stand in for it, and unknown ones count only where a read saw them.
 */
export function checkRevisions(calls: readonly KvCall[], truth?: Truth): string | undefined {
  return checkRealTime(calls) ?? checkReplay(calls, truth);
}

/** Sweep in order of calls: nothing that began later may have an earlier place in the order of revisions. */
function checkRealTime(calls: readonly KvCall[]): string | undefined {
  const begun = calls
    .filter((call) => revisionOf(call) !== undefined && !isSerializable(call))
    .toSorted((a, b) => a.callTime - b.callTime);
  const returned = begun.toSorted((a, b) => a.returnTime - b.returnTime);
  let newest: KvCall | undefined;
  let newestRevision = 0;
  let next = 0;
  for (const call of begun) {
    for (
      let ended = returned[next];
      ended !== undefined && ended.returnTime < call.callTime;
      ended = returned[++next]
    ) {
      const revision = revisionOf(ended)!;
      if (revision <= newestRevision) continue;
      newest = ended;
      newestRevision = revision;
    }
    if (newest === undefined) continue;
    const revision = revisionOf(call)!;
    if (revision < newestRevision || (revision === newestRevision && wrote(call))) {
      return (
        `${describeCall(call)} has revision ${revision}, though ${describeCall(newest)} ` +
        `had returned with revision ${newestRevision} before it began`
      );
    }
  }
  return undefined;
}

interface Placed {
  readonly call: KvCall;
  /** The revision whose state the call saw. */
  readonly place: number;
  readonly writes: boolean;
}

/** Plays all revisions in their order, and asks of each call whether its answer is what the state there gives. */
function checkReplay(calls: readonly KvCall[], truth: Truth | undefined): string | undefined {
  const placed: Placed[] = [];
  for (const call of calls) {
    const revision = revisionOf(call);
    if (revision !== undefined) placed.push({ call, place: placeOf(call, revision), writes: wrote(call) });
  }
  placed.sort((a, b) => a.place - b.place || Number(b.writes) - Number(a.writes));
  const seen = truth === undefined ? seenByReads(calls) : undefined;
  const known = [...(truth ?? seen)!.keys()].toSorted((a, b) => a - b);
  const state = new KvReplay();
  let next = 0;
  const playUpTo = (revision: number): void => {
    for (; next < known.length && known[next]! <= revision; next++) {
      state.apply((truth ?? seen)!.get(known[next]!)!, known[next]!);
    }
  };
  let writer: Placed | undefined;
  for (const one of placed) {
    const { call, place, writes } = one;
    if (!writes) {
      playUpTo(place);
      const problem = answerProblem(effectOf(state, call.operation).answer, call, true);
      if (problem !== undefined) return `${describeCall(call)} is of revision ${place}, but ${problem}`;
      continue;
    }
    if (writer?.place === place) {
      return `${describeCall(writer.call)} and ${describeCall(call)} are both revision ${place}`;
    }
    writer = one;
    playUpTo(place - 1);
    const effect = effectOf(state, call.operation, place);
    const problem = answerProblem(effect.answer, call, true);
    if (problem !== undefined) return `${describeCall(call)} made revision ${place}, but ${problem}`;
    if (truth === undefined) state.apply(effect.writes, place);
    else {
      const unlike = differenceOfWrites(effect.writes, truth.get(place));
      if (unlike !== undefined) return `${describeCall(call)} was told revision ${place}, which ${unlike}`;
    }
  }
  return undefined;
}

/** A read of the past saw that; everything else saw the newest. */
function placeOf({ operation }: KvCall, revision: number): number {
  return ('revision' in operation ? operation.revision : undefined) ?? revision;
}

function isSerializable({ operation }: KvCall): boolean {
  return 'serializable' in operation && operation.serializable === true;
}

function wrote(call: KvCall): boolean {
  return call.outcome.type === 'put' || writesTold(call).length > 0;
}

/** The order of changes within a revision is the order of a transaction's steps. */
function differenceOfWrites(
  expected: readonly KvWrite[],
  made: readonly KvWrite[] | undefined,
): string | undefined {
  if (made === undefined) return 'changed none of the clients’ keys';
  for (let i = 0; i < Math.max(expected.length, made.length); i++) {
    const a = expected[i];
    const b = made[i];
    if (a?.key !== b?.key || a?.value !== b?.value)
      return `holds ${showWrite(b)} in place of ${showWrite(a)}`;
  }
  return undefined;
}

function showWrite(write: KvWrite | undefined): string {
  if (write === undefined) return 'nothing';
  return write.value === undefined ? `the delete of ${write.key}` : `"${write.value}" in ${write.key}`;
}

/**
 * A read shows that an unknown write took effect, and when; a value that nobody tried to write shows nothing. Writes that
 * were acknowledged tell it themselves.
 */
function seenByReads(calls: readonly KvCall[]): Truth {
  const attempted = new Set<string>();
  for (const { operation, outcome } of calls) {
    if (outcome.type !== 'unknown') continue;
    for (const { key, value } of valuesOf(operation)) attempted.add(`${key}=${value ?? ''}`);
  }
  const seen = new Map<number, KvWrite[]>();
  const note = (key: string, value: string | undefined, modRevision: number): void => {
    if (value === undefined || !attempted.has(`${key}=${value}`)) return;
    const writes = seen.get(modRevision) ?? [];
    if (!writes.some((write) => write.key === key)) writes.push({ key, value });
    seen.set(modRevision, writes);
  };
  for (const { operation, outcome } of calls) {
    if (outcome.type === 'got') note(keysOf(operation)[0]!, outcome.value, outcome.modRevision);
    else if (outcome.type === 'ranged') {
      for (const { key, value, modRevision } of outcome.pairs) note(key, value, modRevision);
    }
  }
  return seen;
}
