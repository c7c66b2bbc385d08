import { compareStrings } from '../../src/base/order.ts';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import { KvHistory, type KvCall } from '../kv-history.ts';
import type { Checker, Observation, Violation } from '../observations.ts';
import { checkLinearizable, type SequentialModel } from './wgl.ts';

/** A key's state from a revision on. */
interface Version {
  readonly revision: number;
  /** undefined: deleted. */
  readonly value: string | undefined;
}

/**
 * The clients' history is linearizable. Two independent judges at the end of the run:
 *
 * 1. By revision: header revisions are the order. Each response must be what a replay gives at its revision, and
 *    no call may have a revision below one that was returned before it began (for a write: at or below).
 * 2. By search (WGL) per key, without looking at revisions, where it comes to an end in `stepsMax` steps.
 */
export class Linearizable implements Checker {
  readonly name = 'linearizable';
  readonly #history = new KvHistory();
  /** The store's own history of each key; what unknown writes did is read off it. */
  readonly #versions = new Map<string, Version[]>();
  readonly #stepsMax: number;
  #newestRevision = 0;

  constructor(options: { readonly stepsMax?: number } = {}) {
    this.#stepsMax = options.stepsMax ?? 300_000;
  }

  observe(seen: Observation): undefined {
    switch (seen.type) {
      case 'client-call':
        this.#history.call(seen.client, seen.operation, seen.atMillis);
        break;
      case 'client-return':
        this.#history.return(seen.client, seen.outcome);
        break;
      case 'revision-applied':
        if (seen.revision <= this.#newestRevision) break;
        this.#newestRevision = seen.revision;
        for (const { type, kv } of seen.events) {
          const value = type === 'delete' ? undefined : decodeUtf8(kv.value);
          const versions = this.#versions.get(kv.key);
          if (versions === undefined) this.#versions.set(kv.key, [{ revision: seen.revision, value }]);
          else versions.push({ revision: seen.revision, value });
        }
        break;
      default:
    }
    return undefined;
  }

  finish(atMillis: number): Violation | undefined {
    const message = checkRevisions(this.#history.calls, this.#versions) ?? this.#search();
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }

  #search(): string | undefined {
    for (const [key, calls] of callsByKey(this.#history.calls)) {
      const relevant = calls.filter(({ outcome }) => outcome.type !== 'refused');
      if (checkLinearizable(registerModel, relevant, this.#stepsMax) === 'not-linearizable') {
        return `no order of the ${relevant.length} calls on ${key} explains their outcomes`;
      }
    }
    return undefined;
  }
}

/** The state of a key that does not exist; `undefined` already means "impossible". */
const absent = '\0absent';

/** One key as a register: unknown calls may have any outcome that their state allows. */
export const registerModel: SequentialModel<string, KvCall> = {
  initial: absent,
  key: (state) => state,
  step: (state, { operation, outcome }) =>
    stepRegister(state === absent ? undefined : state, operation, outcome),
};

function stepRegister(
  value: string | undefined,
  operation: KvCall['operation'],
  outcome: KvCall['outcome'],
): string | undefined {
  const known = outcome.type !== 'unknown';
  switch (operation.type) {
    case 'get':
      return known && (outcome.type !== 'got' || outcome.value !== value) ? undefined : (value ?? absent);
    case 'put':
      return operation.value;
    case 'cas': {
      const matches = value === operation.from;
      if (known && (outcome.type !== 'cas' || outcome.succeeded !== matches)) return undefined;
      return matches ? operation.to : (value ?? absent);
    }
    case 'delete': {
      const count = value === undefined ? 0 : 1;
      return known && (outcome.type !== 'deleted' || outcome.count !== count) ? undefined : absent;
    }
  }
}

/**
 * The check by revisions. `truth` is the store's history by key; without it (empty) the writes that clients know
 * of stand in, and unknown ones count only where a read saw them.
 */
export function checkRevisions(
  calls: readonly KvCall[],
  truth: ReadonlyMap<string, readonly Version[]> = new Map(),
): string | undefined {
  const versions = truth.size > 0 ? truth : versionsKnownToClients(calls);
  return checkRealTime(calls) ?? checkWriteRevisions(calls) ?? checkReplay(calls, versions);
}

/** Sweep in order of calls: nothing that began later may have an earlier place in the order of revisions. */
function checkRealTime(calls: readonly KvCall[]): string | undefined {
  const returned = calls
    .filter((call) => revisionOf(call) !== undefined)
    .toSorted((a, b) => a.returnTime - b.returnTime);
  const begun = [...returned].toSorted((a, b) => a.callTime - b.callTime);
  let newest: KvCall | undefined;
  let next = 0;
  for (const call of begun) {
    for (
      let ended = returned[next];
      ended !== undefined && ended.returnTime < call.callTime;
      ended = returned[++next]
    ) {
      if (newest === undefined || revisionOf(ended)! > revisionOf(newest)!) newest = ended;
    }
    if (newest === undefined) continue;
    const floor = revisionOf(newest)! + (wrote(call) ? 1 : 0);
    if (revisionOf(call)! < floor) {
      return (
        `${describe(call)} has revision ${revisionOf(call)}, though ${describe(newest)} ` +
        `had returned with revision ${revisionOf(newest)} before it began`
      );
    }
  }
  return undefined;
}

/** No two writes are one revision. */
function checkWriteRevisions(calls: readonly KvCall[]): string | undefined {
  const writers = new Map<number, KvCall>();
  for (const call of calls) {
    if (!wrote(call)) continue;
    const revision = revisionOf(call)!;
    const other = writers.get(revision);
    if (other !== undefined) return `${describe(call)} and ${describe(other)} are both revision ${revision}`;
    writers.set(revision, call);
  }
  return undefined;
}

/** Every response is what the history gives at its revision. */
function checkReplay(
  calls: readonly KvCall[],
  versions: ReadonlyMap<string, readonly Version[]>,
): string | undefined {
  for (const call of calls) {
    const { operation, outcome } = call;
    const revision = revisionOf(call);
    if (revision === undefined) continue;
    const history = versions.get(operation.key) ?? [];
    const now = versionAt(history, revision);
    const before = versionAt(history, revision - 1);
    switch (outcome.type) {
      case 'got':
        if (
          outcome.value !== now?.value ||
          (outcome.value !== undefined && outcome.modRevision !== now?.revision)
        ) {
          return (
            `${describe(call)} returned ${show(outcome.value)} of revision ${outcome.modRevision} at revision ${revision}, ` +
            `where the value is ${show(now?.value)} of revision ${now?.revision ?? 0}`
          );
        }
        break;
      case 'cas':
        if (
          operation.type === 'cas' &&
          (before?.value === operation.from) !== outcome.succeeded &&
          outcome.succeeded
        ) {
          return `${describe(call)} succeeded at revision ${revision}, where the value before was ${show(before?.value)}`;
        }
        if (operation.type === 'cas' && !outcome.succeeded && now?.value === operation.from) {
          return `${describe(call)} failed at revision ${revision}, where the value was ${show(now?.value)}`;
        }
        break;
      case 'deleted':
        if (outcome.count > 0 && before?.value === undefined) {
          return `${describe(call)} deleted something at revision ${revision}, where the key did not exist`;
        }
        if (outcome.count === 0 && now?.value !== undefined) {
          return `${describe(call)} found nothing at revision ${revision}, where the value was ${show(now.value)}`;
        }
        break;
      default:
    }
  }
  return undefined;
}

function versionsKnownToClients(calls: readonly KvCall[]): Map<string, Version[]> {
  const byKey = new Map<string, Map<number, Version>>();
  const note = (key: string, version: Version): void => {
    const versions = byKey.get(key) ?? new Map<number, Version>();
    versions.set(version.revision, version);
    byKey.set(key, versions);
  };
  const attempted = new Set(calls.map(({ operation }) => `${operation.key}=${writtenBy(operation) ?? ''}`));
  for (const { operation, outcome } of calls) {
    // A read shows that an unknown write took effect, and when; a value that nobody wrote shows nothing.
    if (outcome.type !== 'got' || !attempted.has(`${operation.key}=${outcome.value ?? ''}`)) continue;
    if (outcome.value !== undefined)
      note(operation.key, { revision: outcome.modRevision, value: outcome.value });
  }
  for (const call of calls) {
    const { operation } = call;
    const revision = revisionOf(call);
    if (!wrote(call) || revision === undefined) continue;
    const value =
      operation.type === 'put' ? operation.value : operation.type === 'cas' ? operation.to : undefined;
    note(operation.key, { revision, value });
  }
  return new Map(
    [...byKey].map(([key, versions]) => [
      key,
      [...versions.values()].toSorted((a, b) => a.revision - b.revision),
    ]),
  );
}

/** The newest version at or before `revision`. */
function versionAt(versions: readonly Version[], revision: number): Version | undefined {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (versions[middle]!.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
}

function writtenBy(operation: KvCall['operation']): string | undefined {
  return operation.type === 'put' ? operation.value : operation.type === 'cas' ? operation.to : undefined;
}

function wrote({ outcome }: KvCall): boolean {
  return (
    outcome.type === 'put' ||
    (outcome.type === 'cas' && outcome.succeeded) ||
    (outcome.type === 'deleted' && outcome.count > 0)
  );
}

function revisionOf({ outcome }: KvCall): number | undefined {
  return outcome.type === 'unknown' || outcome.type === 'refused' ? undefined : outcome.revision;
}

function callsByKey(calls: readonly KvCall[]): [string, KvCall[]][] {
  const byKey = new Map<string, KvCall[]>();
  for (const call of calls) {
    const list = byKey.get(call.operation.key);
    if (list === undefined) byKey.set(call.operation.key, [call]);
    else list.push(call);
  }
  return [...byKey].toSorted((a, b) => compareStrings(a[0], b[0]));
}

function describe({ client, operation, callMillis }: KvCall): string {
  return `the ${operation.type} of ${operation.key} by ${client} at ${callMillis.toFixed(3)} ms`;
}

function show(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
