import { assert } from '../base/assert.ts';
import { ApiError, isApiError } from '../api/status.ts';
import { formatMicroTime } from '../api/time.ts';
import type { Lease } from '../api/types.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { ApiClient, ResourceClient } from './api-client.ts';
import { leases } from './resources.ts';

export interface LeaderElectionTiming {
  /** How long a record must stand unchanged, by our own clock, before we take it from its holder. */
  readonly leaseDurationMillis: number;
  /** How long after its last renewal a leader stops by itself. Less than the lease duration. */
  readonly renewDeadlineMillis: number;
  readonly retryPeriodMillis: number;
}

/** Kubernetes' defaults. */
export const defaultLeaderElectionTiming: LeaderElectionTiming = {
  leaseDurationMillis: 15_000,
  renewDeadlineMillis: 10_000,
  retryPeriodMillis: 2_000,
};

/** Fast enough that a successor takes over before a user looks twice. */
export const fastLeaderElectionTiming: LeaderElectionTiming = {
  leaseDurationMillis: 3000,
  renewDeadlineMillis: 2000,
  retryPeriodMillis: 500,
};

export interface LeaderElectorOptions {
  readonly namespace: string;
  readonly name: string;
  /** Unique to this life of the process: a restarted process must not think it is still the leader. */
  readonly identity: string;
  readonly timing?: LeaderElectionTiming;
}

export interface LeaderCallbacks {
  /** Leads until `signal` aborts, and resolves when it has stopped. */
  onStartedLeading(signal: AbortSignal): Promise<void>;
  onStoppedLeading?(): void;
}

/** What one attempt found, and whether the record is ours now. */
interface Outcome {
  readonly held: boolean;
  readonly lease: Lease;
}

const retryJitter = 1.2;

/**
 * One leader at a time by a Lease (client-go's leaderelection). Clocks of different hosts are never
 * compared: a candidate waits until it has itself seen the record unchanged for the lease duration, and a
 * leader counts its deadline from before it sent its last renewal, so it stops before anyone takes over,
 * as long as clocks run at nearly the same rate.
 */
export class LeaderElector {
  readonly #platform: Platform;
  readonly #leases: ResourceClient<Lease>;
  readonly #options: LeaderElectorOptions;
  readonly #timing: LeaderElectionTiming;
  #observed: Lease | undefined;
  #observedAtMillis = 0;
  #leading = false;

  constructor(platform: Platform, client: ApiClient, options: LeaderElectorOptions) {
    this.#platform = platform;
    this.#leases = client.resource(leases);
    this.#options = options;
    this.#timing = options.timing ?? defaultLeaderElectionTiming;
    const { leaseDurationMillis, renewDeadlineMillis, retryPeriodMillis } = this.#timing;
    assert(renewDeadlineMillis < leaseDurationMillis, 'a leader must stop before its lease ends');
    assert(retryPeriodMillis * retryJitter < renewDeadlineMillis, 'a leader must be able to renew in time');
  }

  get isLeader(): boolean {
    return this.#leading;
  }

