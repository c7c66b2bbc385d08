import { assert, must } from '../base/assert.ts';
import { Heap } from '../base/heap.ts';
import { compareStrings } from '../base/order.ts';
import { ProtoReader, ProtoWriter } from '../base/protobuf.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Backend } from './backend.ts';
import { type Key, type LeaseId, type MvccError, noLease } from './types.ts';

/** The longest time to live that etcd grants. */
export const leaseTtlSecondsMax = 9_000_000_000;

/** After a promotion no more leases than this expire in any one second, so that revocations keep pace. */
export const expiriesPerSecondMax = 750;

/** How often what remains of a lease is told to all members (etcd's --lease-checkpoint-interval), and how many at once. */
const checkpointIntervalMillis = 5 * 60_000;
const checkpointsMax = 1000;

/** A lease as every member knows it: without time, which only the leader keeps (LeaseExpiry). */
export interface Lease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** What remained of it at its leader when that last said so; 0: nothing was said since it was granted. */
  readonly remainingTtlSeconds: number;
}

interface HeldLease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  remainingTtlSeconds: number;
  readonly keys: Set<Key>;
}

const leasePrefix = 'lease/';
const writer = new ProtoWriter();

/** The replicated half of etcd's lessor: which leases exist and which keys hang on them. Kept in the backend. */
export class Lessor {
  readonly #backend: Backend;
  readonly #leases = new Map<LeaseId, HeldLease>();

  /** The leases in `backend`; their keys are attached by the owner, who knows them. */
  constructor(backend: Backend) {
    this.#backend = backend;
    for (const [name, value] of backend.values(leasePrefix)) {
      const id = BigInt.asIntN(64, BigInt(`0x${name.slice(leasePrefix.length)}`)) as LeaseId;
      this.#leases.set(id, { id, ...decodeTtl(value), keys: new Set() });
    }
  }

