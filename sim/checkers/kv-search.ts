import { must } from '../../src/base/assert.ts';
import { compareStrings } from '../../src/base/order.ts';
import {
  describeCall,
  keysOf,
  type KvCall,
  type KvFound,
  type KvOperation,
  type KvPair,
} from '../kv-history.ts';
import { answerProblem, effectOf, type KvView } from './kv-model.ts';
import { findLinearization, type Linearization, type SequentialModel, type TimedCall } from './wgl.ts';

/** What a search puts in order: calls, and ends of leases, which nobody calls and which may come at any time. */
export type SearchedCall = TimedCall & ({ readonly call: KvCall } | { readonly endOfLease: bigint });

/** Calls whose keys no other call touches: they can be judged alone (porcupine's partitions; Herlihy's locality). */
export interface KvPartition {
  readonly keys: readonly string[];
  readonly calls: readonly SearchedCall[];
}

/** Last calls of the longest order that an explanation names. */
const shownCallsMax = 4;

/**
 * The second opinion on linearizability: no revision is looked at. Returns why no order of the calls explains what
 * came back, or undefined when there is an order, or none was found or refuted in `stepsMax` steps per partition.
 */
export function searchKv(calls: readonly KvCall[], stepsMax: number): string | undefined {
  for (const partition of partitionsOf(calls)) {
    const found = findLinearization(modelOf(partition.keys), partition.calls, stepsMax);
    if (found.verdict === 'not-linearizable') return explain(partition, found);
  }
  return undefined;
}

/** Keys belong together when one call, or one lease, touches both. Reads that may be stale have no place in the order. */
export function partitionsOf(calls: readonly KvCall[]): readonly KvPartition[] {
  const judged = calls.filter(
    ({ operation, outcome }) => outcome.type !== 'refused' && !mayBeStale(operation),
  );
  // A range stands for its first key as well, so that one over keys that nobody wrote is judged, too.
  const keys = [...new Set(judged.flatMap(({ operation }) => keysOf(operation)))].toSorted(compareStrings);
  const groups = new Groups();
  for (const key of keys) groups.join(key, key);
  const touchedBy = (operation: KvOperation): readonly string[] =>
    operation.type === 'range'
      ? keys.filter(
          (key) => key >= operation.key && (operation.rangeEnd === '\0' || key < operation.rangeEnd),
        )
      : keysOf(operation);
  const leases = new Map<bigint, { readonly key: string; readonly callTime: number }>();
  const touched = new Map<KvCall, string>();
  for (const call of judged) {
    const { operation } = call;
    const [first, ...others] = touchedBy(operation);
    // A range whose end is its beginning, or before it.
    if (first === undefined) continue;
    touched.set(call, first);
    for (const other of others) groups.join(first, other);
    if (operation.type !== 'put' || operation.lease === undefined) continue;
    const lease = leases.get(operation.lease);
    if (lease === undefined) leases.set(operation.lease, { key: first, callTime: call.callTime });
    else groups.join(lease.key, first);
  }
  const partitions = new Map<string, { readonly keys: string[]; readonly calls: SearchedCall[] }>();
  for (const key of keys) {
    const root = groups.find(key);
    const partition = partitions.get(root);
    if (partition === undefined) partitions.set(root, { keys: [key], calls: [] });
    else partition.keys.push(key);
  }
  const partitionOf = (key: string): { readonly calls: SearchedCall[] } =>
    must(partitions.get(groups.find(key)));
  for (const [call, key] of touched) {
    const { callTime, returnTime } = call;
    partitionOf(key).calls.push({ callTime, returnTime, call });
  }
  for (const [lease, { key, callTime }] of leases) {
    partitionOf(key).calls.push({ callTime, returnTime: Infinity, endOfLease: lease });
  }
  return [...partitions.values()];
}

function mayBeStale(operation: KvOperation): boolean {
  return 'serializable' in operation
    ? operation.serializable === true || operation.revision !== undefined
    : 'revision' in operation && operation.revision !== undefined;
}

/** Which keys belong together (union-find). */
class Groups {
  readonly #parent = new Map<string, string>();

  find(key: string): string {
    let root = key;
    for (let up = this.#parent.get(root); up !== undefined && up !== root; up = this.#parent.get(root))
      root = up;
    this.#parent.set(key, root);
    return root;
  }

  join(a: string, b: string): void {
    this.#parent.set(this.find(b), this.find(a));
  }
}

interface Held {
  readonly value: string;
  readonly lease: bigint | undefined;
}

/** The keys of a partition, by their places in it; never changed. */
export class SearchState implements KvView {
  readonly #keys: readonly string[];
  readonly #held: readonly (Held | undefined)[];
  /** Leases that have ended: nothing can be put with them. */
  readonly #ended: readonly bigint[];
  #name: string | undefined;

