import type { MemberId } from '../raft/types.ts';

/** A member of the cluster as everybody knows it (etcd's membership.Member). */
export interface ClusterMember {
  readonly id: MemberId;
  /** Empty until the member has started and said it. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until the member has started and said them. */
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** Whether the cluster is on its way to an older version, and which. */
export interface Downgrade {
  readonly enabled: boolean;
  readonly targetVersion: string;
}
