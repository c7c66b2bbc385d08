import { assert, must } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Backend, MemoryBackend } from './backend.ts';
import { holdsFor } from './compare.ts';
import { type Change, KeyIndex } from './key-index.ts';
import { endOf, isSingleKey, unboundedEnd } from './key-range.ts';
import { type Lease, Lessor } from './lessor.ts';
import { isPlain, select, withoutValue } from './range-selection.ts';
import { checkDeleteRange, checkPut, checkRange, checkTxn } from './request-check.ts';
import type { SnapshotRecord, StoreSnapshot } from './snapshot.ts';
import { addDigest, digestOf, formatHash, removeDigest } from './state-hash.ts';
import {
  type Compare,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type Key,
  type KeyValue,
  type LeaseId,
  type MvccError,
  type MvccErrorCode,
  noLease,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseOp,
  type Revision,
  revision,
  type TxnRequest,
  type TxnResponse,
} from './types.ts';
import { WatchHub } from './watch-hub.ts';
import type { StoreWatchRequest, Watcher, WatchSink } from './watcher.ts';

export { isReadOnly } from './request-check.ts';

/**
 * mvcc/: etcd's data model: a map of byte strings that remembers its past.
 *
 * Every changing transaction gets the next main revision, and each change in it a sub-revision. Old
 * revisions can be read and watched until they are compacted. Store is the state machine that the log
 * drives: the same calls in the same order give the same state, responses and hash on every member.
 *
 * Boundary: pure and synchronous; no I/O (Backend is the port), no clock (LeaseExpiry is told the time), no
 * wire format. It keeps the byte arrays it is given and hands them out again: nobody may write into them.
 *
 * Invariants
 *   M1  A request that is refused, or changes nothing, changes nothing: no revision is spent. All checks
 *       come before the first write.
 *   M2  Main revisions are dense and ascending. A key changes at most once in one.
 *   M3  Every revision in [compactRevision, revision] reads the same until it is compacted.
 *   M4  Every key that exists under a lease is listed by that lease, the lease exists, and nothing else
 *       is listed.
 *   M5  A watcher gets every change that matches it exactly once, by (main, sub), one revision never
 *       divided, or is told `compacted`.
 *   M6  The incremental state hash is the hash of the state.
 *   M7  The backend holds a record for each change in the key index, and no other.
 */
export class Store {
  readonly #backend: Backend;
  readonly #index = new KeyIndex();
  readonly #lessor = new Lessor();
  readonly #hub: WatchHub;
  #revision = 1;
  /** -1, as in etcd, until the first compaction: compacting at 0 succeeds once. */
  #compactRevision = -1;
  /** Sum of the digests of all keys that exist. */
  #hashSum = 0;
  /** What the transaction under way has changed so far: the place in it is the sub-revision. */
  #changes: KeyValue[] = [];
  /** Guards against sinks that write. */
  #notifying = false;

