import { assert, must } from '../base/assert.ts';
import { Heap } from '../base/heap.ts';
import { compareStrings } from '../base/order.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Key, type LeaseId, type MvccError, noLease } from './types.ts';

/** The longest time to live that etcd grants. */
export const leaseTtlSecondsMax = 9_000_000_000;

/** After a promotion no more leases than this expire in any one second, so that revocations keep pace. */
export const expiriesPerSecondMax = 750;

/** A lease as every member knows it: without time, which only the leader keeps (LeaseExpiry). */
export interface Lease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
}

interface HeldLease extends Lease {
  readonly keys: Set<Key>;
}

/** The replicated half of etcd's lessor: which leases exist and which keys hang on them. */
export class Lessor {
  readonly #leases = new Map<LeaseId, HeldLease>();

  /** How many keys hang on leases. */
  get keyCount(): number {
    let count = 0;
    for (const { keys } of this.#leases.values()) count += keys.size;
    return count;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  /** Whether `key` hangs on the lease. */
  holds(id: LeaseId, key: Key): boolean {
    return this.#leases.get(id)?.keys.has(key) ?? false;
  }

  grant(id: LeaseId, ttlSeconds: number): Result<Lease, MvccError> {
    assert(id !== noLease, 'the server chooses an id before it proposes the grant');
    if (ttlSeconds > leaseTtlSecondsMax) return err({ code: 'lease-ttl-too-large' });
    if (this.#leases.has(id)) return err({ code: 'lease-exists' });
    this.#leases.set(id, { id, ttlSeconds, keys: new Set() });
    return ok({ id, ttlSeconds });
  }

  /** Forgets a lease whose keys are all gone. */
  drop(id: LeaseId): void {
    assert(must(this.#leases.get(id)).keys.size === 0, 'a dropped lease holds no key');
    this.#leases.delete(id);
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
    return [...this.#leases.values()]
      .map(({ id, ttlSeconds }) => ({ id, ttlSeconds }))
      .toSorted((a, b) => compareIds(a.id, b.id));
  }

  /** The lease's keys in order; undefined if there is no such lease. */
  keys(id: LeaseId): Key[] | undefined {
    const lease = this.#leases.get(id);
    return lease && [...lease.keys].toSorted(compareStrings);
  }
}

interface Timed {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  expiryMillis: number;
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
   * time and `extendMillis` (an election timeout) on top. Many at once are spread out.
   */
  promote(leases: Iterable<Lease>, nowMillis: number, extendMillis: number): void {
    this.demote();
    const timed = [...leases]
      .map(({ id, ttlSeconds }) => ({
        id,
        ttlSeconds,
        expiryMillis: nowMillis + extendMillis + ttlSeconds * 1000,
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
    this.#start({ id, ttlSeconds, expiryMillis: nowMillis + ttlSeconds * 1000 });
  }

  /** Gives the lease its full time again and returns that in seconds; undefined if it is unknown or expired. */
  renew(id: LeaseId, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.expiryMillis <= nowMillis) return undefined;
    lease.expiryMillis = Math.max(lease.expiryMillis, nowMillis + lease.ttlSeconds * 1000);
    return lease.ttlSeconds;
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
