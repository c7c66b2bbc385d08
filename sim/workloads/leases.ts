import { assert } from '../../src/base/assert.ts';
import type { EtcdClient, LeaseId } from '../../src/etcd/client.ts';
import { noLease } from '../../src/mvcc/types.ts';
import type { LeaseFact } from '../observations.ts';
import type { Session, WorkloadStage } from './workload.ts';

type LeaseOutcome = (LeaseFact & { readonly type: 'lease-return' })['outcome'];

/** One person's leases, told to the bus. One call outstanding at a time. */
export class LeaseHolder {
  readonly #session: Session;
  readonly #stage: WorkloadStage;

  constructor(session: Session, stage: WorkloadStage) {
    this.#session = session;
    this.#stage = stage;
  }

  /** undefined: not granted, as far as one knows. */
  async grant(ttlSeconds: number): Promise<LeaseId | undefined> {
    const granted = await this.#call('grant', noLease, async (etcd) => {
      const { id, ttlSeconds: given } = await etcd.leaseGrant(ttlSeconds);
      return { type: 'granted', lease: id, ttlSeconds: given } as const;
    });
    return granted?.type === 'granted' ? granted.lease : undefined;
  }

  /** The seconds it has now; 0: there is no such lease; undefined: nobody said. */
  async keepAlive(lease: LeaseId): Promise<number | undefined> {
    const renewed = await this.#call('keep-alive', lease, async (etcd) => {
      return { type: 'renewed', ttlSeconds: await etcd.leaseKeepAlive(lease) } as const;
    });
    return renewed?.type === 'renewed' ? renewed.ttlSeconds : undefined;
  }

  async revoke(lease: LeaseId): Promise<boolean> {
    const revoked = await this.#call('revoke', lease, async (etcd) => {
      await etcd.leaseRevoke(lease);
      return { type: 'revoked' } as const;
    });
    return revoked?.type === 'revoked';
  }

  async #call(
    call: 'grant' | 'keep-alive' | 'revoke',
    lease: LeaseId,
    send: (etcd: EtcdClient) => Promise<LeaseOutcome>,
  ): Promise<LeaseOutcome | undefined> {
    const session = this.#session;
    const { bus } = this.#stage;
    if ((await session.open()) === undefined) return undefined;
    const { client } = session;
    bus.emit({ type: 'lease-call', client, call, lease });
    let unknown = false;
    const outcome = await session.ask(send, (error) => {
      unknown = error.outcomeUnknown;
    });
    assert(outcome === undefined || !unknown, 'an answer, or an error');
    bus.emit({
      type: 'lease-return',
      client,
      outcome: outcome ?? { type: unknown ? 'unknown' : 'refused' },
    });
    return outcome;
  }
}