  /**
   * Waits to become the leader, leads once, and resolves when that is over: leadership was lost, the work
   * ended, or `signal` aborted. After `signal` the lease is given up, so that a successor need not wait.
   */
  async run(callbacks: LeaderCallbacks, signal: AbortSignal): Promise<void> {
    const { clock, logger, random } = this.#platform;
    const { renewDeadlineMillis, retryPeriodMillis } = this.#timing;
    const who = { lease: this.#options.name, identity: this.#options.identity };
    while (!signal.aborted) {
      const sentAtMillis = clock.monotonicMillis();
      const held = await this.#tryAcquireOrRenew(signal);
      if (held && clock.monotonicMillis() - sentAtMillis < renewDeadlineMillis) {
        this.#platform.faults.reach('leader-elector.acquired');
        logger.info('became the leader', who);
        await this.#lead(callbacks, sentAtMillis, signal);
        logger.info('stopped leading', who);
        return;
      }
      await clock.sleep(retryPeriodMillis * (1 + retryJitter * random.float()), signal);
    }
  }

  async #lead(callbacks: LeaderCallbacks, acquiredAtMillis: number, signal: AbortSignal): Promise<void> {
    const leading = new AbortController();
    const stop = (): void => leading.abort();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
    this.#leading = true;
    leading.signal.addEventListener('abort', () => {
      this.#leading = false;
    });
    try {
      const work = callbacks.onStartedLeading(leading.signal).finally(stop);
      await Promise.all([work, this.#renew(leading, acquiredAtMillis)]);
    } finally {
      signal.removeEventListener('abort', stop);
      callbacks.onStoppedLeading?.();
    }
    // The work has ended: the next leader may start at once.
    if (isHeldBy(this.#observed, this.#options.identity)) await this.#release(this.#observed);
  }

  /** Renews until `leading` aborts; aborts it when the deadline passes or another holder is seen. */
  async #renew(leading: AbortController, acquiredAtMillis: number): Promise<void> {
    const { clock } = this.#platform;
    const { renewDeadlineMillis, retryPeriodMillis } = this.#timing;
    const deadline = (sentAtMillis: number) =>
      clock.setTimer(Math.max(0, sentAtMillis + renewDeadlineMillis - clock.monotonicMillis()), () =>
        leading.abort(),
      );
    let timer = deadline(acquiredAtMillis);
    while (await clock.sleep(retryPeriodMillis, leading.signal)) {
      const sentAtMillis = clock.monotonicMillis();
      const held = await this.#tryAcquireOrRenew(leading.signal);
      if (held) {
        timer.cancel();
        timer = deadline(sentAtMillis);
      } else if (!isHeldBy(this.#observed, this.#options.identity)) {
        leading.abort();
      }
    }
    timer.cancel();
  }

  /** Tries once, for no longer than half the deadline, so that a dead server leaves time for a second try. */
  async #tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const attempt = this.#attempt();
    const enough = new AbortController();
    const giveUp = (): void => enough.abort();
    signal.addEventListener('abort', giveUp);
    const timeout = this.#platform.clock.sleep(this.#timing.renewDeadlineMillis / 2, enough.signal);
    // An attempt that is given up may still end either way; the next one reads what became of it.
    attempt.then(giveUp, giveUp);
    try {
      const outcome = await Promise.race([attempt, timeout.then(() => undefined)]);
      if (outcome === undefined) return false;
      this.#observe(outcome.lease);
      return outcome.held;
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof NetworkError)) throw error;
      this.#platform.logger.debug('lease attempt failed', {
        lease: this.#options.name,
        error: error.message,
      });
      return false;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #attempt(): Promise<Outcome> {
    const { namespace, name, identity } = this.#options;
    if (this.#leading && isHeldBy(this.#observed, identity)) {
      try {
        return { held: true, lease: await this.#leases.update(this.#claim(this.#observed)) };
      } catch (error) {
        if (!isApiError(error, 'Conflict') && !isApiError(error, 'NotFound')) throw error;
      }
    }
    let lease: Lease;
    try {
      lease = await this.#leases.get(name, namespace);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
      return { held: true, lease: await this.#create() };
    }
    if (!this.#mayTake(lease)) return { held: false, lease };
    return { held: true, lease: await this.#leases.update(this.#claim(lease)) };
  }

  #mayTake(lease: Lease): boolean {
    const holder = lease.spec.holderIdentity ?? '';
    if (holder === '' || holder === this.#options.identity) return true;
    if (this.#observed === undefined || !isSameRecord(this.#observed, lease)) return false;
    const durationMillis = (lease.spec.leaseDurationSeconds ?? 0) * 1000;
    return this.#platform.clock.monotonicMillis() - this.#observedAtMillis >= durationMillis;
  }

  #observe(lease: Lease): void {
    if (this.#observed === undefined || !isSameRecord(this.#observed, lease)) {
      this.#observedAtMillis = this.#platform.clock.monotonicMillis();
    }
    this.#observed = lease;
  }

  async #create(): Promise<Lease> {
    const { namespace, name, identity } = this.#options;
    const now = this.#now();
    return this.#leases.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: this.#leaseDurationSeconds,
        acquireTime: now,
        renewTime: now,
        leaseTransitions: 0,
      },
    });
  }

  /** The record with us as its holder; its resourceVersion makes the update fail if anyone was faster. */
  #claim(lease: Lease): Lease {
    const { identity } = this.#options;
    const now = this.#now();
    const ours = isHeldBy(lease, identity);
    const transitions = lease.spec.leaseTransitions ?? 0;
    return {
      ...lease,
      spec: {
        ...lease.spec,
        holderIdentity: identity,
        leaseDurationSeconds: this.#leaseDurationSeconds,
        acquireTime: ours ? (lease.spec.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: ours ? transitions : transitions + 1,
      },
    };
  }

  async #release(lease: Lease): Promise<void> {
    this.#platform.faults.reach('leader-elector.before-release');
    const now = this.#now();
    const spec = {
      ...lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
    };
    try {
      this.#observed = await this.#leases.update({ ...lease, spec });
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof NetworkError)) throw error;
      this.#platform.logger.info('could not release the lease', {
        lease: this.#options.name,
        error: error.message,
      });
    }
  }

  get #leaseDurationSeconds(): number {
    return Math.ceil(this.#timing.leaseDurationMillis / 1000);
  }

  #now(): string {
    return formatMicroTime(this.#platform.clock.wallMillis());
  }
}

function isHeldBy(lease: Lease | undefined, identity: string): lease is Lease {
  return lease?.spec.holderIdentity === identity;
}

function isSameRecord(a: Lease, b: Lease): boolean {
  return (
    a.spec.holderIdentity === b.spec.holderIdentity &&
    a.spec.renewTime === b.spec.renewTime &&
    a.spec.leaseTransitions === b.spec.leaseTransitions
  );
}
