import { compareBytes, emptyBytes } from '../../src/base/bytes.ts';
import type { Lease } from '../../src/mvcc/lessor.ts';
import type {
  Compare,
  DeleteRangeRequest,
  Event,
  KeyRange,
  KeyValue,
  LeaseId,
  MvccErrorCode,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseOp,
  Revision,
  TxnRequest,
  TxnResponse,
} from '../../src/mvcc/types.ts';
import { noLease } from '../../src/mvcc/types.ts';

type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { code: MvccErrorCode } };

const refuse = (code: MvccErrorCode) => ({ ok: false, error: { code } }) as const;
const accept = <T>(value: T) => ({ ok: true, value }) as const;

export function inRange(key: string, range: KeyRange): boolean {
  if (range.rangeEnd === undefined || range.rangeEnd === '') return key === range.key;
  return key >= range.key && (range.rangeEnd === '\0' || key < range.rangeEnd);
}

export interface NaiveRevision {
  readonly main: number;
  readonly sub: number;
  readonly event: Event;
}

/** etcd's data model as slowly and plainly as it can be said: one whole array of kvs for each revision. */
export class NaiveStore {
  /** states[r] is everything at revision r, in key order. */
  readonly states: KeyValue[][] = [[], []];
  /** events[r] is what happened in revision r, in order. */
  readonly events: Event[][] = [[], []];
  readonly leases = new Map<LeaseId, Lease>();
  compacted = -1;

  get revision(): number {
    return this.states.length - 1;
  }

  range(request: RangeRequest): Answer<RangeResponse> {
    if (request.key === '') return refuse('key-not-provided');
    const code = this.#revisionProblem(request);
    if (code !== undefined) return refuse(code);
    return accept(this.#read(request, this.states[this.revision]!));
  }

  put(request: PutRequest): Answer<ResponseOp> {
    const txn: TxnRequest = { compare: [], success: [{ type: 'put', request }], failure: [] };
    // Alone, its lease is looked at first; in a transaction, its key.
    if (this.#staticProblem(txn) === undefined && this.#leaseMissing(request))
      return refuse('lease-not-found');
    const answer = this.txn(txn);
    return answer.ok ? accept(answer.value.responses[0]!) : answer;
  }

  deleteRange(request: DeleteRangeRequest): Answer<ResponseOp> {
    const answer = this.txn({ compare: [], success: [{ type: 'delete-range', request }], failure: [] });
    return answer.ok ? accept(answer.value.responses[0]!) : answer;
  }

  txn(request: TxnRequest): Answer<TxnResponse> {
    const code =
      this.#staticProblem(request) ??
      (this.#overlaps(request.success) || this.#overlaps(request.failure) ? 'duplicate-key' : undefined) ??
      this.#stateProblem(request);
    if (code !== undefined) return refuse(code);
    const before = this.states[this.revision]!;
    const working = { kvs: before, events: [] as Event[] };
    const response = this.#play(request, before, working);
    this.#end(working);
    return accept(response);
  }

  compact(at: number): Answer<undefined> {
    if (at > this.revision) return refuse('future-revision');
    if (at <= this.compacted) return refuse('compacted');
    this.compacted = at;
    return accept(undefined);
  }

  leaseGrant(id: LeaseId, ttlSeconds: number): Answer<Lease> {
    if (ttlSeconds > 9_000_000_000) return refuse('lease-ttl-too-large');
    if (this.leases.has(id)) return refuse('lease-exists');
    this.leases.set(id, { id, ttlSeconds, remainingTtlSeconds: 0 });
    return accept({ id, ttlSeconds, remainingTtlSeconds: 0 });
  }

  leaseCheckpoint(id: LeaseId, remainingTtlSeconds: number): void {
    const lease = this.leases.get(id);
    if (lease !== undefined) this.leases.set(id, { ...lease, remainingTtlSeconds });
  }

  leaseRevoke(id: LeaseId): Answer<undefined> {
    if (!this.leases.delete(id)) return refuse('lease-not-found');
    const working = { kvs: this.states[this.revision]!, events: [] as Event[] };
    for (const kv of working.kvs.filter((candidate) => candidate.lease === id)) this.#drop(kv, working);
    this.#end(working);
    return accept(undefined);
  }

  /** What a watcher of `range` from `start` must have seen by now; `prevKv` is left to the caller. */
  eventsSince(range: KeyRange, start: number): Event[] {
    return this.events
      .slice(start)
      .flat()
      .filter((event) => inRange(event.kv.key, range));
  }

  kvAt(key: string, at: number): KeyValue | undefined {
    return this.states[at]?.find((kv) => kv.key === key);
  }

  /**
   * The revisions that count for HashKV at `at`, by etcd's rules: all after the compaction; before it those in force at `at`,
   * or if no key exists there, those in force at the compaction.
   */
  hashed(at: number): NaiveRevision[] {
    const inForce = this.states[at]!.length > 0 ? this.states[at]! : (this.states[this.compacted] ?? []);
    return this.#history(at).filter(
      ({ main, event }) =>
        main > this.compacted ||
        (event.type === 'put' &&
          inForce.some(({ key, modRevision }) => key === event.kv.key && modRevision === main)),
    );
  }

  /** The revisions that count for the hash that a compaction at `at` takes, when `previous` is the one before and complete. */
  hashedByCompaction(at: number, previous: number): NaiveRevision[] {
    const kept = this.#left(at);
    return this.#history(at).filter(
      (one) => one.main > previous || kept.some(({ main, sub }) => main === one.main && sub === one.sub),
    );
  }

  /** What a compaction leaves at or before it: of each key the last change, unless it is a deletion before. */
  #left(at: number): NaiveRevision[] {
    const history = this.#history(at);
    return history.filter(
      ({ main, event }, i) =>
        !history.slice(i + 1).some((later) => later.event.kv.key === event.kv.key) &&
        (event.type === 'put' || main === at),
    );
  }

