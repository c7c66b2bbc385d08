import { deferred, type Deferred } from '../base/deferred.ts';
import { LeaseExpiry, type Lease } from '../mvcc/lessor.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { MemberId } from '../raft/types.ts';
import { noLeaderError, timeoutError, type EtcdError } from './errors.ts';

/** Most leases revoked per check (etcd: 1000 a second), and how many revocations may be out at once (etcd: 16). */
const revokesPerCheckMax = 500;
const revokesOutstandingMax = 16;
const checkMillis = 500;

export interface LeaseKeeperOptions {
  readonly clock: Clock;
  readonly timeoutMillis: number;
  readonly requestIdPrefix: string;
  /** Confirms with a quorum that this member still leads (etcd's ensureLeadership, #15247). @throws EtcdError */
  readonly confirmLeadership: () => Promise<void>;
  /** Puts the revocation into this leader's own log, or rejects: it must not be passed on to another leader. */
  readonly revoke: (id: LeaseId) => Promise<unknown>;
  readonly sendToLeader: (requestId: string, id: LeaseId) => MemberId | undefined;
}

/**
 * The time of leases. Only the leader keeps it; that a lease has ended is decided by a log entry, so that
 * every member deletes its keys at the same revision. A new leader gives every lease its full time again.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #expiry = new LeaseExpiry();
  readonly #renewals = new Map<string, { readonly done: Deferred<number>; readonly timer: Timer }>();
  readonly #revoking = new Set<LeaseId>();
  #leading = false;
  #confirming = false;
  #check: Timer | undefined;
  #nextRequest = 0;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** This member leads now: `leases` are all there are. `extendMillis` (an election timeout) is added to each. */
  promote(leases: readonly Lease[], extendMillis: number): void {
    this.#leading = true;
    this.#expiry.promote(leases, this.#now(), extendMillis);
    this.#scheduleCheck();
  }

  demote(): void {
    this.#leading = false;
    this.#expiry.demote();
    this.#check?.cancel();
  }

  granted(id: LeaseId, ttlSeconds: number): void {
    if (this.#leading) this.#expiry.granted(id, ttlSeconds, this.#now());
  }

  revoked(id: LeaseId): void {
    this.#revoking.delete(id);
    if (this.#leading) this.#expiry.revoked(id);
  }

  /** Renews at the leader. Resolves with the time to live, 0 for an unknown or expired lease. @throws EtcdError */
  async keepAlive(id: LeaseId): Promise<number> {
    if (this.#leading) return this.renewHere(id);
    const requestId = `${this.#options.requestIdPrefix}-${this.#nextRequest++}`;
    const leader = this.#options.sendToLeader(requestId, id);
    if (leader === undefined) throw noLeaderError();
    const done = deferred<number>();
    const timer = this.#options.clock.setTimer(this.#options.timeoutMillis, () => {
      this.#renewals.delete(requestId);
      done.reject(timeoutError());
    });
    this.#renewals.set(requestId, { done, timer });
    return done.promise;
  }

  /** A keep-alive at the leader itself. */
  async renewHere(id: LeaseId): Promise<number> {
    await this.#options.confirmLeadership();
    if (!this.#leading) throw noLeaderError();
    return this.#expiry.renew(id, this.#now()) ?? 0;
  }

  /** The leader's answer to a forwarded keep-alive. */
  renewed(requestId: string, ttlSeconds: number): void {
    const renewal = this.#renewals.get(requestId);
    if (renewal === undefined) return;
    this.#renewals.delete(requestId);
    renewal.timer.cancel();
    renewal.done.resolve(ttlSeconds);
  }

  stop(error: () => EtcdError): void {
    this.demote();
    for (const { done, timer } of this.#renewals.values()) {
      timer.cancel();
      done.reject(error());
    }
    this.#renewals.clear();
  }

  #scheduleCheck(): void {
    this.#check?.cancel();
    this.#check = this.#options.clock.setTimer(checkMillis, () => {
      if (!this.#leading) return;
      void this.#revokeExpired();
      this.#scheduleCheck();
    });
  }

  /**
   * A leader that was paused, or whose disk was slow, may have been replaced without knowing, and its revocation
   * would reach the new leader, who renewed the lease (etcd#15247). So it asks a quorum first, and looks
   * again: the renewals that waited with it have been served by then.
   */
  async #revokeExpired(): Promise<void> {
    if (this.#confirming || !this.#expiry.anyExpired(this.#now())) return;
    this.#confirming = true;
    try {
      await this.#options.confirmLeadership();
    } catch {
      // Found expired again at the next check, if this member still leads.
      return;
    } finally {
      this.#confirming = false;
    }
    if (!this.#leading) return;
    for (const id of this.#expiry.expired(this.#now(), revokesPerCheckMax)) {
      if (this.#revoking.size >= revokesOutstandingMax) break;
      if (this.#revoking.has(id)) continue;
      this.#revoking.add(id);
      // A failed revocation is found expired again at the next check.
      this.#options.revoke(id).then(
        () => this.#revoking.delete(id),
        () => this.#revoking.delete(id),
      );
    }
  }

  #now(): number {
    return this.#options.clock.monotonicMillis();
  }
}
