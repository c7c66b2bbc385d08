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

/** A change of the replicated state: what a log entry holds. Reads are not here; they use ReadIndex. */
export type Request =
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'delete-range'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'lease-grant'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'lease-revoke'; readonly id: LeaseId };

/** The answer to each type of Request. */
export interface Responses {
  readonly put: PutResponse;
  readonly 'delete-range': DeleteRangeResponse;
  readonly txn: TxnResponse;
  readonly compact: null;
  readonly 'lease-grant': null;
  readonly 'lease-revoke': null;
}

/** A Request in the log. `id` is unique over all members and restarts, so that its proposer knows it again. */
export interface Proposal {
  readonly id: string;
  readonly request: Request;
}

/** A Request's answer with the revision of the store right after it was applied. */
export interface Applied<R extends Request = Request> {
  readonly response: Responses[R['type']];
  readonly revision: Revision;
}