  constructor(options: { readonly backend?: Backend } = {}) {
    this.#backend = options.backend ?? new MemoryBackend();
    assert(this.#backend.size === 0, 'a store starts on an empty backend');
    this.#hub = new WatchHub({
      revision: () => this.#revision,
      compactRevision: () => this.compactRevision,
      kvAt: (key, main) => this.#kvAt(key, main),
      scan: (fromMain, endMain, visit) => this.#backend.scan(fromMain, endMain, visit),
    });
  }

  /** A store with the state of `snapshot` and no watchers. */
  static restore(snapshot: StoreSnapshot, options: { readonly backend?: Backend } = {}): Store {
    const store = new Store(options);
    store.#revision = revision(snapshot.revision);
    store.#compactRevision = snapshot.compactRevision;
    for (const { id, ttlSeconds } of snapshot.leases) {
      assert(store.#lessor.grant(id, ttlSeconds).ok, 'a snapshot holds only leases that could be granted');
    }
    for (const [modRevision, sub, key, value, createRevision, version, lease] of snapshot.records) {
      const kv: KeyValue = {
        key,
        value,
        createRevision: revision(createRevision),
        modRevision: revision(modRevision),
        version,
        lease: lease as LeaseId,
      };
      store.#backend.put(modRevision, sub, kv);
      store.#index.add(key, { main: modRevision, sub, tombstone: version === 0 });
    }
    const cursor = store.#index.existing('', unboundedEnd);
    while (cursor.next()) {
      const history = cursor.value;
      const kv = store.#read(must(history.newest));
      history.digest = digestOf(kv);
      store.#hashSum = addDigest(store.#hashSum, history.digest);
      if (kv.lease !== noLease) store.#lessor.attach(kv.lease, kv.key);
    }
    store.#backend.commit();
    return store;
  }

  /** The newest revision; 1 while nothing has been written. */
  get revision(): Revision {
    return this.#revision as Revision;
  }

  /** The oldest revision that can still be read; 0 while nothing has been compacted. */
  get compactRevision(): Revision {
    return Math.max(0, this.#compactRevision) as Revision;
  }

  get watcherCount(): number {
    return this.#hub.watcherCount;
  }

  /** Kvs in key order unless `sort` says otherwise. Errors: key-not-provided, compacted, future-revision. */
  range(request: RangeRequest): Result<RangeResponse, MvccError> {
    const refusal = checkRange(request) ?? this.#checkRevision(request.revision ?? 0);
    return refusal === undefined ? ok(this.#range(request)) : err({ code: refusal });
  }

  /** Errors: key-not-provided, value-provided, lease-provided, key-not-found, lease-not-found. */
  put(request: PutRequest): Result<PutResponse, MvccError> {
    const refusal = checkPut(request) ?? this.#checkPutState(request);
    if (refusal !== undefined) return err({ code: refusal });
    const response = this.#put(request);
    this.#end();
    return ok(response);
  }

  /** Deletes what is there, in one revision. Errors: key-not-provided. */
  deleteRange(request: DeleteRangeRequest): Result<DeleteRangeResponse, MvccError> {
    const refusal = checkDeleteRange(request);
    if (refusal !== undefined) return err({ code: refusal });
    const response = this.#deleteRange(request);
    this.#end();
    return ok(response);
  }

  /**
   * Compares, then runs one branch in order; each op sees what the earlier ones did. All compares,
   * those of nested transactions too, look at the state before the first op.
   *
   * Errors: those of the ops that would run, too-many-ops, duplicate-key.
   */
  txn(request: TxnRequest): Result<TxnResponse, MvccError> {
    let refusal = checkTxn(request);
    if (refusal !== undefined) return err({ code: refusal });
    const path: boolean[] = [];
    this.#choosePath(request, path);
    refusal = this.#checkTxnState(request, path.values());
    if (refusal !== undefined) return err({ code: refusal });
    const response = this.#txn(request, path.values());
    this.#end();
    return ok(response);
  }

  /**
   * Forgets every change that a read or watch at `compactRevision` or later does not need.
   * Errors: compacted (not after the last compaction), future-revision.
   */
  compact(compactRevision: number): Result<void, MvccError> {
    if (compactRevision > this.#revision) return err({ code: 'future-revision' });
    if (compactRevision <= this.#compactRevision) return err({ code: 'compacted' });
    const from = this.compactRevision;
    this.#compactRevision = revision(compactRevision);
    // Only a key that changed since the last compaction has something to forget. Its tombstone may have
    // stayed for being at that very revision, so start there.
    const keys = new Set<Key>();
    this.#backend.scan(from, compactRevision + 1, (kv) => keys.add(kv.key));
    for (const key of keys) {
      for (const { main, sub } of this.#index.compact(key, compactRevision)) this.#backend.delete(main, sub);
    }
    this.#backend.commit();
    return ok(undefined);
  }

  /** Adds a lease; `id` is not 0. Spends no revision. Errors: lease-exists, lease-ttl-too-large. */
  leaseGrant(id: LeaseId, ttlSeconds: number): Result<Lease, MvccError> {
    return this.#lessor.grant(id, ttlSeconds);
  }

  /** Ends a lease and deletes its keys, in key order, in one revision. Errors: lease-not-found. */
  leaseRevoke(id: LeaseId): Result<void, MvccError> {
    const keys = this.#lessor.keys(id);
    if (keys === undefined) return err({ code: 'lease-not-found' });
    for (const key of keys) this.#delete(must(this.#newest(key)));
    this.#lessor.drop(id);
    this.#end();
    return ok(undefined);
  }

  /** The lease `key` hangs on; noLease if none, or no such key. */
  leaseOf(key: Key): LeaseId {
    return this.#newest(key)?.lease ?? noLease;
  }

  /** In ascending order of their ids. */
  leases(): readonly Lease[] {
    return this.#lessor.leases();
  }

  /** The lease's keys in order; undefined if there is no such lease. */
  leaseKeys(id: LeaseId): readonly Key[] | undefined {
    return this.#lessor.keys(id);
  }

  /**
   * A hash of all keys that exist at a revision, to compare members by. O(1) for the newest revision (0 or
   * absent), a full read for others. Errors: compacted, future-revision.
   */
  hash(atRevision = 0): Result<string, MvccError> {
    const refusal = this.#checkRevision(atRevision);
    if (refusal !== undefined) return err({ code: refusal });
    if (atRevision <= 0 || atRevision === this.#revision)
      return ok(formatHash(this.#hashSum, this.#revision));
    return ok(formatHash(this.#hashAt(atRevision), atRevision));
  }

  /**
   * Watches a range. Events come synchronously: to a synced watcher at the end of each transaction, to
   * one that starts in the past from `syncWatchers`. No order between watchers is promised.
   */
  watch(request: StoreWatchRequest, sink: WatchSink): Watcher {
    return this.#hub.watch(request, sink);
  }

  /**
   * Lets watchers that are behind catch up by at most `revisionsMax` revisions, and ends those whose next
   * revision is compacted. Returns whether some remain behind: call again.
   */
  syncWatchers(revisionsMax = 1000): boolean {
    this.#startNotifying();
    const behind = this.#hub.sync(revisionsMax);
    this.#notifying = false;
    return behind;
  }

  /**
   * Takes over the watchers of the store that this one replaces after a snapshot from the leader. They go
   * on where they are: none sees a revision twice, and one that was ahead stays silent until it is reached.
   */
  adoptWatchers(previous: Store): void {
    this.#hub.adopt(previous.#hub);
  }

  snapshot(): StoreSnapshot {
    const records: SnapshotRecord[] = [];
    this.#backend.scan(0, this.#revision + 1, (kv, sub) => {
      records.push([kv.modRevision, sub, kv.key, kv.value, kv.createRevision, kv.version, kv.lease]);
    });
    return {
      revision: this.#revision,
      compactRevision: this.#compactRevision,
      records,
      leases: this.#lessor.leases(),
    };
  }

  /** Reads everything: for tests and simulations. @throws AssertionError */
  checkInvariants(): void {
    assert(this.#changes.length === 0, 'no transaction is under way');
    assert(this.#compactRevision <= this.#revision, 'the future is not compacted');
    this.#index.checkInvariants();
    this.#hub.checkInvariants();
    let records = 0;
    let leased = 0;
    const cursor = this.#index.all('', unboundedEnd);
    while (cursor.next()) {
      const { changes, newest, exists, key } = cursor.value;
      records += changes.length;
      for (const [i, change] of changes.entries()) {
        const kv = this.#read(change);
        assert(kv.key === key, 'M7: a record is of its key');
        assert(kv.modRevision === change.main, 'M7: a record is under its revision');
        assert((kv.version === 0) === change.tombstone, 'M7: a tombstone is a KeyValue of version 0');
        assert(change.main <= this.#revision, 'M2: nothing is newer than the revision');
        const next = changes[i + 1];
        assert(
          next === undefined || next.main > this.#compactRevision,
          'M3: what is superseded is compacted',
        );
      }
      const last = must(newest);
      assert(exists || last.main >= this.#compactRevision, 'M3: a tombstone before the compaction is gone');
      if (!exists) continue;
      const kv = this.#read(last);
      if (kv.lease === noLease) continue;
      leased++;
      assert(this.#lessor.holds(kv.lease, kv.key), 'M4: the lease lists the key');
    }
    assert(records === this.#backend.size, 'M7: no record is without a change');
    assert(this.#lessor.keyCount === leased, 'M4: a lease lists nothing else');
    assert(this.#hashAt(this.#revision) === this.#hashSum, 'M6: the hash is that of the state');
  }

  /** The revision a read of "the newest" sees: inside a transaction, its own once it has changed something. */
  get #now(): number {
    return this.#changes.length > 0 ? this.#revision + 1 : this.#revision;
  }

  #checkRevision(atRevision: number): MvccErrorCode | undefined {
    if (atRevision <= 0) return undefined;
    if (atRevision > this.#revision) return 'future-revision';
    return atRevision < this.#compactRevision ? 'compacted' : undefined;
  }

  #checkPutState(request: PutRequest): MvccErrorCode | undefined {
    if (request.ignoreValue === true || request.ignoreLease === true) {
      if (this.#newest(request.key) === undefined) return 'key-not-found';
    }
    const lease = request.lease ?? noLease;
    return lease === noLease || this.#lessor.has(lease) ? undefined : 'lease-not-found';
  }

  /** Appends which branch each transaction on the way takes, parents before their children, in op order. */
  #choosePath(txn: TxnRequest, path: boolean[]): void {
    const succeeded = txn.compare.every((compare) => this.#compare(compare));
    path.push(succeeded);
    for (const op of succeeded ? txn.success : txn.failure) {
      if (op.type === 'txn') this.#choosePath(op.request, path);
    }
  }

  #compare(compare: Compare): boolean {
    if (isSingleKey(compare)) return holdsFor(compare, this.#newest(compare.key));
    const cursor = this.#index.existing(compare.key, endOf(compare));
    if (!cursor.next()) return holdsFor(compare, undefined);
    do {
      if (!holdsFor(compare, this.#read(must(cursor.value.newest)))) return false;
    } while (cursor.next());
    return true;
  }

  #checkTxnState(txn: TxnRequest, path: IterableIterator<boolean>): MvccErrorCode | undefined {
    const succeeded = path.next().value as boolean;
    for (const op of succeeded ? txn.success : txn.failure) {
      const refusal = this.#checkOpState(op, path);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #checkOpState(op: RequestOp, path: IterableIterator<boolean>): MvccErrorCode | undefined {
    switch (op.type) {
      case 'range':
        return this.#checkRevision(op.request.revision ?? 0);
      case 'put':
        return this.#checkPutState(op.request);
      case 'delete-range':
        return undefined;
      case 'txn':
        return this.#checkTxnState(op.request, path);
    }
  }

  #txn(txn: TxnRequest, path: IterableIterator<boolean>): TxnResponse {
    const succeeded = path.next().value as boolean;
    const responses: ResponseOp[] = [];
    for (const op of succeeded ? txn.success : txn.failure) responses.push(this.#op(op, path));
    return { succeeded, responses };
  }

  #op(op: RequestOp, path: IterableIterator<boolean>): ResponseOp {
    switch (op.type) {
      case 'range':
        return { type: 'range', response: this.#range(op.request) };
      case 'put':
        return { type: 'put', response: this.#put(op.request) };
      case 'delete-range':
        return { type: 'delete-range', response: this.#deleteRange(op.request) };
      case 'txn':
        return { type: 'txn', response: this.#txn(op.request, path) };
    }
  }

  #range(request: RangeRequest): RangeResponse {
    const limit = (request.limit ?? 0) > 0 ? request.limit! : Infinity;
    const found: KeyValue[] = [];
    if (request.countOnly === true)
      return { kvs: found, count: this.#collect(request, 0, found), more: false };
    const plain = isPlain(request);
    const count = this.#collect(request, plain ? limit : Infinity, found);
    const selected = plain ? found : select(found, request);
    const more = plain ? count > found.length : selected.length > limit;
    const kvs = selected.length > limit ? selected.slice(0, limit) : selected;
    return { kvs: request.keysOnly === true ? kvs.map(withoutValue) : kvs, count, more };
  }

  /** Appends the first `wanted` kvs of the range in key order; returns how many there are in all. */
  #collect(request: RangeRequest, wanted: number, kvs: KeyValue[]): number {
    const main = (request.revision ?? 0) > 0 ? request.revision! : this.#now;
    if (isSingleKey(request)) {
      const change = this.#index.get(request.key)?.at(main);
      if (change === undefined) return 0;
      if (wanted > 0) kvs.push(this.#read(change));
      return 1;
    }
    const end = endOf(request);
    if (main === this.#now) {
      const cursor = this.#index.existing(request.key, end);
      while (kvs.length < wanted && cursor.next()) kvs.push(this.#read(cursor.value.newest!));
      return kvs.length < wanted ? kvs.length : this.#index.existingCount(request.key, end);
    }
    let count = 0;
    const cursor = this.#index.all(request.key, end);
    while (cursor.next()) {
      const change = cursor.value.at(main);
      if (change === undefined) continue;
      if (count++ < wanted) kvs.push(this.#read(change));
    }
    return count;
  }

  #put(request: PutRequest): PutResponse {
    const previous = this.#newest(request.key);
    const modRevision = revision(this.#revision + 1);
    const lease = request.ignoreLease === true ? must(previous).lease : (request.lease ?? noLease);
    this.#change(previous, {
      key: request.key,
      value: request.ignoreValue === true ? must(previous).value : request.value,
      createRevision: previous?.createRevision ?? modRevision,
      modRevision,
      version: (previous?.version ?? 0) + 1,
      lease,
    });
    return request.prevKv === true && previous !== undefined ? { prevKv: previous } : {};
  }

  #deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    const kvs: KeyValue[] = [];
    this.#collect({ key: request.key, rangeEnd: request.rangeEnd ?? '' }, Infinity, kvs);
    for (const kv of kvs) this.#delete(kv);
    return { deleted: kvs.length, prevKvs: request.prevKv === true ? kvs : [] };
  }

  #delete(previous: KeyValue): void {
    this.#change(previous, {
      key: previous.key,
      value: emptyBytes,
      createRevision: 0 as Revision,
      modRevision: revision(this.#revision + 1),
      version: 0,
      lease: noLease,
    });
  }

  /** Writes the next sub-revision of the transaction under way. */
  #change(previous: KeyValue | undefined, kv: KeyValue): void {
    assert(!this.#notifying, 'a watch sink does not write');
    const main = kv.modRevision;
    const sub = this.#changes.length;
    const tombstone = kv.version === 0;
    this.#changes.push(kv);
    this.#backend.put(main, sub, kv);
    const history = this.#index.add(kv.key, { main, sub, tombstone });
    const digest = tombstone ? 0 : digestOf(kv);
    this.#hashSum = addDigest(removeDigest(this.#hashSum, history.digest), digest);
    history.digest = digest;
    const detached = previous?.lease ?? noLease;
    if (detached === kv.lease) return;
    if (detached !== noLease) this.#lessor.detach(detached, kv.key);
    if (kv.lease !== noLease) this.#lessor.attach(kv.lease, kv.key);
  }

  /** Ends the transaction under way: if it changed something, its revision is now the newest. */
  #end(): void {
    const changes = this.#changes;
    if (changes.length === 0) return;
    this.#changes = [];
    this.#revision++;
    this.#backend.commit();
    this.#startNotifying();
    this.#hub.notify(changes);
    this.#notifying = false;
  }

  #startNotifying(): void {
    assert(!this.#notifying, 'a watch sink does not deliver');
    this.#notifying = true;
  }

  #newest(key: Key): KeyValue | undefined {
    const history = this.#index.get(key);
    return history?.exists === true ? this.#read(history.newest!) : undefined;
  }

  #kvAt(key: Key, main: number): KeyValue | undefined {
    const change = this.#index.get(key)?.at(main);
    return change && this.#read(change);
  }

  #read(change: Change): KeyValue {
    return must(this.#backend.get(change.main, change.sub), 'M7: a change has its record');
  }

  #hashAt(main: number): number {
    let sum = 0;
    const cursor = this.#index.all('', unboundedEnd);
    while (cursor.next()) {
      const change = cursor.value.at(main);
      if (change !== undefined) sum = addDigest(sum, digestOf(this.#read(change)));
    }
    return sum;
  }
}
