import type { AuthStore } from '../mvcc/auth/auth-store.ts';
import type { BackendView } from '../mvcc/backend.ts';
import type { Store } from '../mvcc/store.ts';
import type { Lease } from '../mvcc/lessor.ts';
import type { LeaseId, Revision } from '../mvcc/types.ts';
import type { Platform } from '../platform/platform.ts';
import type { Index, MemberId, Term } from '../raft/types.ts';
import type { Alarm } from './alarms.ts';
import type { Watch, WatchEvents, WatchRequest } from './client.ts';
import type { ClusterMember, Downgrade } from './membership.ts';
import type { Applied, Request, RequestAuth } from './request.ts';

/**
 * A member as its services see it (etcd's EtcdServer). All state that is read here is this member's own, as far as it has
 * applied the log. Methods that return promises reject with an EtcdError whose message is etcd's sentence.
 */
export interface EtcdServer {
  readonly platform: Platform;
  readonly id: MemberId;
  /** Lower-case hex, as MemberId. */
  readonly clusterId: string;
  readonly name: string;
  readonly store: Store;
  readonly auth: AuthStore;
  readonly electionTimeoutMillis: number;

  /** The leader as far as this member knows, or noMember. */
  readonly leader: MemberId;
  readonly leading: boolean;
  readonly term: Term;
  readonly committed: Index;
  readonly applied: Index;
  /** A learner serves only Status, serializable Range and Snapshot. */
  readonly learner: boolean;

  /**
   * Puts a change into the log; resolves when it was applied here. `encoded`, if given, is the request's protobuf message
   * as it came in (etcdserverpb.PutRequest …) and is kept as it is: the caller has decoded and checked it.
   */
  propose<R extends Request>(request: R, options?: ProposeOptions): Promise<Applied<R>>;
  /** As `propose` without a promise, for the hot path. Exactly one of the callbacks is called, later. */
  submit<R extends Request>(request: R, options: ProposeOptions, done: Done<Applied<R>>): void;

  /** Resolves when this member's store is at least as new as anything acknowledged before. One round serves all who wait. */
  linearizableRead(): Promise<void>;
  /** As `linearizableRead` without a promise. May call back at once when nothing stands in the way. */
  whenReadable(done: Done<void>): void;

  watch(request: WatchRequest, events: WatchEvents): Watch;

  /** Renews; the new time to live in seconds, 0 for an unknown or expired lease. Forwarded to the leader. */
  leaseKeepAlive(id: LeaseId): Promise<number>;
  /** Asked of the leader. undefined: no such lease. Keys as they are here. */
  leaseTimeToLive(
    id: LeaseId,
  ): Promise<{ readonly grantedTtl: number; readonly remainingTtl: number } | undefined>;
  /** Those that this member knows. The leader names the one that ends next first. */
  leases(): readonly Lease[];
  /** A lease id that nobody has: a positive int63. */
  newLeaseId(): LeaseId;

  members(): readonly ClusterMember[];
  memberAdd(peerUrls: readonly string[], learner: boolean): Promise<ClusterMember>;
  memberRemove(id: MemberId): Promise<void>;
  memberUpdate(id: MemberId, peerUrls: readonly string[]): Promise<void>;
  memberPromote(id: MemberId): Promise<void>;
  moveLeader(target: MemberId): Promise<void>;

  alarms(): readonly Alarm[];
  /** The version all members can speak, `3.6.0`; undefined while undecided. */
  readonly clusterVersion: string | undefined;
  readonly downgrade: Downgrade;

  /** The quota in bytes of live data; 0 = none. */
  readonly quotaBytes: number;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;

  /** Resolves when the physical part of the newest compaction is done here (Compact with `physical`). */
  compacted(): Promise<void>;
  /** etcd's HashKV at `revision` (0 = newest), in slices, without stopping the member. */
  hashKv(
    revision: number,
  ): Promise<{ readonly hash: number; readonly compactRevision: number; readonly hashRevision: Revision }>;
  /** A consistent view of everything applied, for the Snapshot RPC. The caller closes it. */
  view(): BackendView;
  /** Gives pages back where the backend can. */
  defragment(): Promise<void>;
}

export interface ProposeOptions {
  readonly auth?: RequestAuth | undefined;
  readonly encoded?: Uint8Array;
}

export interface Done<T> {
  ok(value: T): void;
  failed(error: Error): void;
}
