import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { concatBytes, emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import { crc32c } from '../../src/base/crc32c.ts';
import { ProtoReader, ProtoWriter } from '../../src/base/protobuf.ts';
import type { Backend, BackendView, VisitRecord } from '../../src/mvcc/backend.ts';
import type { KvHash } from '../../src/mvcc/hash-kv.ts';
import { decodeKeyValue, encodeKeyValue } from '../../src/mvcc/key-value-codec.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import type { StoreEvent } from '../../src/mvcc/store-event.ts';
import { Store } from '../../src/mvcc/store.ts';
import type {
  Compare,
  DeleteRangeRequest,
  Event,
  KeyRange,
  KeyValue,
  LeaseId,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../src/mvcc/types.ts';
import type { StoreWatchRequest, Watcher, WatchSink } from '../../src/mvcc/watcher.ts';
import { type NaiveRevision, NaiveStore } from './naive-store.ts';

/** Random calls, made to the store and to the naive one; everything either can say is compared. */

const someKey = fc.constantFrom('a', 'a\0', 'ab', 'b', 'c', '\xff');
const anyKey = fc.oneof({ weight: 30, arbitrary: someKey }, { weight: 1, arbitrary: fc.constant('') });
const keyRange: fc.Arbitrary<KeyRange> = fc.oneof(
  fc.record({ key: anyKey }),
  fc.record({ key: anyKey, rangeEnd: fc.constantFrom('', '\0', 'a', 'ab', 'b', 'c', 'd') }),
  fc.constant({ key: '\0', rangeEnd: '\0' }),
);
const value = fc.constantFrom('', 'x', 'y', 'zz').map((text) => new TextEncoder().encode(text));
const lease = fc.constantFrom(0n, 0n, 0n, 1n, 2n, -3n).map((id) => id as LeaseId);
const small = fc.integer({ min: 0, max: 12 });
/** Relative to the newest revision when it is used, so that most are readable. */
const back = fc.oneof(fc.constant(undefined), fc.integer({ min: -2, max: 8 }));
const flag = fc.constantFrom(false, false, true);

const rangeRequest = fc
  .record({
    range: keyRange,
    limit: fc.constantFrom(-1, 0, 1, 2, 3),
    back,
    keysOnly: flag,
    countOnly: flag,
    sort: fc.option(
      fc.record({
        target: fc.constantFrom('key', 'version', 'create', 'mod', 'value'),
        order: fc.constantFrom('none', 'ascend', 'descend'),
      }),
    ),
    filters: fc.option(
      fc.record({
        minModRevision: small,
        maxModRevision: small,
        minCreateRevision: small,
        maxCreateRevision: small,
      }),
      { freq: 3 },
    ),
  })
  .map(({ range, back, sort, filters, ...rest }) => (revision: number): RangeRequest => ({
    ...range,
    ...rest,
    ...filters,
    ...(sort && { sort: sort as NonNullable<RangeRequest['sort']> }),
    ...(back !== undefined && { revision: revision - back }),
  }));

const putRequest: fc.Arbitrary<PutRequest> = fc.record({
  key: anyKey,
  value,
  lease,
  prevKv: flag,
  ignoreValue: fc.constantFrom(false, false, false, true),
  ignoreLease: fc.constantFrom(false, false, false, true),
});
const deleteRequest: fc.Arbitrary<DeleteRangeRequest> = fc
  .record({ range: keyRange, prevKv: flag })
  .map(({ range, prevKv }) => ({ ...range, prevKv }));

const compare: fc.Arbitrary<Compare> = fc
  .record({
    range: keyRange,
    result: fc.constantFrom('equal', 'greater', 'less', 'not-equal'),
    target: fc.constantFrom('version', 'create', 'mod', 'value', 'lease'),
    number: fc.integer({ min: 0, max: 5 }),
    value,
    lease,
  })
  .map(
    ({ range, result, target, number, value, lease }): Compare =>
      ({
        ...range,
        result,
        target,
        version: number,
        createRevision: number,
        modRevision: number,
        value,
        lease,
      }) as Compare,
  );

type Made<T> = (revision: number) => T;
const { txn } = fc.letrec<{ txn: Made<TxnRequest>; op: Made<RequestOp> }>((tie) => ({
  op: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'txn' },
    putRequest.map((request) => () => ({ type: 'put', request }) as const),
    deleteRequest.map((request) => () => ({ type: 'delete-range', request }) as const),
    rangeRequest.map((make) => (revision: number) => ({ type: 'range', request: make(revision) }) as const),
    tie('txn').map((make) => (revision: number) => ({ type: 'txn', request: make(revision) }) as const),
  ),
  txn: fc
    .record({
      compare: fc.array(compare, { maxLength: 2 }),
      success: fc.array(tie('op'), { maxLength: 3, depthIdentifier: 'txn' }),
      failure: fc.array(tie('op'), { maxLength: 3, depthIdentifier: 'txn' }),
    })
    .map(({ compare, success, failure }) => (revision: number) => ({
      compare,
      success: success.map((make) => make(revision)),
      failure: failure.map((make) => make(revision)),
    })),
}));