  /** How many keys hang on leases. */
  get keyCount(): number {
    let count = 0;
    for (const { keys } of this.#leases.values()) count += keys.size;
    return count;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  get(id: LeaseId): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease && withoutKeys(lease);
  }

  /** Whether `key` hangs on the lease. */
  holds(id: LeaseId, key: Key): boolean {
    return this.#leases.get(id)?.keys.has(key) ?? false;
  }

  grant(id: LeaseId, ttlSeconds: number): Result<Lease, MvccError> {
    assert(id !== noLease, 'the server chooses an id before it proposes the grant');
    if (ttlSeconds > leaseTtlSecondsMax) return err({ code: 'lease-ttl-too-large' });
    if (this.#leases.has(id)) return err({ code: 'lease-exists' });
    const lease: HeldLease = { id, ttlSeconds, remainingTtlSeconds: 0, keys: new Set() };
    this.#leases.set(id, lease);
    this.#save(lease);
    return ok(withoutKeys(lease));
  }

  checkpoint(id: LeaseId, remainingTtlSeconds: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.remainingTtlSeconds = remainingTtlSeconds;
    this.#save(lease);
  }

  /** Forgets a lease whose keys are all gone. */
  drop(id: LeaseId): void {
    assert(must(this.#leases.get(id)).keys.size === 0, 'a dropped lease holds no key');
    this.#leases.delete(id);
    this.#backend.setValue(nameOf(id), undefined);
  }

  attach(id: LeaseId, key: Key): void {
    must(this.#leases.get(id), 'a put is checked for its lease first').keys.add(key);
  }

  detach(id: LeaseId, key: Key): void {
    const held = must(this.#leases.get(id), 'a lease outlives its keys').keys.delete(key);
    assert(held, 'a detached key was attached');
  }

  /** In ascending order of their ids. */
  leases(): Lease[] {
    return [...this.#leases.values()].map(withoutKeys).toSorted((a, b) => compareIds(a.id, b.id));
  }

  /** The lease's keys in order; undefined if there is no such lease. */
  keys(id: LeaseId): Key[] | undefined {
    const lease = this.#leases.get(id);
    return lease && [...lease.keys].toSorted(compareStrings);
  }

  #save({ id, ttlSeconds, remainingTtlSeconds }: HeldLease): void {
    writer.int(1, ttlSeconds);
    writer.int(2, remainingTtlSeconds);
    this.#backend.setValue(nameOf(id), writer.finish());
  }
}

function nameOf(id: LeaseId): string {
  return leasePrefix + BigInt.asUintN(64, id).toString(16);
}

function withoutKeys({ id, ttlSeconds, remainingTtlSeconds }: HeldLease): Lease {
  return { id, ttlSeconds, remainingTtlSeconds };
}

function decodeTtl(value: Uint8Array): { ttlSeconds: number; remainingTtlSeconds: number } {
  const reader = new ProtoReader(value);
  const ttl = { ttlSeconds: 0, remainingTtlSeconds: 0 };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) ttl.ttlSeconds = reader.int64();
    else if (field === 2) ttl.remainingTtlSeconds = reader.int64();
    else reader.skip();
  }
  return ttl;
}

interface Timed {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  expiryMillis: number;
  /** When what remains is to be told next. */
  checkpointMillis: number;
  /** Whether the other members were told of less than its full time. */
  shortened: boolean;
}

/** When to look at a lease again: at or before its expiry, which a renewal moves without touching the heap. */
interface Wake {
  readonly atMillis: number;
  readonly lease: Timed;
}

/**
 * The leader's half of etcd's lessor: when leases expire. Only the leader has a clock that counts, so a
 * follower's instance is empty; `promote` fills it and `demote` empties it. Nothing is deleted here: the
 * leader proposes a revocation for what `expired` returns, and calls `revoked` when that is applied.
 *
 * `nowMillis` is the caller's monotonic clock, the same for all calls.
 */
export class LeaseExpiry {
  readonly #leases = new Map<LeaseId, Timed>();
  #wakes = new Heap<Wake>(wakesBefore);

  get size(): number {
    return this.#leases.size;
  }

  /**
   * Starts to keep time for `leases`: nobody knows how long ago each was renewed, so each gets its full
   * time, or what remained at the last checkpoint, and `extendMillis` (an election timeout) on top. Many at once are spread
   * out.
   */
  promote(leases: Iterable<Lease>, nowMillis: number, extendMillis: number): void {
    this.demote();
    const timed = [...leases]
      .map(({ id, ttlSeconds, remainingTtlSeconds }) => ({
        id,
        ttlSeconds,
        expiryMillis: nowMillis + extendMillis + (remainingTtlSeconds || ttlSeconds) * 1000,
        checkpointMillis: nowMillis + checkpointIntervalMillis,
        shortened: remainingTtlSeconds > 0,
      }))
      .toSorted((a, b) => a.expiryMillis - b.expiryMillis || compareIds(a.id, b.id));
    for (const [i, lease] of timed.entries()) {
      const aSecondBehind = timed[i - expiriesPerSecondMax];
      if (aSecondBehind !== undefined) {
        lease.expiryMillis = Math.max(lease.expiryMillis, aSecondBehind.expiryMillis + 1000);
      }
      this.#start(lease);
    }
  }

  /** Leadership is lost: forgets everything. */
  demote(): void {
    this.#leases.clear();
    this.#wakes = new Heap(wakesBefore);
  }

  granted(id: LeaseId, ttlSeconds: number, nowMillis: number): void {
    this.#start({
      id,
      ttlSeconds,
      expiryMillis: nowMillis + ttlSeconds * 1000,
      checkpointMillis: nowMillis + checkpointIntervalMillis,
      shortened: false,
    });
  }

  /**
   * Whether a renewal must first be told to all members, by a checkpoint of 0: they were told of less, and the next leader
   * would end the lease before the time that its owner is promised. True once for each time they were told.
   */
  takeShortened(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined || !lease.shortened) return false;
    lease.shortened = false;
    return true;
  }

  /** The checkpoint of 0 may not have come about. */
  stillShortened(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) lease.shortened = true;
  }

