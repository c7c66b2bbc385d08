import { assert, must } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Backend, BackendView } from './backend.ts';
import { holdsFor } from './compare.ts';
import { Compaction } from './compaction.ts';
import { HashKvRun, type KvHash } from './hash-kv.ts';
import { type KeyHistory, KeyIndex } from './key-index.ts';
import {
  decodeHead,
  decodeKeyValue,
  encodeRecord,
  encodeTombstone,
  withoutValue,
} from './key-value-codec.ts';
import { contains, endOf, isSingleKey, unboundedEnd } from './key-range.ts';
import { type Lease, Lessor } from './lessor.ts';
import { MemoryBackend } from './memory-backend.ts';
import { isPlain, scannedMax, select } from './range-selection.ts';
import { RecordCache } from './record-cache.ts';
import { asRuns, RunBuilder } from './record-run.ts';
import { checkDeleteRange, checkPut, checkRange, checkTxn } from './request-check.ts';
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
  type RangeRecords,
  type RangeResponse,
  type RangeRuns,
  type RequestOp,
  type ResponseOp,
  type Revision,
  revision,
  type TxnRequest,
  type TxnResponse,
} from './types.ts';
import { type StoreChange, WatchHub } from './watch-hub.ts';
import type { StoreWatchRequest, Watcher, WatchSink } from './watcher.ts';

export interface StoreOptions {
  /** Newest records held in memory as they are sent. Default 64 MiB. */
  readonly cacheBytesMax?: number;
}

/** What a store has done since it was opened; operations within transactions count as themselves, too. */
export interface StoreTotals {
  ranges: number;
  puts: number;
  /** Of keys and values. */
  putBytes: number;
  deletes: number;
  txns: number;
}

const cacheBytesDefault = 64 * 1024 * 1024;

/**
 * mvcc/: etcd's data model: a map of byte strings that remembers its past.
 *
 * Every changing transaction gets the next main revision, and each change in it a sub-revision. Old
 * revisions can be read and watched until they are compacted. Store is the state machine that the log
 * drives: the same calls in the same order give the same state, responses and hash on every member.
 *
 * Boundary: pure and synchronous; no I/O (Backend is the port), no clock (LeaseExpiry is told the time). It keeps the
 * byte arrays it is given and hands them out again: nobody may write into them. It never commits the backend: whoever
 * drives it commits once per applied batch, with the applied index, so that they are durable together or not at all.
 *
 * Invariants
 *   M1  A request that is refused, or changes nothing, changes nothing: no revision is spent. All checks
 *       come before the first write.
 *   M2  Main revisions are dense and ascending. A key that changes several times in one reads as its last change there.
 *   M3  Every revision in [compactRevision, revision] reads the same until it is compacted.
 *   M4  Every key that exists under a lease is listed by that lease, the lease exists, and nothing else
 *       is listed.
 *   M5  A watcher gets every change that matches it exactly once, by (main, sub), one revision never
 *       divided, or is told `compacted`.
 *   M6  The incremental state hash is the hash of the state.
 *   M7  The backend holds a record for each change in the key index, and no other but what `scrub` has yet to remove.
 *   M8  All answers are the same however far `scrub` has come, and whatever is cached.
 */
export class Store {
  readonly #backend: Backend;
  readonly #index = new KeyIndex();
  readonly #cache: RecordCache;
  readonly #lessor: Lessor;
  readonly #hub: WatchHub;
  readonly #compaction: Compaction;
  /** For the metrics; no part of the state. */
  readonly #totals: StoreTotals = { ranges: 0, puts: 0, putBytes: 0, deletes: 0, txns: 0 };
  #revision = 1;
  /** Sum of the digests of all records that are in force now; kept from the first time that somebody asks for it. */
  #hashSum: number | undefined;
  /** What the transaction under way has changed so far: the place in it is the sub-revision. */
  #changes: StoreChange[] = [];
  /** Guards against sinks that write. */
  #notifying = false;

