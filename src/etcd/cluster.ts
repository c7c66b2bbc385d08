import { assert } from '../base/assert.ts';
import { fnv1a64 } from '../base/hash.ts';
import { compareStrings } from '../base/order.ts';
import type { Address } from '../platform/network.ts';
import { memberId, type MemberId } from '../raft/types.ts';
import type { ClusterMember } from './membership.ts';
import type { Peer } from './peers.ts';

/** One store member as the cluster's configuration names it. */
export interface ConfiguredMember {
  readonly name: string;
  /** Where its peers reach it. */
  readonly peerAddress: Address;
  /** The same as URLs, for those who list members; by default one made of `peerAddress`. */
  readonly peerUrls?: readonly string[];
  /**
   * The user its certificate names. A link that claims to be this member must show it; absent: nobody is asked,
   * for tests and networks that are themselves the lock.
   */
  readonly user?: string;
}

/** The members a cluster starts with; every one of them is given the same list. */
export interface ClusterConfig {
  /** Tells clusters with the same member names apart (etcd's --initial-cluster-token). */
  readonly token: string;
  readonly members: readonly ConfiguredMember[];
  /** `existing`: this member was announced to a running cluster, whose members are listed too. Default `new`. */
  readonly state?: 'new' | 'existing';
}

/** A founder's id follows from its name and the cluster's token, so that all founders agree without talking. */
export function memberIdOf(token: string, name: string): MemberId {
  return idOf(`member ${token} ${name}`);
}

/** The id of a member that joins later; `chance` makes it new each time. */
export function joiningMemberId(peerUrls: readonly string[], chance: string): MemberId {
  return idOf(`joining ${peerUrls.toSorted(compareStrings).join(' ')} ${chance}`);
}

function idOf(text: string): MemberId {
  const id = fnv1a64(text).toString(16);
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

/** The founders as the cluster will know them. */
export function foundersOf({ token, members }: ClusterConfig): readonly ClusterMember[] {
  return members.map(({ name, peerAddress, peerUrls, user }) => ({
    id: memberIdOf(token, name),
    name,
    peerUrls: peerUrls ?? [`http://${peerAddress.host}:${peerAddress.port}`],
    clientUrls: [],
    learner: false,
    ...(user !== undefined && { user }),
  }));
}

/** Where a member is reached: at the first of its peer URLs. */
export function peerOf({ peerUrls, user }: ClusterMember): Peer | undefined {
  const address = peerUrls[0] === undefined ? undefined : addressOf(peerUrls[0]);
  return address && { address, user };
}

/** The host and port of `http://host:port` or `https://[::1]:port`; undefined when it is not of that form. */
export function addressOf(url: string): Address | undefined {
  const found = /^https?:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^/:[\]]+)):(\d{1,5})\/?$/.exec(url);
  if (found === null || Number(found[3]) > 65_535) return undefined;
  return { host: (found[1] ?? found[2])!, port: Number(found[3]) };
}
