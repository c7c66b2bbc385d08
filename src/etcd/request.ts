import type { AuthRequest, AuthResponse } from '../mvcc/auth/auth-request.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseId,
  PutRequest,
  PutResponse,
  Revision,
  TxnRequest,
  TxnResponse,
} from '../mvcc/types.ts';
import type { MemberId } from '../raft/types.ts';
import type { AlarmType } from './alarms.ts';
import type { Downgrade } from './membership.ts';

/** A change of the replicated state: what a log entry holds. Reads are not here; they use ReadIndex. */
export type Request =
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'delete-range'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'lease-grant'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'lease-revoke'; readonly id: LeaseId }
  | { readonly type: 'lease-checkpoint'; readonly checkpoints: readonly LeaseCheckpoint[] }
  | {
      readonly type: 'alarm';
      readonly action: 'activate' | 'deactivate';
      readonly alarm: AlarmType;
      readonly memberId: MemberId;
    }
  | { readonly type: 'auth'; readonly request: AuthRequest }
  /** What a member tells of itself when it has started (etcd's publish). */
  | {
      readonly type: 'member-attributes';
      readonly memberId: MemberId;
      readonly name: string;
      readonly clientUrls: readonly string[];
    }
  | { readonly type: 'member-update'; readonly memberId: MemberId; readonly peerUrls: readonly string[] }
  /** The version that all members can speak. */
  | { readonly type: 'cluster-version'; readonly version: string }
  | { readonly type: 'downgrade'; readonly downgrade: Downgrade };

export interface LeaseCheckpoint {
  readonly id: LeaseId;
  readonly remainingTtlSeconds: number;
}

/** The answer to each type of Request. */
export interface Responses {
  readonly put: PutResponse;
  readonly 'delete-range': DeleteRangeResponse;
  readonly txn: TxnResponse;
  readonly compact: null;
  readonly 'lease-grant': null;
  readonly 'lease-revoke': null;
  readonly 'lease-checkpoint': null;
  readonly alarm: null;
  readonly auth: AuthResponse;
  readonly 'member-attributes': null;
  readonly 'member-update': null;
  readonly 'cluster-version': null;
  readonly downgrade: null;
}

/**
 * Who asks, as the door of this member found out; checked again when the request is applied, for by then the rules may
 * have changed: an `authRevision` that is no longer the store's refuses the request.
 */
export interface RequestAuth {
  readonly username: string;
  readonly authRevision: number;
}

/** A Request's answer with the revision of the store right after it was applied. */
export interface Applied<R extends Request = Request> {
  readonly response: Responses[R['type']];
  readonly revision: Revision;
  readonly raftTerm: number;
}