/** Puts and deletes the same keys in one transaction, in the ways that etcd lets through; other ops may stand between. */
const repeated: fc.Arbitrary<Made<TxnRequest>> = fc
  .record({
    puts: fc.uniqueArray(putRequest, { selector: ({ key }) => key, minLength: 1, maxLength: 3 }),
    wide: fc.array(fc.constantFrom('\0', 'a', 'b'), { minLength: 1, maxLength: 3 }),
    nested: fc.boolean(),
    places: fc.array(fc.nat(5), { minLength: 4, maxLength: 4 }),
    read: rangeRequest,
  })
  .map(({ puts, wide, nested, places, read }) => (revision: number) => {
    const ops: RequestOp[] = puts.map((request) => ({ type: 'put', request }));
    const others: RequestOp[] = wide.map((key) => ({
      type: 'delete-range',
      request: { key, rangeEnd: '\0', prevKv: true },
    }));
    others.push({ type: 'range', request: read(revision) });
    for (const [i, op] of others.entries()) ops.splice(places[i]! % (ops.length + 1), 0, op);
    const success = nested
      ? ops.map((op): RequestOp => ({
          type: 'txn',
          request: { compare: [], success: [op], failure: [] },
        }))
      : ops;
    return { compare: [], success, failure: [] };
  });

const watchRequest = fc
  .record({
    range: keyRange,
    back,
    prevKv: flag,
    filters: fc.constantFrom(
      [],
      [],
      ['no-put'] as const,
      ['no-delete'] as const,
      ['no-put', 'no-delete'] as const,
    ),
  })
  .map(({ range, back, ...rest }) => (revision: number): StoreWatchRequest => ({
    ...range,
    ...rest,
    ...(back !== undefined && { startRevision: Math.max(0, revision - back) }),
  }));

