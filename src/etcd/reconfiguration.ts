import type { MemberId } from '../raft/types.ts';
import { notEnoughStartedMembersError, unhealthyError, type EtcdError } from './errors.ts';
import type { ClusterMember } from './membership.ts';

/** A link counts when it has stood for this long (etcd's HealthInterval). */
export const healthMillis = 5000;

/** What this member sees of its cluster. */
export interface ClusterHealth {
  readonly voters: readonly ClusterMember[];
  readonly self: MemberId;
  readonly nowMillis: number;
  /** Since when a link to the member stands; undefined while there is none. */
  readonly connectedSinceMillis: (member: MemberId) => number | undefined;
}

/**
 * What strict reconfiguration has against a change (etcd's mayAddMember, mayPromoteMember, mayRemoveMember,
 * --strict-reconfig-check): with what is up now, the cluster after the change must have a quorum.
 */
export function checkAddition(health: ClusterHealth, addsVoter: boolean): EtcdError | undefined {
  const { voters } = health;
  if (addsVoter) {
    const started = voters.filter(isStarted).length;
    // The first member of a cluster of one may add a second: whoever asks for that knows what it does.
    const second = voters.length === 1 && started === 1;
    if (!second && started < majorityOf(voters.length + 1)) return notEnoughStartedMembersError();
  }
  return connectedCount(health) < voters.length ? unhealthyError() : undefined;
}

/** A learner that has caught up runs, and may stand in for a voter that is down: links do not matter. */
export function checkPromotion({ voters }: ClusterHealth): EtcdError | undefined {
  const started = voters.filter(isStarted).length + 1;
  return started < majorityOf(voters.length + 1) ? notEnoughStartedMembersError() : undefined;
}

/** Of a voter, or of one that nobody knows, which etcd looks for last. */
export function checkRemoval(health: ClusterHealth, removed: MemberId): EtcdError | undefined {
  const { voters } = health;
  const left = voters.filter(({ id }) => id !== removed);
  if (left.filter(isStarted).length < majorityOf(left.length)) return notEnoughStartedMembersError();
  // One that is down is missed by nobody.
  if (removed !== health.self && health.connectedSinceMillis(removed) === undefined) return undefined;
  const active = connectedCount(health);
  return active - 1 < majorityOf(left.length) ? unhealthyError() : undefined;
}

function isStarted({ name }: ClusterMember): boolean {
  return name !== '';
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

function connectedCount({ voters, self, nowMillis, connectedSinceMillis }: ClusterHealth): number {
  return voters.filter(({ id }) => {
    if (id === self) return true;
    const since = connectedSinceMillis(id);
    return since !== undefined && nowMillis - since >= healthMillis;
  }).length;
}