  /** Gives the lease its full time again and returns that in seconds; undefined if it is unknown or expired. */
  renew(id: LeaseId, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.expiryMillis <= nowMillis) return undefined;
    lease.expiryMillis = Math.max(lease.expiryMillis, nowMillis + lease.ttlSeconds * 1000);
    return lease.ttlSeconds;
  }

  /**
   * What remains, in whole seconds, of leases that outlive the interval between checkpoints and were not told for that long.
   * They count as told.
   */
  checkpointsDue(
    nowMillis: number,
    early = false,
  ): { readonly id: LeaseId; readonly remainingTtlSeconds: number }[] {
    const due: { readonly id: LeaseId; readonly remainingTtlSeconds: number }[] = [];
    for (const lease of this.#leases.values()) {
      const isDue = lease.checkpointMillis <= nowMillis && lease.ttlSeconds * 1000 > checkpointIntervalMillis;
      if (!isDue && !early) continue;
      if (lease.expiryMillis <= nowMillis) continue;
      if (due.length >= checkpointsMax) break;
      lease.checkpointMillis = nowMillis + checkpointIntervalMillis;
      lease.shortened = true;
      due.push({
        id: lease.id,
        remainingTtlSeconds: Math.ceil((lease.expiryMillis - nowMillis) / 1000),
      });
    }
    return due;
  }

  revoked(id: LeaseId): void {
    this.#leases.delete(id);
    // Wakes of revoked leases are dropped when they come up; do not let them outnumber the others.
    if (this.#wakes.size <= 2 * this.#leases.size + 64) return;
    this.#wakes = new Heap(wakesBefore);
    for (const lease of this.#leases.values()) this.#wakes.push({ atMillis: lease.expiryMillis, lease });
  }

  /**
   * At most `max` leases whose time is over, in ascending order of their ids; those that expired first are
   * taken first. A lease is among them until it is `revoked`.
   */
  expired(nowMillis: number, max: number): LeaseId[] {
    const ids: LeaseId[] = [];
    const seen: Timed[] = [];
    while (ids.length < max) {
      const wake = this.#wakes.peek();
      if (wake === undefined || wake.atMillis > nowMillis) break;
      this.#wakes.pop();
      const lease = wake.lease;
      if (this.#leases.get(lease.id) !== lease) continue;
      seen.push(lease);
      if (lease.expiryMillis <= nowMillis) ids.push(lease.id);
    }
    for (const lease of seen) this.#wakes.push({ atMillis: lease.expiryMillis, lease });
    return ids.toSorted(compareIds);
  }

  /** Whether `expired` would return any. */
  anyExpired(nowMillis: number): boolean {
    return this.expired(nowMillis, 1).length > 0;
  }

  /** Time to live, 0 when expired; undefined if the lease is unknown. */
  remainingMillis(id: LeaseId, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    return lease && Math.max(0, lease.expiryMillis - nowMillis);
  }

  /** As etcd lists them. Those whose time is not known come last, all of them where nobody keeps it. */
  soonestFirst(leases: readonly Lease[]): readonly Lease[] {
    const expiryOf = ({ id }: Lease): number => this.#leases.get(id)?.expiryMillis ?? Number.MAX_VALUE;
    return leases.toSorted((a, b) => expiryOf(a) - expiryOf(b));
  }

  #start(lease: Timed): void {
    this.#leases.set(lease.id, lease);
    this.#wakes.push({ atMillis: lease.expiryMillis, lease });
  }
}

function wakesBefore(a: Wake, b: Wake): boolean {
  return a.atMillis !== b.atMillis ? a.atMillis < b.atMillis : a.lease.id < b.lease.id;
}

function compareIds(a: LeaseId, b: LeaseId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
