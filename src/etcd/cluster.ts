import { assert } from '../base/assert.ts';
import { fnv1a64 } from '../base/hash.ts';
import { compareStrings } from '../base/order.ts';
import type { Address } from '../platform/network.ts';
import { memberId, type MemberId } from '../raft/types.ts';

/** One store member as the cluster's configuration names it. */
export interface ClusterMember {
  readonly name: string;
  /** Where its peers reach it. */
  readonly peerAddress: Address;
  /**
   * The user its certificate names. A link that claims to be this member must show it; absent: nobody is asked,
   * for tests and networks that are themselves the lock.
   */
  readonly user?: string;
}

/** The members a cluster starts with; every member is given the same list. */
export interface ClusterConfig {
  /** Tells clusters with the same member names apart (etcd's --initial-cluster-token). */
  readonly token: string;
  readonly members: readonly ClusterMember[];
}

/** A member's id follows from its name and the cluster's token, so that all members agree without talking. */
export function memberIdOf(token: string, name: string): MemberId {
  const id = fnv1a64(`member ${token} ${name}`).toString(16);
  return memberId(id === '0' ? '1' : id);
}

/** The id of the cluster: of its token and the names of its first members, in any order. */
export function clusterIdOf(config: ClusterConfig): string {
  const names = config.members.map((member) => member.name).toSorted(compareStrings);
  return fnv1a64(`cluster ${config.token} ${names.join(' ')}`).toString(16);
}

/** @throws AssertionError when two members share a name, or nobody has `name` */
export function checkCluster(config: ClusterConfig, name: string): void {
  const names = new Set(config.members.map((member) => member.name));
  assert(names.size === config.members.length, 'two members of the cluster have the same name');
  assert(names.has(name), `member ${name} is not in the cluster's list`);
}
