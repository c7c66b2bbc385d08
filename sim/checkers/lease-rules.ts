import type { Event, LeaseId } from '../../src/mvcc/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** How much faster than true time a leader's clock may run before its leases count as ended early. */
const clockRateMax = 1.2;

interface Lease {
  readonly id: LeaseId;
  /** True time before which nobody but a client may end it: of the newest promise that a client has heard. */
  promisedUntil: number;
  /** What the promise was, for sentences. */
  promise: string;
  readonly keys: Set<string>;
  /** Whether a client has asked for its end. */
  revoking: boolean;
  endedAt: number | undefined;
}

interface Call {
  readonly call: 'grant' | 'keep-alive' | 'revoke';
  readonly lease: LeaseId;
  readonly atMillis: number;
}

/**
 * What a lease promises:
 *   - it does not end before the time that its owner was last promised, counted from when the owner asked;
 *   - with its end all its keys go, in one revision, and none comes back with it;
 *   - once it has ended no renewal succeeds, and none fails before.
 *
 * Where nobody sees leases end (`ends: 'told'`), one has ended when a client is told so; what is left of its keys is
 * judged when all is over.
 */
export class LeaseRules implements Checker {
  readonly name = 'lease-rules';
  readonly sees: readonly FactType[] = ['lease-call', 'lease-return', 'revision-applied', 'request-applied'];
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #calls = new Map<string, Call>();
  readonly #leaseOfKey = new Map<string, LeaseId>();
  readonly #ends: 'seen' | 'told';

  constructor(options: { readonly ends?: 'seen' | 'told' } = {}) {
    this.#ends = options.ends ?? 'seen';
  }

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'lease-call':
        this.#calls.set(seen.client, { call: seen.call, lease: seen.lease, atMillis: seen.atMillis });
        if (seen.call === 'revoke') this.#lease(seen.lease).revoking = true;
        return undefined;
      case 'lease-return':
        return this.#violation(seen.atMillis, this.#returned(seen.client, seen.outcome, seen.atMillis));
      case 'revision-applied':
        return this.#violation(seen.atMillis, this.#changed(seen.events));
      case 'request-applied':
        if (seen.request.type !== 'lease-revoke') return undefined;
        return this.#violation(
          seen.atMillis,
          this.#ended(seen.request.id, seen.events, seen.revision, seen.atMillis),
        );
      default:
        return undefined;
    }
  }

  finish(atMillis: number): Violation | undefined {
    if (this.#ends === 'seen') return undefined;
    for (const { id, endedAt, keys } of this.#leases.values()) {
      const [left] = keys;
      if (endedAt === undefined || left === undefined) continue;
      const message = `lease ${id} had ended at ${endedAt.toFixed(0)} ms, as its owner was told, but ${left}, which hangs on it, is still there`;
      return this.#violation(atMillis, message);
    }
    return undefined;
  }

  #returned(
    client: string,
    outcome: (Observation & { readonly type: 'lease-return' })['outcome'],
    atMillis: number,
  ): string | undefined {
    const called = this.#calls.get(client);
    this.#calls.delete(client);
    if (called === undefined) return undefined;
    const since = called.atMillis.toFixed(0);
    if (outcome.type === 'granted') {
      const { lease, ttlSeconds } = outcome;
      this.#promise(
        lease,
        called.atMillis,
        ttlSeconds,
        `granted to ${client} at ${since} ms for ${ttlSeconds} s`,
      );
      return undefined;
    }
    if (outcome.type !== 'renewed') return undefined;
    const lease = this.#lease(called.lease);
    if (outcome.ttlSeconds === 0) {
      if (lease.endedAt !== undefined || lease.revoking) return undefined;
      if (this.#ends === 'told') return this.#toldGone(lease, client, atMillis);
      return `${client} was told at ${atMillis.toFixed(0)} ms that lease ${lease.id} is gone, but it stands: no end of it was applied`;
    }
    if (lease.endedAt !== undefined && lease.endedAt < called.atMillis) {
      return `${client} renewed lease ${lease.id} at ${since} ms, but it had ended at ${lease.endedAt.toFixed(0)} ms: an ended lease does not come back`;
    }
    const { ttlSeconds } = outcome;
    this.#promise(
      called.lease,
      called.atMillis,
      ttlSeconds,
      `renewed by ${client} at ${since} ms for ${ttlSeconds} s`,
    );
    return undefined;
  }

  #toldGone(lease: Lease, client: string, atMillis: number): string | undefined {
    lease.endedAt = atMillis;
    if (atMillis >= lease.promisedUntil) return undefined;
    return `${client} was told at ${atMillis.toFixed(0)} ms that lease ${lease.id} is gone though nobody revoked it, but it was ${lease.promise}: it may not end before ${lease.promisedUntil.toFixed(0)} ms`;
  }

  #promise(id: LeaseId, fromMillis: number, ttlSeconds: number, promise: string): void {
    const lease = this.#lease(id);
    const until = fromMillis + (ttlSeconds * 1000) / clockRateMax;
    if (until <= lease.promisedUntil) return;
    lease.promisedUntil = until;
    lease.promise = promise;
  }

  #changed(events: readonly Event[]): string | undefined {
    for (const { type, kv } of events) {
      const before = this.#leaseOfKey.get(kv.key);
      if (before !== undefined) {
        this.#leases.get(before)!.keys.delete(kv.key);
        this.#leaseOfKey.delete(kv.key);
      }
      if (type === 'delete' || kv.lease === 0n) continue;
      const lease = this.#lease(kv.lease);
      // Who is told of ends only does not know on which side of them a revision is.
      if (lease.endedAt !== undefined && this.#ends === 'seen') {
        return `${kv.key} was put with lease ${kv.lease} at revision ${kv.modRevision}, but the lease had ended at ${lease.endedAt.toFixed(0)} ms`;
      }
      lease.keys.add(kv.key);
      this.#leaseOfKey.set(kv.key, kv.lease);
    }
    return undefined;
  }

  /** The keys of `events` are detached already: what is left outlives its lease. */
  #ended(id: LeaseId, events: readonly Event[], revision: number, atMillis: number): string | undefined {
    // One that nobody has heard of yet: its owner may be told of the grant after the lease is over.
    const lease = this.#lease(id);
    if (lease.endedAt !== undefined) return undefined;
    lease.endedAt = atMillis;
    const [left] = lease.keys;
    if (left !== undefined) {
      return `lease ${id} ended at revision ${revision}, which deletes ${events.length} keys, but ${left}, which hangs on it, is still there`;
    }
    if (lease.revoking || atMillis >= lease.promisedUntil) return undefined;
    return `lease ${id} ended at ${atMillis.toFixed(0)} ms though nobody revoked it, but it was ${lease.promise}: it may not end before ${lease.promisedUntil.toFixed(0)} ms`;
  }

  #lease(id: LeaseId): Lease {
    let lease = this.#leases.get(id);
    if (lease === undefined) {
      lease = {
        id,
        promisedUntil: 0,
        promise: 'promised nothing',
        keys: new Set(),
        revoking: false,
        endedAt: undefined,
      };
      this.#leases.set(id, lease);
    }
    return lease;
  }

  #violation(atMillis: number, message: string | undefined): Violation | undefined {
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }
}