  /** A store with the state in `backend`, which may be empty, and no watchers. */
  constructor(backend: Backend = new MemoryBackend(), options: StoreOptions = {}) {
    this.#backend = backend;
    this.#cache = new RecordCache(this.#index, options.cacheBytesMax ?? cacheBytesDefault);
    this.#lessor = new Lessor(backend);
    this.#compaction = new Compaction(backend, this.#index);
    this.#hub = new WatchHub({
      revision: () => this.#revision,
      compactRevision: () => this.compactRevision,
      kvAt: (key, main) => this.#kvAt(key, main),
      scan: (fromMain, endMain, visit) => this.#backend.scan(fromMain, endMain, visit),
    });
    this.#load();
  }

  #load(): void {
    const index = this.#index;
    let last = 1;
    this.#backend.scan(0, Number.MAX_SAFE_INTEGER, (main, sub, record) => {
      last = main;
      const { key, createRevision, version, lease } = decodeHead(record);
      const history = index.open(key);
      if (version === 0) index.delete(history, { main, sub });
      else index.put(history, { main, sub }, createRevision, version, lease);
    });
    // The newest revision may have been a delete that is compacted away: the compaction remembers it (etcd#17780).
    this.#revision = Math.max(last, this.compactRevision, 1);
    const cursor = index.existing('', unboundedEnd);
    while (cursor.next()) {
      const history = cursor.value;
      if (history.lease !== noLease) this.#lessor.attach(history.lease, history.key);
    }
  }

  /** The newest revision; 1 while nothing has been written. */
  get revision(): Revision {
    return this.#revision as Revision;
  }

  /** The oldest revision that can still be read; 0 while nothing has been compacted. */
  get compactRevision(): Revision {
    return Math.max(0, this.#compaction.revision) as Revision;
  }

  get watcherCount(): number {
    return this.#hub.watcherCount;
  }

  /** Those that are behind, or wait for their reader. */
  get slowWatcherCount(): number {
    return this.#hub.slowWatcherCount;
  }

  get totals(): Readonly<StoreTotals> {
    return this.#totals;
  }

  /** How many keys exist now. */
  get keyCount(): number {
    return this.#index.existingCount('', unboundedEnd);
  }

  /** Kvs in key order unless `sort` says otherwise. Errors: key-not-provided, compacted, future-revision. */
  range(request: RangeRequest): Result<RangeResponse, MvccError> {
    const refusal = checkRange(request) ?? this.#checkRevision(request.revision ?? 0);
    return refusal === undefined ? ok(this.#range(request)) : err({ code: refusal });
  }

  /** As `range`, but the kvs as they are stored and sent: encoded KeyValues, nothing decoded. They are not to be changed. */
  rangeRecords(request: RangeRequest): Result<RangeRecords, MvccError> {
    const refusal = checkRange(request) ?? this.#checkRevision(request.revision ?? 0);
    return refusal === undefined ? ok(this.#rangeRecords(request)) : err({ code: refusal });
  }

  /** As `rangeRecords`, for answers with many kvs: what comes is to be copied, and nothing is to be done for each kv. */
  rangeRuns(request: RangeRequest): Result<RangeRuns, MvccError> {
    const refusal = checkRange(request) ?? this.#checkRevision(request.revision ?? 0);
    return refusal === undefined ? ok(this.#rangeRuns(request)) : err({ code: refusal });
  }

  /** Errors: key-not-provided, value-provided, lease-provided, key-not-found, lease-not-found. */
  put(request: PutRequest): Result<PutResponse, MvccError> {
    const refusal = checkPut(request) ?? this.#checkPutLease(request) ?? this.#checkPutKey(request);
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
   * Errors: those of the ops that would run, duplicate-key.
   */
  txn(request: TxnRequest): Result<TxnResponse, MvccError> {
    // How many operations are too many is said at the door: members may be told differently, and must still agree here.
    let refusal = checkTxn(request, Infinity);
    if (refusal !== undefined) return err({ code: refusal });
    const path: boolean[] = [];
    this.#choosePath(request, path);
    refusal = this.#checkRun(request, path);
    if (refusal !== undefined) return err({ code: refusal });
    this.#totals.txns++;
    const response = this.#txn(request, path.values());
    this.#end();
    return ok(response);
  }

  /**
   * From now on nothing before `compactRevision` can be read. What no read or watch needs any more is removed by `scrub`.
   * Errors: compacted (not after the last compaction), future-revision.
   */
  compact(compactRevision: number): Result<void, MvccError> {
    if (compactRevision > this.#revision) return err({ code: 'future-revision' });
    if (compactRevision <= this.#compaction.revision) return err({ code: 'compacted' });
    this.#compaction.schedule(revision(compactRevision));
    return ok(undefined);
  }

  /** Removes what compactions left behind, looking at about `recordsMax` records. Returns whether there is more to do. */
  scrub(recordsMax: number): boolean {
    return this.#compaction.scrub(recordsMax);
  }

  /** Adds a lease; `id` is not 0. Spends no revision. Errors: lease-exists, lease-ttl-too-large. */
  leaseGrant(id: LeaseId, ttlSeconds: number): Result<Lease, MvccError> {
    return this.#lessor.grant(id, ttlSeconds);
  }

  /** Remembers what remained of a lease at its leader; nothing if it is gone. */
  leaseCheckpoint(id: LeaseId, remainingTtlSeconds: number): void {
    this.#lessor.checkpoint(id, remainingTtlSeconds);
  }

  /** Ends a lease and deletes its keys, in key order, in one revision. Errors: lease-not-found. */
  leaseRevoke(id: LeaseId): Result<void, MvccError> {
    const keys = this.#lessor.keys(id);
    if (keys === undefined) return err({ code: 'lease-not-found' });
    // etcd deletes each of them by a range of its own, and counts that.
    this.#totals.deletes += keys.length;
    for (const key of keys) this.#delete(must(this.#index.get(key)));
    this.#lessor.drop(id);
    this.#end();
    return ok(undefined);
  }

  /** The lease `key` hangs on; noLease if none, or no such key. */
  leaseOf(key: Key): LeaseId {
    return this.#index.get(key)?.lease ?? noLease;
  }

  lease(id: LeaseId): Lease | undefined {
    return this.#lessor.get(id);
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
   * A hash of all keys that exist at a revision, to compare members by. A full read the first time, then O(1) for the newest
   * revision (0 or absent), a full read for others. Errors: compacted, future-revision.
   */
  hash(atRevision = 0): Result<string, MvccError> {
    const refusal = this.#checkRevision(atRevision);
    if (refusal !== undefined) return err({ code: refusal });
    if (atRevision <= 0 || atRevision === this.#revision)
      return ok(formatHash(this.#keepHash(), this.#revision));
    return ok(formatHash(this.#hashAt(atRevision), atRevision));
  }

  /**
   * Begins etcd's HashKV over everything up to a revision (0: the newest; before 0 there is nothing), to be stepped to its end and
   * then closed. Errors: compacted, future-revision.
   */
  hashKv(atRevision = 0, view: BackendView = this.#backend.view()): Result<HashKvRun, MvccError> {
    const refusal = this.#checkRevision(atRevision);
    if (refusal !== undefined) {
      view.close();
      return err({ code: refusal });
    }
    const hashed = atRevision === 0 ? this.#revision : atRevision;
    return ok(new HashKvRun(view, this.#index, hashed, this.#compaction.revision));
  }

  /**
   * The hash that the compaction at just this revision took of what it found. Members remember some, since their start, so it is
   * no part of the state.
   */
  compactionHash(atRevision: number): KvHash | undefined {
    return this.#compaction.hashOf(atRevision);
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

  /** Reads everything: for tests and simulations. @throws AssertionError */
  checkInvariants(): void {
    assert(this.#changes.length === 0, 'no transaction is under way');
    assert(this.#compaction.revision <= this.#revision, 'the future is not compacted');
    this.#index.checkInvariants();
    this.#hub.checkInvariants();
    let records = 0;
    let leased = 0;
    const cursor = this.#index.all('', unboundedEnd);
    while (cursor.next()) {
      const history = cursor.value;
      const { key, length } = history;
      records += length;
      for (let i = 0; i < length; i++) {
        const kv = this.#readAt(history, i);
        const main = history.mainAt(i);
        assert(kv.key === key, 'M7: a record is of its key');
        assert((kv.version === 0) === history.isTombstone(i), 'M7: a tombstone is a KeyValue of version 0');
        assert(main <= this.#revision, 'M2: nothing is newer than the revision');
        const superseded = i + 1 < length && history.mainAt(i + 1) <= this.#compaction.scrubbedRevision;
        assert(!superseded, 'M3: what is superseded is compacted');
      }
      const last = history.mainAt(length - 1);
      assert(
        history.exists || last >= this.#compaction.scrubbedRevision,
        'M3: a tombstone before the compaction is gone',
      );
      if (!history.exists) continue;
      const kv = this.#readAt(history, length - 1);
      assert(
        kv.version === history.version && kv.lease === history.lease,
        'the index knows the newest record',
      );
      assert(kv.createRevision === history.createRevision, 'the index knows the newest record');
      if (kv.lease === noLease) continue;
      leased++;
      assert(this.#lessor.holds(kv.lease, kv.key), 'M4: the lease lists the key');
    }
    assert(records === this.#backend.recordCount, 'M7: no record is without a change');
    assert(this.#lessor.keyCount === leased, 'M4: a lease lists nothing else');
    assert(
      this.#hashSum === undefined || this.#hashAt(this.#revision) === this.#hashSum,
      'M6: the hash is that of the state',
    );
  }

  /** The revision a read of "the newest" sees: inside a transaction, its own once it has changed something. */
  get #now(): number {
    return this.#changes.length > 0 ? this.#revision + 1 : this.#revision;
  }

  #checkRevision(atRevision: number): MvccErrorCode | undefined {
    if (atRevision <= 0) return undefined;
    if (atRevision > this.#revision) return 'future-revision';
    return atRevision < this.#compaction.revision ? 'compacted' : undefined;
  }

  #checkPutLease({ lease = noLease }: PutRequest): MvccErrorCode | undefined {
    return lease === noLease || this.#lessor.has(lease) ? undefined : 'lease-not-found';
  }

  /** `deleted`: what its transaction deletes before. */
  #checkPutKey(request: PutRequest, deleted: readonly DeleteRangeRequest[] = []): MvccErrorCode | undefined {
    if (request.ignoreValue !== true && request.ignoreLease !== true) return undefined;
    if (this.#index.get(request.key)?.exists !== true) return 'key-not-found';
    // etcd looks at the state before the transaction only, writes half of it, and dies of it on every member.
    return deleted.some((range) => contains(range, request.key)) ? 'key-not-found' : undefined;
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
      if (!holdsFor(compare, this.#newestOf(cursor.value))) return false;
    } while (cursor.next());
    return true;
  }

  /** First all puts of the run, then all its reads, as etcd does. */
  #checkRun(txn: TxnRequest, path: readonly boolean[]): MvccErrorCode | undefined {
    const deleted: DeleteRangeRequest[] = [];
    const refusal = this.#firstRefusal(txn, path.values(), (op) => {
      if (op.type === 'delete-range') deleted.push(op.request);
      if (op.type !== 'put') return undefined;
      return this.#checkPutKey(op.request, deleted) ?? this.#checkPutLease(op.request);
    });
    if (refusal !== undefined) return refusal;
    return this.#firstRefusal(txn, path.values(), (op) => {
      if (op.type !== 'range') return undefined;
      const at = op.request.revision ?? 0;
      // In a transaction, and there alone, etcd takes one before 0 at its word: it is compacted, but for -1 at first.
      return at < 0 && at < this.#compaction.revision ? 'compacted' : this.#checkRevision(at);
    });
  }

  #firstRefusal(
    txn: TxnRequest,
    path: IterableIterator<boolean>,
    check: (op: RequestOp) => MvccErrorCode | undefined,
  ): MvccErrorCode | undefined {
    const succeeded = path.next().value as boolean;
    for (const op of succeeded ? txn.success : txn.failure) {
      const refusal = op.type === 'txn' ? this.#firstRefusal(op.request, path, check) : check(op);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
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
    this.#totals.ranges++;
    const limit = (request.limit ?? 0) > 0 ? request.limit! : Infinity;
    const plain = isPlain(request);
    const found: KeyValue[] = [];
    const wanted = request.countOnly === true ? 0 : scannedMax(request, limit);
    const count = this.#visit(request, wanted, (history, at) => {
      found.push(decodeKeyValue(this.#record(history, at), history.mainAt(at)));
    });
    if (request.countOnly === true) return { kvs: found, count, more: false };
    const selected = plain ? found : select(found, request);
    const more = plain ? count > found.length : selected.length > limit;
    const kvs = selected.length > limit ? selected.slice(0, limit) : selected;
    return {
      kvs: request.keysOnly === true ? kvs.map((kv) => ({ ...kv, value: emptyBytes })) : kvs,
      count,
      more,
    };
  }

  #rangeRecords(request: RangeRequest): RangeRecords {
    this.#totals.ranges++;
    const limit = (request.limit ?? 0) > 0 ? request.limit! : Infinity;
    if (request.countOnly === true) {
      return { records: [], count: this.#visit(request, 0, () => {}), more: false };
    }
    let records: Uint8Array[] = [];
    let count: number;
    let more: boolean;
    if (isPlain(request)) {
      count = this.#visit(request, limit, (history, at) => records.push(this.#record(history, at)));
      more = count > records.length;
    } else {
      const found: { readonly record: Uint8Array; readonly kv: KeyValue }[] = [];
      count = this.#visit(request, scannedMax(request, limit), (history, at) => {
        const record = this.#record(history, at);
        found.push({ record, kv: decodeKeyValue(record, history.mainAt(at)) });
      });
      const recordOf = new Map(found.map(({ kv, record }) => [kv, record]));
      const selected = select([...recordOf.keys()], request);
      more = selected.length > limit;
      records = selected.slice(0, limit).map((kv) => must(recordOf.get(kv)));
    }
    return { records: request.keysOnly === true ? records.map(withoutValue) : records, count, more };
  }

  #rangeRuns(request: RangeRequest): RangeRuns {
    const main = (request.revision ?? 0) > 0 ? request.revision! : this.#now;
    const isNewest = main === this.#now && !isSingleKey(request);
    if (!isNewest || !isPlain(request) || request.keysOnly === true || request.countOnly === true) {
      return asRuns(this.#rangeRecords(request));
    }
    this.#totals.ranges++;
    const limit = (request.limit ?? 0) > 0 ? request.limit! : Infinity;
    const end = endOf(request);
    const runs: Uint8Array[] = [];
    let length = 0;
    let kvCount = 0;
    let lastKey = '';
    const leaf = this.#index.existingLeaves(request.key, end);
    while (kvCount < limit && leaf.next()) {
      const { values, from } = leaf;
      const to = Math.min(leaf.to, from + limit - kvCount);
      const bytes =
        this.#cache.run(leaf, to, this.#readNewest)?.part(from, to) ?? this.#joined(values, from, to);
      runs.push(bytes);
      length += bytes.length;
      kvCount += to - from;
      lastKey = values[to - 1]!.key;
    }
    const count = kvCount < limit ? kvCount : this.#index.existingCount(request.key, end);
    return { runs, length, kvCount, lastKey, count, more: count > kvCount };
  }

  /** Records [from, to) of a leaf, put together for this once. */
  #joined(histories: readonly KeyHistory[], from: number, to: number): Uint8Array {
    const builder = new RunBuilder();
    for (let i = from; i < to; i++) builder.addRecord(this.#record(histories[i]!, histories[i]!.length - 1));
    return builder.finish();
  }

  /** Visits the first `wanted` kvs of the range in key order; returns how many there are in all. */
  #visit(request: RangeRequest, wanted: number, visit: (history: KeyHistory, at: number) => void): number {
    const main = (request.revision ?? 0) > 0 ? request.revision! : this.#now;
    if (isSingleKey(request)) {
      const history = this.#index.get(request.key);
      const at = history === undefined ? -1 : history.at(main);
      if (at < 0) return 0;
      if (wanted > 0) visit(history!, at);
      return 1;
    }
    const end = endOf(request);
    let count = 0;
    if (main === this.#now) {
      const cursor = this.#index.existing(request.key, end);
      while (count < wanted && cursor.next()) {
        const history = cursor.value;
        visit(history, history.length - 1);
        count++;
      }
      return count < wanted ? count : this.#index.existingCount(request.key, end);
    }
    const cursor = this.#index.all(request.key, end);
    while (cursor.next()) {
      const at = cursor.value.at(main);
      if (at < 0) continue;
      if (count++ < wanted) visit(cursor.value, at);
    }
    return count;
  }

  #put(request: PutRequest): PutResponse {
    const history = this.#index.open(request.key);
    const previous =
      history.exists && (request.prevKv === true || request.ignoreValue === true)
        ? this.#newestOf(history)
        : undefined;
    const modRevision = this.#revision + 1;
    const createRevision = history.exists ? history.createRevision : modRevision;
    const version = history.version + 1;
    const lease = request.ignoreLease === true ? history.lease : (request.lease ?? noLease);
    const value = request.ignoreValue === true ? must(previous).value : request.value;
    const record = encodeRecord(request.key, createRevision, modRevision, version, value, lease);
    this.#totals.puts++;
    this.#totals.putBytes += request.key.length + value.length;
    const detached = history.lease;
    const at = { main: modRevision, sub: this.#changes.length };
    this.#index.put(history, at, createRevision, version, lease);
    this.#change(history, at, record, false);
    if (detached !== lease) {
      if (detached !== noLease) this.#lessor.detach(detached, request.key);
      if (lease !== noLease) this.#lessor.attach(lease, request.key);
    }
    return request.prevKv === true && previous !== undefined ? { prevKv: previous } : {};
  }

  #deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    this.#totals.deletes++;
    const found: KeyHistory[] = [];
    const prevKvs: KeyValue[] = [];
    this.#visit({ key: request.key, rangeEnd: request.rangeEnd ?? '' }, Infinity, (history) => {
      found.push(history);
      if (request.prevKv === true) prevKvs.push(this.#newestOf(history));
    });
    for (const history of found) this.#delete(history);
    return { deleted: found.length, prevKvs };
  }

  #delete(history: KeyHistory): void {
    const { key, lease } = history;
    if (lease !== noLease) this.#lessor.detach(lease, key);
    const at = { main: this.#revision + 1, sub: this.#changes.length };
    this.#index.delete(history, at);
    this.#change(history, at, encodeTombstone(key), true);
  }

  /** Writes the next sub-revision of the transaction under way. */
  #change(
    history: KeyHistory,
    { main, sub }: { readonly main: number; readonly sub: number },
    record: Uint8Array,
    tombstone: boolean,
  ): void {
    assert(!this.#notifying, 'a watch sink does not write');
    this.#changes.push({ key: history.key, main, record, tombstone });
    this.#backend.put(main, sub, record);
    this.#cache.drop(history);
    if (this.#hashSum === undefined) return;
    const digest = tombstone ? 0 : digestOf(record);
    this.#hashSum = addDigest(removeDigest(this.#hashSum, history.digest), digest);
    history.digest = digest;
  }

  /** Ends the transaction under way: if it changed something, its revision is now the newest. */
  #end(): void {
    const changes = this.#changes;
    if (changes.length === 0) return;
    this.#changes = [];
    this.#revision++;
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
    return history?.exists === true ? this.#newestOf(history) : undefined;
  }

  #newestOf(history: KeyHistory): KeyValue {
    return this.#readAt(history, history.length - 1);
  }

  #kvAt(key: Key, main: number): KeyValue | undefined {
    // What is compacted is gone, also while it still lies there (M8).
    if (main < this.#compaction.revision) return undefined;
    const history = this.#index.get(key);
    const at = history === undefined ? -1 : history.at(main);
    return at < 0 ? undefined : this.#readAt(history!, at);
  }

  #readAt(history: KeyHistory, at: number): KeyValue {
    return decodeKeyValue(this.#record(history, at), history.mainAt(at));
  }

  /** The record of a change; the newest one from the cache if it is there. */
  #record(history: KeyHistory, at: number): Uint8Array {
    if (at !== history.length - 1 || !history.exists) return this.#stored(history, at);
    return this.#cache.get(history) ?? this.#cache.add(history, this.#stored(history, at));
  }

  readonly #readNewest = (history: KeyHistory): Uint8Array => this.#stored(history, history.length - 1);

  #stored(history: KeyHistory, at: number): Uint8Array {
    return must(this.#backend.get(history.mainAt(at), history.subAt(at)), 'M7: a change has its record');
  }

  /** From now on the hash is kept up to date: few stores are ever asked, and a large one takes seconds to read. */
  #keepHash(): number {
    if (this.#hashSum !== undefined) return this.#hashSum;
    let sum = 0;
    const cursor = this.#index.existing('', unboundedEnd);
    while (cursor.next()) {
      const history = cursor.value;
      history.digest = digestOf(this.#readNewest(history));
      sum = addDigest(sum, history.digest);
    }
    this.#hashSum = sum;
    return sum;
  }

  #hashAt(main: number): number {
    let sum = 0;
    const cursor = this.#index.all('', unboundedEnd);
    while (cursor.next()) {
      const at = cursor.value.at(main);
      if (at >= 0) sum = addDigest(sum, digestOf(this.#stored(cursor.value, at)));
    }
    return sum;
  }
}