/** One call, made to both sides. */
type Call = (world: World) => void;

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 8,
    arbitrary: putRequest.map(
      (request): Call =>
        (world) =>
          world.put(request),
    ),
  },
  {
    weight: 3,
    arbitrary: deleteRequest.map(
      (request): Call =>
        (world) =>
          world.deleteRange(request),
    ),
  },
  {
    weight: 6,
    arbitrary: txn.map(
      (make): Call =>
        (world) =>
          world.txn(make),
    ),
  },
  {
    weight: 3,
    arbitrary: repeated.map(
      (make): Call =>
        (world) =>
          world.txn(make),
    ),
  },
  {
    weight: 5,
    arbitrary: rangeRequest.map(
      (make): Call =>
        (world) =>
          world.range(make),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: -1, max: 6 }).map(
      (n): Call =>
        (world) =>
          world.compact(n),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 3 }).map((n): Call => (world) => {
      world.compact(n);
      while (world.scrub(3));
    }),
  },
  {
    weight: 2,
    arbitrary: lease.map(
      (id): Call =>
        (world) =>
          world.leaseGrant(id),
    ),
  },
  {
    weight: 1,
    arbitrary: lease.map(
      (id): Call =>
        (world) =>
          world.leaseRevoke(id),
    ),
  },
  {
    weight: 3,
    arbitrary: watchRequest.map(
      (make): Call =>
        (world) =>
          world.watch(make),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(20).map(
      (n): Call =>
        (world) =>
          world.cancelWatch(n),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 4 }).map(
      (n): Call =>
        (world) =>
          world.sync(n),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 4 }).map(
      (n): Call =>
        (world) =>
          void world.scrub(n),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(lease, small).map(
      ([id, remaining]): Call =>
        (world) =>
          world.leaseCheckpoint(id, remaining),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (n): Call =>
        (world) =>
          world.pauseOrResume(n),
    ),
  },
  {
    weight: 2,
    arbitrary: small.map(
      (back): Call =>
        (world) =>
          world.hashKv(back),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Call>((world) => world.reopen()) },
);

class Observer implements WatchSink {
  readonly request: StoreWatchRequest;
  readonly start: number;
  watcher: Watcher | undefined;
  seen = 0;
  ended = false;
  paused = false;
  readonly #world: World;

  constructor(world: World, request: StoreWatchRequest) {
    this.#world = world;
    this.request = { ...request, key: request.key === '' ? '\0' : request.key };
    this.start = request.startRevision || world.naive.revision + 1;
  }

  /** All it must ever see, up to now. */
  expected(): Event[] {
    return this.#world.naive
      .eventsSince(this.request, this.start)
      .filter((event) => !this.request.filters?.includes(event.type === 'put' ? 'no-put' : 'no-delete'));
  }

  events(events: readonly StoreEvent[], revision: number): void {
    expect(this.paused).toBe(false);
    // The naive store has made the call already.
    const expected = this.expected();
    const due = expected.slice(this.seen, this.seen + events.length);
    expect(this.ended).toBe(false);
    expect(events.length).toBeGreaterThan(0);
    const wanted = due.map((event) => this.#withPrevKv(event));
    expect(events.map(plainEvent)).toEqual(wanted);
    expect(events.map(({ encoded }) => decodeEvent(encoded))).toEqual(wanted);
    expect(revision).toBe(events.at(-1)!.kv.modRevision);
    this.seen += events.length;
    // No revision is divided between two deliveries.
    expect(expected[this.seen]?.kv.modRevision).not.toBe(revision);
  }

  compacted(compactRevision: number): void {
    expect(this.ended).toBe(false);
    this.ended = true;
    expect(compactRevision).toBe(this.#world.naive.compacted);
    expect(this.start).toBeLessThan(compactRevision);
    expect(this.watcher?.synced).toBe(false);
  }

  /** `prevKv` depends on what is compacted when the event is delivered. A create has none, even if its revision deleted one. */
  #withPrevKv(event: Event): Event {
    if (!this.request.prevKv || event.kv.createRevision === event.kv.modRevision) return event;
    const { naive } = this.#world;
    const before = event.kv.modRevision - 1;
    const prevKv = before < naive.compacted ? undefined : naive.kvAt(event.kv.key, before);
    return prevKv === undefined ? event : { ...event, prevKv };
  }
}

function plainEvent({ type, kv, prevKv }: StoreEvent): Event {
  return prevKv === undefined ? { type, kv } : { type, kv, prevKv };
}

/** An mvccpb.Event, read as a client reads it. */
function decodeEvent(encoded: Uint8Array): Event {
  const reader = new ProtoReader(encoded);
  let type: Event['type'] = 'put';
  let kv: KeyValue | undefined;
  let prevKv: KeyValue | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) type = reader.int64() === 1 ? 'delete' : 'put';
    else if (field === 2) kv = decodeWire(reader.bytes());
    else prevKv = decodeWire(reader.bytes());
  }
  return { type, kv: must(kv), ...(prevKv && { prevKv }) };
}

