import { assert } from '../base/assert.ts';
import { checkTxn, isReadOnly } from '../mvcc/request-check.ts';
import { noLease, type LeaseId, type RangeRequest } from '../mvcc/types.ts';
import type {
  EtcdClient,
  MemberStatus,
  ReadOptions,
  ResponseHeader,
  Watch,
  WatchEvents,
  WatchRequest,
} from './client.ts';
import { fromMvccError } from './errors.ts';
import type { Member } from './member.ts';
import type { Applied, Request } from './request.ts';

/** Least time to live that is granted: 1.5 election timeouts, rounded up (etcd's minTTL at defaults). */
const ttlSecondsMin = 2;

/** The EtcdClient of a member in the same thread. */
export class LocalEtcdClient implements EtcdClient {
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
  }

  async range(request: RangeRequest & ReadOptions): ReturnType<EtcdClient['range']> {
    if (request.serializable !== true) await this.#member.linearizableRead();
    const result = this.#member.store.range(request);
    if (!result.ok) throw fromMvccError(result.error.code);
    return { ...result.value, header: this.#member.header() };
  }

  async put(request: Parameters<EtcdClient['put']>[0]): ReturnType<EtcdClient['put']> {
    return this.#answer(await this.#member.propose({ type: 'put', request }));
  }

  async deleteRange(
    request: Parameters<EtcdClient['deleteRange']>[0],
  ): ReturnType<EtcdClient['deleteRange']> {
    return this.#answer(await this.#member.propose({ type: 'delete-range', request }));
  }

  async txn(request: Parameters<EtcdClient['txn']>[0]): ReturnType<EtcdClient['txn']> {
    const refusal = checkTxn(request);
    if (refusal !== undefined) throw fromMvccError(refusal);
    if (isReadOnly(request)) {
      await this.#member.linearizableRead();
      // Without a write, applying changes nothing: a read-only txn runs on this member's store alone.
      const result = this.#member.store.txn(request);
      if (!result.ok) throw fromMvccError(result.error.code);
      return { ...result.value, header: this.#member.header() };
    }
    return this.#answer(await this.#member.propose({ type: 'txn', request }));
  }

  async compact(revision: number): ReturnType<EtcdClient['compact']> {
    const { revision: applied } = await this.#member.propose({ type: 'compact', revision });
    return { header: { ...this.#member.header(), revision: applied } };
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    return this.#member.watch(request, events);
  }

  async leaseGrant(ttlSeconds: number, id: LeaseId = noLease): ReturnType<EtcdClient['leaseGrant']> {
    const granted = id === noLease ? this.#member.newLeaseId() : id;
    const ttl = Math.max(ttlSecondsMin, ttlSeconds);
    await this.#member.propose({ type: 'lease-grant', id: granted, ttlSeconds: ttl });
    return { id: granted, ttlSeconds: ttl };
  }

  async leaseRevoke(id: LeaseId): Promise<void> {
    await this.#member.propose({ type: 'lease-revoke', id });
  }

  leaseKeepAlive(id: LeaseId): Promise<number> {
    return this.#member.leaseKeepAlive(id);
  }

  async status(): Promise<MemberStatus> {
    return this.#member.status();
  }

  #answer<R extends Request>(
    applied: Applied<R>,
  ): Applied<R>['response'] & { readonly header: ResponseHeader } {
    assert(applied.response !== null, 'this request has a response');
    return { ...applied.response, header: { ...this.#member.header(), revision: applied.revision } };
  }
}
