import { must } from '../base/assert.ts';
import { deferred } from '../base/deferred.ts';
import type { Address } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import type { MemberId } from '../raft/types.ts';
import type { ClusterConfig } from './cluster.ts';
import { DataDirectoryError } from './data-directory.ts';
import type { ClusterMember } from './membership.ts';
import { peerProtocol, type MembersQuestion } from './peers.ts';

/** What a member tells one who does not know the cluster yet. */
export interface ClusterIntroduction {
  readonly type: 'cluster';
  readonly clusterId: string;
  readonly members: readonly ClusterMember[];
}

const answerMillisMax = 5000;
/** How long a joining member asks around: long for members that are down, briefly once one has answered that it knows of nobody. */
const retryMillis = 500;
const attemptsMax = 120;
const unknownMax = 10;

/**
 * Finds the cluster that this member was announced to, who is in it, and the id it was given there
 * (etcd's GetClusterFromRemotePeers).
 *
 * @throws DataDirectoryError when nobody knows it
 */
export async function findCluster(
  platform: Platform,
  { members }: ClusterConfig,
  name: string,
): Promise<ClusterIntroduction & { readonly memberId: MemberId }> {
  const own = must(members.find((member) => member.name === name));
  const urls = own.peerUrls ?? [];
  let reason = 'no other member is named';
  platform.logger.info('asks the others who is in the cluster', { name, peerUrls: urls.join(' ') });
  for (let attempt = 0, unknown = 0; attempt < attemptsMax && unknown < unknownMax; attempt++) {
    let answered = false;
    for (const other of members) {
      if (other === own) continue;
      try {
        const introduction = await askMembers(platform, other.peerAddress);
        const self = introduction.members.find(({ peerUrls }) => peerUrls.some((url) => urls.includes(url)));
        if (self !== undefined) return { ...introduction, memberId: self.id };
        reason = `${other.name} knows no member at ${urls.join(', ')}`;
        answered = true;
      } catch (error) {
        reason = `${other.name}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    if (answered) unknown++;
    await platform.clock.sleep(retryMillis);
  }
  throw new DataDirectoryError(
    `${name} cannot join: ${reason}; announce it first with \`etcdctl member add\`, and name its peer URL as it was announced`,
  );
}

/** Asks the member at `address` who is in its cluster. @throws NetworkError, or an Error that says what was answered */
export async function askMembers(platform: Platform, address: Address): Promise<ClusterIntroduction> {
  const answer = deferred<ClusterIntroduction>();
  const link = await platform.network.links.connect(address, {
    message: (message) => answer.resolve(message as ClusterIntroduction),
    closed: (reason) => answer.reject(new Error(`no answer: ${reason}`)),
  });
  const timer = platform.clock.setTimer(answerMillisMax, () =>
    answer.reject(new Error(`no answer within ${answerMillisMax} ms`)),
  );
  try {
    link.send({ type: 'members', protocol: peerProtocol } satisfies MembersQuestion);
    return await answer.promise;
  } finally {
    timer.cancel();
    link.close();
  }
}
