import { ProtoError } from '../base/protobuf.ts';
import { isReadOnly } from '../mvcc/request-check.ts';
import { type LeaseId, noLease, revision } from '../mvcc/types.ts';
import type { Platform } from '../platform/platform.ts';
import { type MemberId, noMember, term } from '../raft/types.ts';
import type { EtcdClient, MemberStatus, ResponseHeader, Watch, WatchEvents, WatchRequest } from './client.ts';
import { EtcdError } from './errors.ts';
import { GrpcCalls, type GrpcEtcdClientOptions } from './grpc-calls.ts';
import { GrpcKeepAlives } from './grpc-keep-alive.ts';
import { GrpcWatches } from './grpc-watch.ts';
import * as pb from './proto/rpc.ts';
import { memberIdOfBig } from './wire/ids.ts';
import {
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from './wire/requests.ts';
import {
  decodeCompactionResponse,
  type DecodedHeader,
  decodeDeleteRangeResponse,
  decodePutResponse,
  decodeRangeResponse,
  decodeTxnResponse,
} from './wire/responses.ts';

export type { EtcdCredentials, GrpcEtcdClientOptions } from './grpc-calls.ts';

/**
 * An EtcdClient of any etcd v3 cluster, over gRPC: of drydock's members and of etcd's.
 *
 * Calls go to one endpoint until that fails, then to the next (grpc-endpoints.ts). Reads, renewals and calls that were not sent
 * are repeated there; a write that may have been done never is (grpc-calls.ts). Watches and renewals share one stream each
 * and go on at another endpoint when it ends: a watch with the revision after the last one delivered, so that it has
 * neither gap nor repetition (grpc-watch.ts). Watches end only when their revisions were compacted, when they are refused, or
 * with the client.
 */
export class GrpcEtcdClient implements EtcdClient {
  readonly #calls: GrpcCalls;
  readonly #watches: GrpcWatches;
  readonly #keepAlives: GrpcKeepAlives;

  constructor(platform: Platform, options: GrpcEtcdClientOptions) {
    this.#calls = new GrpcCalls(platform, options);
    this.#watches = new GrpcWatches(this.#calls);
    this.#keepAlives = new GrpcKeepAlives(this.#calls);
  }

  range(request: Parameters<EtcdClient['range']>[0]): ReturnType<EtcdClient['range']> {
    return this.#ask('/etcdserverpb.KV/Range', encodeRangeRequest(request), true, decodeRangeResponse);
  }

  put(request: Parameters<EtcdClient['put']>[0]): ReturnType<EtcdClient['put']> {
    return this.#ask('/etcdserverpb.KV/Put', encodePutRequest(request), false, decodePutResponse);
  }

  deleteRange(request: Parameters<EtcdClient['deleteRange']>[0]): ReturnType<EtcdClient['deleteRange']> {
    const message = encodeDeleteRangeRequest(request);
    return this.#ask('/etcdserverpb.KV/DeleteRange', message, false, decodeDeleteRangeResponse);
  }

  txn(request: Parameters<EtcdClient['txn']>[0]): ReturnType<EtcdClient['txn']> {
    const message = encodeTxnRequest(request);
    return this.#ask('/etcdserverpb.KV/Txn', message, isReadOnly(request), decodeTxnResponse);
  }

  compact(at: number): ReturnType<EtcdClient['compact']> {
    const message = encodeCompactionRequest({ revision: at, physical: false });
    return this.#ask('/etcdserverpb.KV/Compact', message, false, decodeCompactionResponse);
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    return this.#watches.watch(request, events);
  }

  async leaseGrant(ttlSeconds: number, id: LeaseId = noLease): ReturnType<EtcdClient['leaseGrant']> {
    const message = pb.LeaseGrantRequest.encode({ TTL: ttlSeconds, ID: id });
    const reply = await this.#calls.unary('/etcdserverpb.Lease/LeaseGrant', message, false);
    const { ID, TTL } = decoded(pb.LeaseGrantResponse.decode, reply);
    return { id: ID as LeaseId, ttlSeconds: TTL };
  }

  async leaseRevoke(id: LeaseId): Promise<void> {
    await this.#calls.unary(
      '/etcdserverpb.Lease/LeaseRevoke',
      pb.LeaseRevokeRequest.encode({ ID: id }),
      false,
    );
  }

  leaseKeepAlive(id: LeaseId): Promise<number> {
    return this.#keepAlives.renew(id);
  }

  /** Of the member at the endpoint in use. */
  async status(): Promise<MemberStatus> {
    const path = '/etcdserverpb.Maintenance/Status';
    const reply = await this.#calls.unary(path, pb.StatusRequest.encode({}), true);
    const status = decoded(pb.StatusResponse.decode, reply);
    const { header } = status;
    const id = memberIdOfBig(header?.memberId ?? 0n) ?? noMember;
    return {
      memberId: id,
      clusterId: (header?.clusterId ?? 0n).toString(16),
      name: await this.#nameOf(id),
      version: status.version,
      leader: memberIdOfBig(status.leader) ?? noMember,
      raftTerm: term(status.raftTerm),
      raftIndex: status.raftIndex,
      raftAppliedIndex: status.raftAppliedIndex,
      revision: revision(header?.revision ?? 0),
    };
  }

  /** Ends everything: calls fail, watches are closed. Idempotent. */
  close(): void {
    this.#watches.close();
    this.#keepAlives.close();
    this.#calls.close();
  }

  /** A status has no name. Empty where the caller may not know the members. */
  async #nameOf(memberId: MemberId): Promise<string> {
    try {
      const path = '/etcdserverpb.Cluster/MemberList';
      const reply = await this.#calls.unary(path, pb.MemberListRequest.encode({}), true);
      const { members } = decoded(pb.MemberListResponse.decode, reply);
      return members.find(({ ID }) => memberIdOfBig(ID) === memberId)?.name ?? '';
    } catch (error) {
      if (!(error instanceof EtcdError) || error.outcomeUnknown) throw error;
      return '';
    }
  }

  async #ask<T extends { readonly header: DecodedHeader }>(
    path: string,
    message: Uint8Array,
    repeatable: boolean,
    decode: (reply: Uint8Array) => T,
  ): Promise<T & { readonly header: ResponseHeader }> {
    const reply = await this.#calls.unary(path, message, repeatable);
    // The wire's header is the client's, but for brands.
    return decoded(decode, reply) as T & { readonly header: ResponseHeader };
  }
}

/** A reply that cannot be read comes from a server that did what it was asked for, or did not. */
function decoded<T>(decode: (reply: Uint8Array) => T, reply: Uint8Array): T {
  try {
    return decode(reply);
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    throw new EtcdError('unknown', `etcd client: malformed reply: ${error.message}`, { cause: error });
  }
}
