import { noMember } from '../raft/types.ts';
import { EtcdError } from './errors.ts';
import type { EtcdServer } from './etcd-server.ts';

const retryMillis = 1000;
const leaderPollMillis = 10;

/**
 * Until the log has told the others what this member is called and where its clients find it, in this life or an earlier one, and
 * until this member has all that was committed before: what it told in an earlier life may be newer than what it kept of it.
 *
 * @returns false when the member has stopped before
 */
export async function publish(
  member: EtcdServer,
  clientUrls: readonly string[],
  stopped: () => boolean,
): Promise<boolean> {
  const { clock, logger } = member.platform;
  while (!stopped()) {
    if (member.leader === noMember) {
      await clock.sleep(leaderPollMillis);
      continue;
    }
    const known = member.members().find(({ id }) => id === member.id);
    try {
      if (known?.name === member.name && sameTexts(known.clientUrls, clientUrls))
        await member.linearizableRead();
      else
        await member.propose({
          type: 'member-attributes',
          memberId: member.id,
          name: member.name,
          clientUrls,
        });
      return true;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      logger.debug('not published yet', { error: error.message });
      await clock.sleep(retryMillis);
    }
  }
  return false;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
