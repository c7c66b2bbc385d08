import { bytesOfByteString } from '../../base/protobuf.ts';
import type { CallEvents, GrpcMethods, ServerCall } from '../../grpc/service.ts';
import { type LeaseId, noLease } from '../../mvcc/types.ts';
import type { AuthErrorCode } from '../../mvcc/auth/auth-types.ts';
import { fromAuthError, tooManyRequestsError } from '../errors.ts';
import type { EtcdServer } from '../etcd-server.ts';
import * as pb from '../proto/rpc.ts';
import type { RequestAuth } from '../request.ts';
import { type Answer, byTable, encodeAnswer, presentFacts, requireServing } from './by-table.ts';
import { checkQuota } from './quota.ts';
import { type ServiceContext, streamStatusOf } from './service.ts';

/** Renewals of one stream that wait for their turn. */
const keepAlivesWaitingMax = 10_000;

/**
 * The least time to live: one and a half election timeouts, so that a lease outlives a change of leader that goes well.
 */
export function ttlSecondsMin(member: Pick<EtcdServer, 'electionTimeoutMillis'>): number {
  return Math.ceil((1.5 * member.electionTimeoutMillis) / 1000);
}

/** Grants a lease; `asked` 0n lets the member choose its id. Who may write a key may not yet grant: they must be somebody. */
export async function grantLease(
  { member }: ServiceContext,
  asked: { readonly id: LeaseId; readonly ttlSeconds: number },
  auth: RequestAuth | undefined,
): Promise<Answer<{ readonly ID: bigint; readonly TTL: number }>> {
  refuse(member.auth.checkNamed(auth));
  const id = asked.id === noLease ? member.newLeaseId() : asked.id;
  const ttlSeconds = Math.max(asked.ttlSeconds, ttlSecondsMin(member));
  const request = { type: 'lease-grant', id, ttlSeconds } as const;
  checkQuota(member, request);
  const facts = await member.propose(request, { auth });
  return { body: { ID: id, TTL: ttlSeconds }, facts };
}

/** etcdserverpb.Lease. While auth is on its callers must be somebody (GHSA-q8m4-xhhv-38mg). */
export function leaseService(context: ServiceContext): GrpcMethods {
  const { member } = context;

  function requireNamed(call: ServerCall): RequestAuth | undefined {
    const auth = context.authenticate(call);
    refuse(member.auth.checkNamed(auth));
    return auth;
  }

  const grant = byTable(context, pb.LeaseGrantRequest, pb.LeaseGrantResponse, ({ ID, TTL }, call) =>
    grantLease(context, { id: ID as LeaseId, ttlSeconds: TTL }, context.authenticate(call)),
  );

  const revoke = byTable(context, pb.LeaseRevokeRequest, pb.LeaseRevokeResponse, async ({ ID }, call) => ({
    facts: await member.propose({ type: 'lease-revoke', id: ID as LeaseId }, { auth: requireNamed(call) }),
  }));

  const timeToLive = byTable(
    context,
    pb.LeaseTimeToLiveRequest,
    pb.LeaseTimeToLiveResponse,
    async ({ ID, keys }, call) => {
      requireNamed(call);
      const id = ID as LeaseId;
      const found = await member.leaseTimeToLive(id);
      // Not an error, and the time it was granted is unknown, too.
      if (found === undefined) return { body: { ID, TTL: -1 } };
      const { grantedTtl, remainingTtl } = found;
      const body = { ID, TTL: Math.trunc(remainingTtl), grantedTTL: grantedTtl };
      if (!keys) return { body };
      // Whoever may see the keys may see them now, as they are now.
      refuse(member.auth.checkLeaseKeys(id, requireNamed(call), member.store));
      const held = member.store.leaseKeys(id) ?? [];
      return { body: { ...body, keys: held.map(bytesOfByteString) } };
    },
  );

  const leases = byTable(context, pb.LeaseLeasesRequest, pb.LeaseLeasesResponse, async (_, call) => {
    requireNamed(call);
    return { body: { leases: member.leases().map(({ id }) => ({ ID: id })) } };
  });

  return new Map([
    ['/etcdserverpb.Lease/LeaseGrant', grant],
    ['/etcdserverpb.Lease/LeaseRevoke', revoke],
    [
      '/etcdserverpb.Lease/LeaseKeepAlive',
      { open: (call: ServerCall) => new KeepAliveStream(context, call) },
    ],
    ['/etcdserverpb.Lease/LeaseTimeToLive', timeToLive],
    ['/etcdserverpb.Lease/LeaseLeases', leases],
  ]);
}

/** One LeaseKeepAlive call: renewals, one after the other, answered in their order. */
class KeepAliveStream implements CallEvents {
  readonly #context: ServiceContext;
  readonly #call: ServerCall;
  readonly #waiting: Uint8Array[] = [];
  #working = false;
  /** The client does not read: answers wait for it to go on, and its next renewals with them. */
  #blocked = false;
  #halfClosed = false;
  #over = false;

  constructor(context: ServiceContext, call: ServerCall) {
    this.#context = context;
    this.#call = call;
    try {
      requireServing(context, call);
    } catch (error) {
      this.#end(error);
    }
  }

  message(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#waiting.length >= keepAlivesWaitingMax) {
      this.#end(tooManyRequestsError());
      return;
    }
    this.#waiting.push(bytes.slice());
    if (!this.#working && !this.#blocked) void this.#work();
  }

  halfClosed(): void {
    this.#halfClosed = true;
    if (!this.#working && !this.#blocked) this.#finish();
  }

  cancelled(): void {
    this.#over = true;
    this.#waiting.length = 0;
  }

  drained(): void {
    if (!this.#blocked || this.#over) return;
    this.#blocked = false;
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) {
        const answer = await this.#renew(bytes);
        if (this.#over) return;
        if (this.#call.send(answer)) continue;
        this.#blocked = true;
        return;
      }
    } catch (error) {
      this.#end(error);
      return;
    } finally {
      this.#working = false;
    }
    if (this.#halfClosed) this.#finish();
  }

  async #renew(bytes: Uint8Array): Promise<Uint8Array> {
    const { member } = this.#context;
    const { ID } = pb.LeaseKeepAliveRequest.decode(bytes);
    refuse(member.auth.checkNamed(this.#context.authenticate(this.#call)));
    // Before the renewal, so that a client never sees a lease alive at a revision at which it was revoked.
    const facts = presentFacts(member);
    const TTL = await member.leaseKeepAlive(ID as LeaseId);
    return encodeAnswer(this.#context, pb.LeaseKeepAliveResponse, { body: { ID, TTL }, facts });
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#call.end();
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.length = 0;
    this.#call.end(streamStatusOf(error));
  }
}

function refuse(code: AuthErrorCode | undefined): void {
  if (code !== undefined) throw fromAuthError(code);
}
