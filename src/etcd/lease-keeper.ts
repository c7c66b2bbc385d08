import type { Clock, Timer } from '../platform/clock.ts';
import type { FaultPoints } from '../platform/fault-points.ts';
import { LeaseExpiry, type Lease } from '../mvcc/lessor.ts';
import type { LeaseId } from '../mvcc/types.ts';
import { noLeaderError } from './errors.ts';
import type { LeaseCheckpoint } from './request.ts';

/** Most leases revoked per check (etcd: 1000 a second), and how many revocations may be out at once (etcd: 16). */
const revokesPerCheckMax = 500;
const revokesOutstandingMax = 16;
const checkMillis = 500;
/** A keep-alive of a lease that has expired waits for its end no longer than this before it looks again. */
const revokedPollMillis = 50;

export interface LeaseKeeperOptions {
  readonly clock: Clock;
  readonly faults?: FaultPoints;
  /** Confirms with a quorum that this member still leads (etcd's ensureLeadership, #15247). @throws EtcdError */
  readonly confirmLeadership: () => Promise<void>;
  /** Puts the revocation into this leader's own log, or rejects: it must not be passed on to another leader. */
  readonly revoke: (id: LeaseId) => Promise<unknown>;
  /** Puts what remains of long leases into the log, so that the next leader does not begin them anew. */
  readonly checkpoint: (checkpoints: readonly LeaseCheckpoint[]) => Promise<unknown>;
}

/**
 * The time of leases. Only the leader keeps it; that a lease has ended is decided by a log entry, so that
 * every member deletes its keys at the same revision. A new leader gives every lease its full time again.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #expiry = new LeaseExpiry();
  readonly #revoking = new Set<LeaseId>();
  #leading = false;
  #confirming = false;
  #checkpointing = false;
  #check: Timer | undefined;

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
    this.#revoking.clear();
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

  /** Renews at the leader: the time to live in seconds, 0 for an unknown lease, or one that ended. @throws EtcdError */
  async renew(id: LeaseId): Promise<number> {
    await this.#options.confirmLeadership();
    for (;;) {
      if (!this.#leading) throw noLeaderError();
      await this.#tellFullTime(id);
      const ttlSeconds = this.#expiry.renew(id, this.#now());
      if (ttlSeconds !== undefined) return ttlSeconds;
      // Expired and not yet revoked: the answer waits for the end, so that nobody sees keys of a lease that was told dead.
      if (this.#expiry.remainingMillis(id, this.#now()) === undefined) return 0;
      await this.#options.clock.sleep(revokedPollMillis);
    }
  }

  /** The next leader must know of a renewal that its owner counts on, when it was told that less remained. */
  async #tellFullTime(id: LeaseId): Promise<void> {
    // Again if a checkpoint fell due meanwhile.
    while (this.#expiry.takeShortened(id)) {
      try {
        await this.#options.checkpoint([{ id, remainingTtlSeconds: 0 }]);
      } catch (error) {
        this.#expiry.stillShortened(id);
        throw error;
      }
      if (!this.#leading) throw noLeaderError();
    }
  }

  /** What remains at the leader, in whole seconds; -1 for a lease that is unknown or has expired. @throws EtcdError */
  async remaining(id: LeaseId): Promise<number> {
    await this.#options.confirmLeadership();
    if (!this.#leading) throw noLeaderError();
    const millis = this.#expiry.remainingMillis(id, this.#now());
    return millis === undefined || millis <= 0 ? -1 : Math.floor(millis / 1000);
  }

  soonestFirst(leases: readonly Lease[]): readonly Lease[] {
    return this.#expiry.soonestFirst(leases);
  }

  stop(): void {
    this.demote();
  }

  #scheduleCheck(): void {
    this.#check?.cancel();
    this.#check = this.#options.clock.setTimer(checkMillis, () => {
      if (!this.#leading) return;
      void this.#revokeExpired();
      void this.#checkpoint();
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

  async #checkpoint(): Promise<void> {
    if (this.#checkpointing) return;
    const early = this.#options.faults?.rare('lease.checkpoint') ?? false;
    const due = this.#expiry.checkpointsDue(this.#now(), early);
    if (due.length === 0) return;
    this.#checkpointing = true;
    try {
      await this.#options.checkpoint(due);
    } catch {
      // Due again later; without it the lease only lives longer.
    } finally {
      this.#checkpointing = false;
    }
  }

  #now(): number {
    return this.#options.clock.monotonicMillis();
  }
}