  constructor(keys: readonly string[], held: readonly (Held | undefined)[], ended: readonly bigint[] = []) {
    this.#keys = keys;
    this.#held = held;
    this.#ended = ended;
  }

  hasEnded(lease: bigint): boolean {
    return this.#ended.includes(lease);
  }

  /** Names the state: equal states have equal names. */
  get name(): string {
    this.#name ??= [
      this.#ended.join(),
      ...this.#held.map((one) =>
        one === undefined ? '' : `=${one.value}${one.lease === undefined ? '' : `@${one.lease}`}`,
      ),
    ].join('\0');
    return this.#name;
  }

  get(key: string): KvFound | undefined {
    const held = this.#held[this.#keys.indexOf(key)];
    return held && { value: held.value, modRevision: 0 };
  }

  range(key: string, rangeEnd: string): readonly KvPair[] {
    return this.#keys.flatMap((name, i) => {
      const held = this.#held[i];
      if (held === undefined || name < key || (rangeEnd !== '\0' && name >= rangeEnd)) return [];
      return [{ key: name, value: held.value, modRevision: 0 }];
    });
  }

  with(changes: readonly { readonly key: string; readonly held: Held | undefined }[]): SearchState {
    if (changes.length === 0) return this;
    const next = [...this.#held];
    for (const { key, held } of changes) next[this.#keys.indexOf(key)] = held;
    return new SearchState(this.#keys, next, this.#ended);
  }

  withoutLease(lease: bigint): SearchState {
    return new SearchState(
      this.#keys,
      this.#held.map((one) => (one?.lease === lease ? undefined : one)),
      [...this.#ended, lease].toSorted((a, b) => (a < b ? -1 : 1)),
    );
  }

  describe(): string {
    const pairs = this.range('', '\0').map(({ key, value }) => `${key} = "${value}"`);
    return pairs.length === 0 ? 'there is no key' : pairs.join(', ');
  }
}

/** The keys of a partition as one object: unknown calls may have any outcome that their state allows. */
export function modelOf(keys: readonly string[]): SequentialModel<SearchState, SearchedCall> {
  return {
    initial: new SearchState(
      keys,
      keys.map(() => undefined),
    ),
    key: (state) => state.name,
    step: (state, searched) => {
      if ('endOfLease' in searched) return state.withoutLease(searched.endOfLease);
      const { operation, outcome } = searched.call;
      const lease = operation.type === 'put' ? operation.lease : undefined;
      if (lease !== undefined && state.hasEnded(lease)) return outcome.type === 'unknown' ? state : undefined;
      const { answer, writes } = effectOf(state, operation);
      if (outcome.type !== 'unknown' && answerProblem(answer, searched.call, false) !== undefined)
        return undefined;
      return state.with(
        writes.map(({ key, value }) => ({ key, held: value === undefined ? undefined : { value, lease } })),
      );
    },
  };
}

function explain({ keys, calls }: KvPartition, found: Linearization<SearchState>): string {
  const count = calls.filter((one) => 'call' in one).length;
  const names = keys.length > 3 ? `${keys.slice(0, 3).join(', ')} …` : keys.join(', ');
  const last = found.longest.slice(-shownCallsMax).map((i) => `${describe(calls[i]!)}`);
  const order =
    found.longest.length === 0
      ? 'no call can come first'
      : `the longest order has ${found.longest.length}, the last of them ${last.join(', then ')}; behind it ${found.state.describe()}`;
  const stuck = found.stuck === undefined ? undefined : calls[found.stuck];
  const why =
    stuck === undefined || !('call' in stuck)
      ? ''
      : `, but ${describeCall(stuck.call)} ${outcomeText(stuck.call)} and fits neither there nor before`;
  return `no order of the ${count} calls on ${names} explains their outcomes: ${order}${why}`;
}

function describe(searched: SearchedCall): string {
  if ('endOfLease' in searched) return `the end of lease ${searched.endOfLease}`;
  const { operation } = searched.call;
  const value =
    operation.type === 'put'
      ? ` ("${operation.value}")`
      : operation.type === 'cas'
        ? ` ("${operation.to}")`
        : '';
  return `${describeCall(searched.call)}${value}`;
}

function outcomeText({ outcome }: KvCall): string {
  switch (outcome.type) {
    case 'got':
      return outcome.value === undefined ? 'found nothing' : `returned "${outcome.value}"`;
    case 'cas':
    case 'txn':
      return outcome.succeeded ? 'succeeded' : 'failed its condition';
    case 'deleted':
      return `deleted ${outcome.count}`;
    case 'ranged':
      return `returned ${outcome.pairs.length} of ${outcome.count} pairs`;
    default:
      return 'returned';
  }
}
