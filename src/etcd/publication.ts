import { EtcdError } from './errors.ts';
import type { EtcdServer } from './etcd-server.ts';

const retryMillis = 1000;

/**
 * Until the log has told the others what this member is called and where its clients find it.
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
    const known = member.members().find(({ id }) => id === member.id);
    if (known !== undefined && known.name === member.name && sameTexts(known.clientUrls, clientUrls))
      return true;
    try {
      await member.propose({ type: 'member-attributes', memberId: member.id, name: member.name, clientUrls });
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
