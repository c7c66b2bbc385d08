import type { Platform } from '../platform/platform.ts';
import type { MemberId } from '../raft/types.ts';
import { peerOf } from './cluster.ts';
import { askMembers } from './joining.ts';
import type { ClusterMember } from './membership.ts';

export interface IntroductionsOptions {
  readonly platform: Platform;
  readonly clusterId: string;
  /** Whom the others told of before this life's log says who is there. */
  readonly first: readonly ClusterMember[];
  /** The members that this member's own log knows. */
  readonly known: () => readonly ClusterMember[];
  readonly isRemoved: (id: MemberId) => boolean;
  /** There are more now. */
  readonly changed: () => void;
}

/** One who is asked for again and again is looked up so often. */
const lookUpEveryMillis = 1000;

/**
 * Members that others have told of. A member whose log lags has not heard of one that joined since, and that one may lead by now:
 * turned away for ever, it could never bring the log up to date. So the members that are known are asked about a stranger,
 * and one that they know is let in.
 */
export class Introductions {
  readonly #options: IntroductionsOptions;
  readonly #told = new Map<MemberId, ClusterMember>();
  #askedAtMillis = -Infinity;

  constructor(options: IntroductionsOptions) {
    this.#options = options;
    for (const member of options.first) this.#told.set(member.id, member);
  }

  /** Everybody known: as the log says, and as others say of those that it does not know. */
  members(): readonly ClusterMember[] {
    const { known, isRemoved } = this.#options;
    const own = known();
    const ids = new Set(own.map(({ id }) => id));
    return [...own, ...[...this.#told.values()].filter(({ id }) => !ids.has(id) && !isRemoved(id))];
  }

  /** A member that nobody here knows has called. */
  lookUp(stranger: MemberId): void {
    const { platform } = this.#options;
    const now = platform.clock.monotonicMillis();
    if (now - this.#askedAtMillis < lookUpEveryMillis) return;
    this.#askedAtMillis = now;
    void this.#ask(stranger);
  }

  async #ask(stranger: MemberId): Promise<void> {
    const { platform, clusterId, known, isRemoved, changed } = this.#options;
    for (const member of known()) {
      const peer = peerOf(member);
      if (peer === undefined) continue;
      try {
        const introduction = await askMembers(platform, peer.address);
        if (introduction.clusterId !== clusterId) continue;
        const found = introduction.members.find(({ id }) => id === stranger);
        if (found === undefined || isRemoved(stranger)) continue;
        platform.logger.info('another member knows the one that called', { member: stranger, by: member.id });
        this.#told.set(stranger, found);
        changed();
        return;
      } catch (error) {
        // Down, cut off, or no member at all: the next one may know.
        platform.logger.debug('cannot ask about a member', { by: member.id, error: String(error) });
      }
    }
  }
}