function decodeWire(record: Uint8Array): KeyValue {
  const reader = new ProtoReader(record);
  let modRevision = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 3) modRevision = reader.int64();
    else reader.skip();
  }
  return decodeKeyValue(record, modRevision);
}

/** etcd's hash over these revisions. */
function sumOf(revisions: readonly NaiveRevision[]): number {
  let crc = crc32c(encodeUtf8('key'));
  for (const { main, sub, event } of revisions) {
    const tombstone = event.type === 'delete';
    crc = crc32c(revisionKey(main, sub, tombstone), crc);
    // A tombstone's record is its key and nothing else.
    const { key } = event.kv;
    const record = tombstone
      ? Uint8Array.of(10, key.length, ...Array.from(key, (unit) => unit.charCodeAt(0)))
      : encodeKeyValue(event.kv);
    crc = crc32c(record, crc);
  }
  return crc;
}

/** The answer's `kvs` as they are to be sent. */
function runsOf(store: Store, request: RangeRequest): Uint8Array {
  const answer = store.rangeRuns(request);
  if (!answer.ok) throw new Error(answer.error.code);
  const { runs, length } = answer.value;
  const bytes = concatBytes([emptyBytes, ...runs]);
  expect(bytes.length).toBe(length);
  return bytes;
}

/** RangeResponse.kvs, by the plain writer. */
function kvsField(records: readonly Uint8Array[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const record of records) writer.elementBytes(2, record);
  return writer.finish();
}

/** A record's place in etcd's key bucket. */
function revisionKey(main: number, sub: number, tombstone: boolean): Uint8Array {
  const key = new Uint8Array(tombstone ? 18 : 17);
  const view = new DataView(key.buffer);
  view.setBigUint64(0, BigInt(main));
  key[8] = 0x5f;
  view.setBigUint64(9, BigInt(sub));
  if (tombstone) key[17] = 0x74;
  return key;
}

interface Kind {
  readonly kind: string;
  readonly newBackend: () => Backend;
  readonly cacheBytesMax: number;
}

