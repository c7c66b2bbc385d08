import type { Platform } from '../platform/platform.ts';
import { emptyConfState } from '../raft/storage.ts';
import type { ConfState, MemberId } from '../raft/types.ts';
import { writeApplied } from './applied-state.ts';
import { checkCluster, clusterIdOf, foundersOf, memberIdOf } from './cluster.ts';
import { DataDirectoryError, MemberRemovedError, type DataIdentity } from './data-directory.ts';
import { DurableLog, type OpenedLog } from './durable-log.ts';
import { findCluster } from './joining.ts';
import { withDefaults, type MemberOptions } from './member-options.ts';
import { Membership, promoteMember, removeMember, type ClusterMember } from './membership.ts';

/** Who a member is and what it has when a life of it begins. */
export interface Opening extends OpenedLog {
  readonly identity: DataIdentity;
  /** Whom to speak to until the leader's snapshot says who is in the cluster. */
  readonly introduced: readonly ClusterMember[];
}

/**
 * Opens or creates the data directory: as a founder of a new cluster, or as one who joins a cluster that stands, which is asked
 * who is in it. Who has joined once knows the cluster, and its own id in it.
 *
 * @throws DataDirectoryError when the directory is another member's, damaged, locked, or of a member that was removed
 */
export async function openMember(platform: Platform, options: MemberOptions): Promise<Opening> {
  const { cluster, name, backends } = options;
  checkCluster(cluster, name);
  const { dataDirectory: directory, segmentBytes } = withDefaults(options);
  const forced = options.forceNewCluster === true;
  const joining = cluster.state === 'existing' || forced;
  let found: Awaited<ReturnType<typeof findCluster>> | undefined;
  let identity: DataIdentity;
  if (joining) {
    const known = await DurableLog.readIdentity(platform, directory);
    if (known === undefined && forced) {
      throw new DataDirectoryError(`${directory} holds no data that could be gone on with alone`);
    }
    if (known === undefined) found = await findCluster(platform, cluster, name);
    identity = known ?? { clusterId: found!.clusterId, memberId: found!.memberId, name };
  } else {
    identity = { clusterId: clusterIdOf(cluster), memberId: memberIdOf(cluster.token, name), name };
  }
  const founders = joining ? [] : foundersOf(cluster);
  const opened = await DurableLog.open(platform, backends, { directory, segmentBytes, identity, founders });
  if (joining && !forced && opened.applied.index === 0) found ??= await findCluster(platform, cluster, name);
  if (new Membership(opened.backend).isRemoved(identity.memberId)) {
    await opened.log.close();
    await opened.backend.close();
    throw new MemberRemovedError(
      `${directory} is of a member that was removed from the cluster for good: empty it, and \`etcdctl member add\` the member again`,
    );
  }
  if (forced) await standAlone(platform, opened, identity.memberId);
  return { ...opened, identity, introduced: found?.members ?? [] };
}

/** Makes this member its cluster. The others are removed for good: one that comes back is refused. */
async function standAlone(
  { logger }: Platform,
  { backend, log, applied }: OpenedLog,
  self: MemberId,
): Promise<void> {
  const membership = new Membership(backend);
  if (membership.get(self)?.learner === true) membership.apply(promoteMember(self));
  for (const { id, name } of membership.members()) {
    if (id === self) continue;
    membership.apply(removeMember(id));
    logger.warn('removed a member to go on alone', { member: id, name });
  }
  const confState: ConfState = { ...emptyConfState, voters: [self] };
  writeApplied(backend, { ...applied, confState });
  backend.commit();
  await backend.flush();
  log.storage.setConfState(confState);
}
