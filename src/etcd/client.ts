import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  Event,
  KeyRange,
  LeaseId,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  Revision,
  TxnRequest,
  TxnResponse,
} from '../mvcc/types.ts';
import type { MemberId, Term } from '../raft/types.ts';

/** What the services are made of, so that a user of the store needs no other import. */
export type * from '../mvcc/types.ts';
export { prefixEnd, revision } from '../mvcc/types.ts';
export { noMember } from '../raft/types.ts';

/**
 * The store as its users see it: etcd v3's services. The API server knows nothing else of the store, so
 * a member in this process, one on another thread, or a real etcd can stand behind it.
 *
 * Promises: writes and linearizable reads are linearizable. A call that rejects with `unavailable` or
 * `deadline-exceeded` may or may not have taken effect; no implementation retries a write.
 *
 * Every method rejects with an EtcdError (etcd/errors.ts).
 */
export interface EtcdClient {
  range(request: RangeRequest & ReadOptions): Promise<RangeResponse & { readonly header: ResponseHeader }>;
  put(request: PutRequest): Promise<PutResponse & { readonly header: ResponseHeader }>;
  deleteRange(
    request: DeleteRangeRequest,
  ): Promise<DeleteRangeResponse & { readonly header: ResponseHeader }>;
  txn(request: TxnRequest): Promise<TxnResponse & { readonly header: ResponseHeader }>;
  /** Forgets all superseded revisions up to and including `revision`. */
  compact(revision: number): Promise<{ readonly header: ResponseHeader }>;

  /**
   * Watches a range. `events` is called in revision order, one revision never split, each exactly once,
   * from `startRevision` (0 or absent: from the next change). See WatchEvents.
   */
  watch(request: WatchRequest, events: WatchEvents): Watch;

  /** `id` 0n lets the server choose. `ttlSeconds` is the least time to live. */
  leaseGrant(
    ttlSeconds: number,
    id?: LeaseId,
  ): Promise<{ readonly id: LeaseId; readonly ttlSeconds: number }>;
  /** Ends the lease and deletes its keys. */
  leaseRevoke(id: LeaseId): Promise<void>;
  /** Renews; resolves with 0 when the lease is unknown or has expired. */
  leaseKeepAlive(id: LeaseId): Promise<number>;

  status(): Promise<MemberStatus>;
}

export interface ReadOptions {
  /** Serve from this member's own state, possibly stale, without asking the quorum. */
  readonly serializable?: boolean;
}

export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: MemberId;
  /** The store's revision when the request was applied (for a read: when it was served). */
  readonly revision: Revision;
  readonly raftTerm: Term;
}

export interface WatchRequest extends KeyRange {
  readonly startRevision?: number;
  readonly prevKv?: boolean;
  /** Also send `progress` now and then while nothing happens. */
  readonly progressNotify?: boolean;
  readonly filters?: readonly ('no-put' | 'no-delete')[];
}

export interface WatchEvents {
  /** The watch stands; events after `revision` will come. Called first, once. */
  created(revision: Revision): void;
  /** All watched changes of one or more whole revisions; `revision` is the newest contained. */
  events(events: readonly Event[], revision: Revision): void;
  /** Nothing in the range happened up to `revision` that was not delivered. */
  progress(revision: Revision): void;
  /**
   * The watch has ended, and nothing follows. `compactRevision` is set when the start was compacted away:
   * list again from there. Otherwise resume from the last revision seen + 1.
   */
  closed(end: { readonly compactRevision?: Revision; readonly reason: string }): void;
}

export interface Watch {
  /**
   * Stops and resumes `events`, for a consumer that is slower than the store: meanwhile nothing is held for it. It then gets all
   * it missed, or is told that it was compacted.
   */
  pause(): void;
  resume(): void;
  /** Asks for a `progress` as soon as everything up to now is delivered. */
  requestProgress(): void;
  /** No callback runs after this. Idempotent. */
  cancel(): void;
}

export interface MemberStatus {
  readonly memberId: MemberId;
  readonly clusterId: string;
  readonly name: string;
  readonly version: string;
  readonly leader: MemberId;
  readonly raftTerm: Term;
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
  readonly revision: Revision;
}