  #history(at: number): NaiveRevision[] {
    return this.events
      .slice(0, Math.max(0, at + 1))
      .flatMap((events, main) => events.map((event, sub) => ({ main, sub, event })));
  }

  #end(working: { kvs: KeyValue[]; events: Event[] }): void {
    if (working.events.length === 0) return;
    this.states.push(working.kvs);
    this.events.push(working.events);
  }

  #revisionProblem(request: RangeRequest): MvccErrorCode | undefined {
    const at = request.revision ?? 0;
    if (at <= 0) return undefined;
    return at > this.revision ? 'future-revision' : at < this.compacted ? 'compacted' : undefined;
  }

  #staticProblem(txn: TxnRequest): MvccErrorCode | undefined {
    if (txn.compare.some((compare) => compare.key === '')) return 'key-not-provided';
    for (const op of [...txn.success, ...txn.failure]) {
      if (op.type === 'txn') {
        const code = this.#staticProblem(op.request);
        if (code !== undefined) return code;
        continue;
      }
      if (op.request.key === '') return 'key-not-provided';
      if (op.type !== 'put') continue;
      if (op.request.ignoreValue && op.request.value.length > 0) return 'value-provided';
      if (op.request.ignoreLease && (op.request.lease ?? 0n) !== 0n) return 'lease-provided';
    }
    return undefined;
  }

  /** Tries every pair of a put and another write that both may happen in one run, wherever they stand. */
  #overlaps(ops: readonly RequestOp[]): boolean {
    const writes = this.#writes(ops, []);
    return writes.some((put) =>
      writes.some((other) => {
        if (put === other || put.op.type !== 'put') return false;
        const { key } = put.op.request;
        // Where their ways part: at two ops of one list, or at the two branches of one transaction.
        const fork = put.way.findIndex((at, i) => at !== other.way[i]);
        if (fork % 2 === 1) return false;
        if (other.op.type === 'put') return other.op.request.key === key;
        if (other.op.type !== 'delete-range') return false;
        const { key: from, rangeEnd } = other.op.request;
        // etcd takes '\0' for the least of keys here, not for no end.
        if (rangeEnd ? key < from || key >= rangeEnd : key !== from) return false;
        // What a later sibling deletes, etcd overlooks when both are nested.
        const nested = put.way.length > fork + 1 && other.way.length > fork + 1;
        return !nested || other.way[fork]! < put.way[fork]!;
      }),
    );
  }

  /** All ops that are no transactions, each with its way: place in a list, branch (0 or 1), place in a list, … */
  #writes(ops: readonly RequestOp[], way: readonly number[]): { op: RequestOp; way: readonly number[] }[] {
    return ops.flatMap((op, i) =>
      op.type === 'txn'
        ? [op.request.success, op.request.failure].flatMap((branch, b) =>
            this.#writes(branch, [...way, i, b]),
          )
        : [{ op, way: [...way, i] }],
    );
  }

  /** All ops that would run, in order. */
  #run(txn: TxnRequest): RequestOp[] {
    const branch = this.#holds(txn, this.states[this.revision]!) ? txn.success : txn.failure;
    return branch.flatMap((op) => (op.type === 'txn' ? this.#run(op.request) : [op]));
  }

  #stateProblem(txn: TxnRequest): MvccErrorCode | undefined {
    const now = this.states[this.revision]!;
    const run = this.#run(txn);
    for (const [i, op] of run.entries()) {
      if (op.type !== 'put') continue;
      const { key, ignoreLease, ignoreValue } = op.request;
      const deleted = run
        .slice(0, i)
        .some((other) => other.type === 'delete-range' && inRange(key, other.request));
      const there = now.some((kv) => kv.key === key) && !deleted;
      if ((ignoreLease || ignoreValue) && !there) return 'key-not-found';
      if (this.#leaseMissing(op.request)) return 'lease-not-found';
    }
    for (const op of run) {
      if (op.type !== 'range') continue;
      const at = op.request.revision ?? 0;
      const code =
        at < 0 ? (at < this.compacted ? 'compacted' : undefined) : this.#revisionProblem(op.request);
      if (code !== undefined) return code;
    }
    return undefined;
  }

  #leaseMissing({ lease }: PutRequest): boolean {
    return (lease ?? 0n) !== 0n && !this.leases.has(lease!);
  }

  #holds(txn: TxnRequest, kvs: readonly KeyValue[]): boolean {
    return txn.compare.every((compare) => {
      const inside = kvs.filter((kv) => inRange(kv.key, compare));
      return inside.length === 0
        ? this.#compare(compare, undefined)
        : inside.every((kv) => this.#compare(compare, kv));
    });
  }

  #compare(compare: Compare, kv: KeyValue | undefined): boolean {
    let order: number;
    if (compare.target === 'value') {
      if (kv === undefined) return false;
      order = compareBytes(kv.value, compare.value);
    } else if (compare.target === 'lease') {
      order = Number((kv?.lease ?? 0n) - compare.lease);
    } else if (compare.target === 'version') {
      order = (kv?.version ?? 0) - compare.version;
    } else if (compare.target === 'create') {
      order = (kv?.createRevision ?? 0) - compare.createRevision;
    } else {
      order = (kv?.modRevision ?? 0) - compare.modRevision;
    }
    return { equal: order === 0, 'not-equal': order !== 0, greater: order > 0, less: order < 0 }[
      compare.result
    ];
  }

  #play(
    txn: TxnRequest,
    before: readonly KeyValue[],
    working: { kvs: KeyValue[]; events: Event[] },
  ): TxnResponse {
    const succeeded = this.#holds(txn, before);
    const responses = (succeeded ? txn.success : txn.failure).map((op): ResponseOp => {
      if (op.type === 'txn') return { type: 'txn', response: this.#play(op.request, before, working) };
      if (op.type === 'range') return { type: 'range', response: this.#read(op.request, working.kvs) };
      if (op.type === 'delete-range') {
        const gone = working.kvs.filter((kv) => inRange(kv.key, op.request));
        for (const kv of gone) this.#drop(kv, working);
        return {
          type: 'delete-range',
          response: { deleted: gone.length, prevKvs: op.request.prevKv ? gone : [] },
        };
      }
      const request = op.request;
      const old = working.kvs.find((kv) => kv.key === request.key);
      const main = (this.revision + 1) as Revision;
      const kv: KeyValue = {
        key: request.key,
        value: request.ignoreValue ? old!.value : request.value,
        createRevision: old?.createRevision ?? main,
        modRevision: main,
        version: (old?.version ?? 0) + 1,
        lease: request.ignoreLease ? old!.lease : (request.lease ?? noLease),
      };
      working.kvs = [...working.kvs.filter((other) => other !== old), kv].toSorted((a, b) =>
        a.key < b.key ? -1 : 1,
      );
      working.events.push({ type: 'put', kv });
      return { type: 'put', response: request.prevKv && old ? { prevKv: old } : {} };
    });
    return { succeeded, responses };
  }

  #drop(old: KeyValue, working: { kvs: KeyValue[]; events: Event[] }): void {
    working.kvs = working.kvs.filter((kv) => kv !== old);
    const modRevision = (this.revision + 1) as Revision;
    working.events.push({
      type: 'delete',
      kv: {
        key: old.key,
        value: emptyBytes,
        createRevision: 0 as Revision,
        modRevision,
        version: 0,
        lease: noLease,
      },
    });
  }

  #read(request: RangeRequest, newest: readonly KeyValue[]): RangeResponse {
    const at = request.revision ?? 0;
    const inside = (at > 0 ? this.states[at]! : newest).filter((kv) => inRange(kv.key, request));
    if (request.countOnly) return { kvs: [], count: inside.length, more: false };
    let kvs = inside.filter(
      (kv) =>
        (!request.minModRevision || kv.modRevision >= request.minModRevision) &&
        (!request.maxModRevision || kv.modRevision <= request.maxModRevision) &&
        (!request.minCreateRevision || kv.createRevision >= request.minCreateRevision) &&
        (!request.maxCreateRevision || kv.createRevision <= request.maxCreateRevision),
    );
    const { target, order } = request.sort ?? { target: 'key', order: 'ascend' };
    const orders = {
      key: (a: KeyValue, b: KeyValue) => (a.key < b.key ? -1 : 1),
      version: (a: KeyValue, b: KeyValue) => a.version - b.version,
      create: (a: KeyValue, b: KeyValue) => a.createRevision - b.createRevision,
      mod: (a: KeyValue, b: KeyValue) => a.modRevision - b.modRevision,
      value: (a: KeyValue, b: KeyValue) => compareBytes(a.value, b.value),
    };
    const filtered =
      request.minModRevision ||
      request.maxModRevision ||
      request.minCreateRevision ||
      request.maxCreateRevision;
    // etcd sorts what its limit has let through, when no order was asked for.
    if (order === 'none' && !filtered && (request.limit ?? 0) > 0) kvs = kvs.slice(0, request.limit! + 1);
    kvs = kvs.toSorted((a, b) => (order === 'descend' ? -1 : 1) * orders[target](a, b));
    const limit = request.limit && request.limit > 0 ? request.limit : kvs.length;
    const more = kvs.length > limit;
    kvs = kvs.slice(0, limit);
    if (request.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: emptyBytes }));
    return { kvs, count: inside.length, more };
  }
}
