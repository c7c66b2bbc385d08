import type { EtcdClient, LeaseId } from '../etcd/client.ts';
import type { Clock } from '../platform/clock.ts';

/** How long events are kept (kube's --event-ttl). */
const eventTtlSeconds = 3_600;
/** One lease serves the events of this long: a lease per event would cost as much as the event. */
const leaseReuseMillis = 60_000;

/** The lease that new events are attached to; replaced now and then. */
export class EventLease {
  readonly #etcd: EtcdClient;
  readonly #clock: Clock;
  #current: Promise<LeaseId> | undefined;
  #grantedMillis = 0;

  constructor(etcd: EtcdClient, clock: Clock) {
    this.#etcd = etcd;
    this.#clock = clock;
  }

  /** Rejects with an EtcdError. */
  async current(): Promise<LeaseId> {
    const now = this.#clock.monotonicMillis();
    if (this.#current === undefined || now - this.#grantedMillis > leaseReuseMillis) {
      this.#grantedMillis = now;
      this.#current = this.#grant();
    }
    return this.#current;
  }

  async #grant(): Promise<LeaseId> {
    try {
      const { id } = await this.#etcd.leaseGrant(eventTtlSeconds + leaseReuseMillis / 1000);
      return id;
    } catch (error) {
      // The next event tries again.
      this.#current = undefined;
      throw error;
    }
  }
}