class World {
  store: Store;
  readonly #kind: Kind;
  readonly #backend: Backend;
  readonly naive = new NaiveStore();
  readonly observers: Observer[] = [];
  #hashing: KvHash | undefined;
  #hashes: KvHash[] = [];

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#backend = kind.newBackend();
    this.store = this.#open();
  }

  #open(): Store {
    return new Store(this.#backend, { cacheBytesMax: this.#kind.cacheBytesMax });
  }

  put(request: PutRequest): void {
    const expected = this.naive.put(request);
    this.same(
      this.store.put(request),
      expected.ok ? { ok: true, value: responseOf(expected.value) } : expected,
    );
  }

  deleteRange(request: DeleteRangeRequest): void {
    const expected = this.naive.deleteRange(request);
    this.same(
      this.store.deleteRange(request),
      expected.ok ? { ok: true, value: responseOf(expected.value) } : expected,
    );
  }

  txn(make: Made<TxnRequest>): void {
    const request = make(this.naive.revision);
    const expected = this.naive.txn(request);
    this.same(this.store.txn(request), expected);
  }

  range(make: Made<RangeRequest>): void {
    const request = make(this.naive.revision);
    const expected = this.naive.range(request);
    this.same(this.store.range(request), expected);
    const answer = this.store.rangeRecords(request);
    if (!answer.ok) {
      this.same(answer, expected);
      return;
    }
    const { records, ...rest } = answer.value;
    this.same({ ok: true, value: { kvs: records.map(decodeWire), ...rest } }, expected);
    if (expected.ok) expect(records).toEqual(expected.value.kvs.map(encodeKeyValue));
    expect(this.store.rangeRuns(request)).toMatchObject({
      ok: true,
      value: { ...rest, kvCount: records.length },
    });
    this.same(runsOf(this.store, request), kvsField(records));
  }

  hashKv(back: number): void {
    const at = this.naive.revision - back;
    const begun = this.store.hashKv(Math.max(0, at));
    if (at > 0 && at < this.naive.compacted) {
      this.same(begun, { ok: false, error: { code: 'compacted' } });
      return;
    }
    if (!begun.ok) throw new Error(begun.error.code);
    const run = begun.value;
    while (run.step(2));
    const hashed = at > 0 ? at : this.naive.revision;
    const crc = sumOf(this.naive.hashed(hashed));
    this.same([run.hash, run.revision, run.compactRevision], [crc, hashed, this.naive.compacted]);
    run.close();
  }

  compact(back: number): void {
    const at = Math.max(0, this.naive.revision - back);
    const previous = this.naive.compacted;
    const expected = this.naive.compact(at);
    this.same(this.store.compact(at), expected);
    if (!expected.ok) return;
    const hash = sumOf(this.naive.hashedByCompaction(at, previous));
    this.#hashing = { hash, revision: at, compactRevision: previous };
  }

  /** The hash of a compaction is there when it is complete, and it stays. */
  scrub(recordsMax: number): boolean {
    const more = this.store.scrub(recordsMax);
    if (!more) {
      if (this.#hashing !== undefined) this.#hashes.push(this.#hashing);
      this.#hashing = undefined;
    }
    for (const [i, hash] of this.#hashes.toReversed().entries()) {
      this.same(this.store.compactionHash(hash.revision), i < 10 ? hash : undefined);
    }
    this.same(this.store.compactionHash(this.naive.revision + 1), undefined);
    return more;
  }

  leaseGrant(id: LeaseId): void {
    if (id === 0n) return;
    this.same(this.store.leaseGrant(id, 10), this.naive.leaseGrant(id, 10));
  }

  leaseCheckpoint(id: LeaseId, remaining: number): void {
    this.naive.leaseCheckpoint(id, remaining);
    this.store.leaseCheckpoint(id, remaining);
  }

  leaseRevoke(id: LeaseId): void {
    const expected = this.naive.leaseRevoke(id);
    this.same(this.store.leaseRevoke(id), expected);
  }

  watch(make: Made<StoreWatchRequest>): void {
    const request = make(this.naive.revision);
    const observer = new Observer(this, request);
    this.observers.push(observer);
    observer.watcher = this.store.watch(request, observer);
  }

  cancelWatch(n: number): void {
    const observer = this.observers[n];
    if (observer === undefined) return;
    observer.watcher?.cancel();
    expect(observer.watcher?.synced).toBe(false);
    observer.ended = true;
  }

  pauseOrResume(n: number): void {
    const observer = this.observers[n];
    if (observer === undefined || observer.ended) return;
    if (observer.paused) this.#resume(observer);
    else {
      observer.watcher?.pause();
      observer.paused = true;
      expect(observer.watcher?.synced).toBe(false);
    }
  }

  #resume(observer: Observer): void {
    observer.paused = false;
    observer.watcher?.resume();
  }

  sync(revisionsMax: number): void {
    const behind = this.store.syncWatchers(revisionsMax);
    expect(behind).toBe(
      this.observers.some(({ ended, paused, watcher }) => !ended && !paused && !watcher?.synced),
    );
  }

  /** As after a restart, but the watchers go on. */
  reopen(): void {
    const hash = this.store.hash();
    const reopened = this.#open();
    expect(reopened.hash()).toEqual(hash);
    reopened.adoptWatchers(this.store);
    expect(this.store.watcherCount).toBe(0);
    this.store = reopened;
    this.#hashes = [];
    this.#hashing = undefined;
  }

  same(actual: unknown, expected: unknown): void {
    expect(actual).toEqual(expected);
  }

  /** What must hold after each call. */
  check(): void {
    const { naive, store } = this;
    store.checkInvariants();
    expect(store.revision).toBe(naive.revision);
    expect(store.compactRevision).toBe(Math.max(0, naive.compacted));
    expect(store.leases()).toEqual([...naive.leases.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    const newest = must(naive.states.at(-1));
    for (const id of naive.leases.keys()) {
      const keys = newest.filter((kv) => kv.lease === id).map(({ key }) => key);
      expect(store.leaseKeys(id)).toEqual(keys);
    }
    for (const observer of this.observers) {
      if (observer.watcher?.synced) expect(observer.seen).toBe(observer.expected().length);
    }
    expect(store.watcherCount).toBe(this.observers.filter(({ ended }) => !ended).length);
  }

  /** At the end: every readable revision reads right, and all who watch get the rest. */
  finish(): void {
    for (let at = Math.max(1, this.naive.compacted); at <= this.naive.revision; at++) {
      this.range(() => ({ key: '\0', rangeEnd: '\0', revision: at }));
    }
    for (const observer of this.observers) {
      if (observer.paused && !observer.ended) this.#resume(observer);
    }
    while (this.store.syncWatchers(2));
    while (this.scrub(2));
    this.check();
    for (const { ended, watcher } of this.observers) expect(watcher?.synced).toBe(!ended);
  }
}

function responseOf(op: { readonly response: unknown }): unknown {
  return op.response;
}

/** Hands out bytes that are used again for others as soon as the promises of the port allow, as pages are. */
class ReusingBackend implements Backend {
  readonly #memory = new MemoryBackend();
  readonly failed = this.#memory.failed;

  get liveBytes(): number {
    return this.#memory.liveBytes;
  }

  get fileBytes(): number {
    return this.#memory.fileBytes;
  }

  get recordCount(): number {
    return this.#memory.recordCount;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    return this.#memory.get(main, sub)?.slice();
  }

  put(main: number, sub: number, record: Uint8Array): void {
    this.#memory.put(main, sub, record.slice());
  }

  delete(main: number, sub: number): void {
    this.#memory.delete(main, sub);
  }

  scan(fromMain: number, endMain: number, visit: VisitRecord): void {
    this.#memory.scan(fromMain, endMain, (main, sub, record) => {
      const lent = record.slice();
      const goOn = visit(main, sub, lent);
      lent.fill(0xff);
      return goOn;
    });
  }

  value(name: string): Uint8Array | undefined {
    return this.#memory.value(name);
  }

  values(prefix: string): ReturnType<MemoryBackend['values']> {
    return this.#memory.values(prefix);
  }

  setValue(name: string, value: Uint8Array | undefined): void {
    this.#memory.setValue(name, value);
  }

  commit(): void {
    throw new Error('a store does not commit');
  }

  async flush(): Promise<void> {}

  async drained(): Promise<void> {}

  view(): BackendView {
    return this.#memory.view();
  }

  async close(): Promise<void> {}
}

const kinds: (Kind & { readonly numRuns: number })[] = [
  { kind: 'memory', newBackend: () => new MemoryBackend(), cacheBytesMax: 1 << 20, numRuns: 300 },
  // Four records fit, so that there is always something to evict.
  { kind: 'reusing', newBackend: () => new ReusingBackend(), cacheBytesMax: 900, numRuns: 200 },
  { kind: 'uncached', newBackend: () => new ReusingBackend(), cacheBytesMax: 0, numRuns: 50 },
];

it.each(kinds)('answers every call as the naive store does, on a $kind backend', ({ numRuns, ...kind }) => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40, size: 'max' }), (calls) => {
      const world = new World(kind);
      for (const make of calls) {
        make(world);
        world.check();
      }
      world.finish();
    }),
    { numRuns },
  );
});
