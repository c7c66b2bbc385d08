import type { Timer } from '../platform/clock.ts';
import type { MemberId } from '../raft/types.ts';
import { EtcdError } from './errors.ts';
import type { EtcdServer } from './member-surface.ts';

/** What another member says it has at a revision; without a hash it cannot say (it is behind, or compacted further). */
export interface HashAnswer {
  readonly hash?: number;
  readonly compactRevision?: number;
}

export interface CorruptionCheckOptions {
  readonly member: EtcdServer;
  /** How often the leader looks; 0: never. */
  readonly intervalMillis: number;
  /** @throws EtcdError */
  readonly askHash: (member: MemberId, revision: number) => Promise<HashAnswer>;
}

/**
 * Compares what members have (etcd's corruption monitor): the leader hashes its history at a revision and asks the others for
 * theirs. Only hashes over the same range of history can be compared. Who differs from the leader, with the leader in the
 * majority or not, raises the CORRUPT alarm, and from then on every request is refused until people have looked.
 */
export class CorruptionCheck {
  readonly #options: CorruptionCheckOptions;
  #timer: Timer | undefined;

  constructor(options: CorruptionCheckOptions) {
    this.#options = options;
  }

  /** This member leads now. */
  start(): void {
    const { intervalMillis, member } = this.#options;
    this.#timer?.cancel();
    if (intervalMillis <= 0) return;
    this.#timer = member.platform.clock.setTimer(intervalMillis, () => {
      void this.check().finally(() => {
        if (this.#timer !== undefined) this.start();
      });
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Never rejects: what cannot be compared now is compared next time. */
  async check(): Promise<void> {
    const { member } = this.#options;
    try {
      await member.linearizableRead();
      const own = await member.hashKv(0);
      const others = member.members().filter(({ id, learner }) => id !== member.id && !learner);
      for (const { id } of others) await this.#compare(id, own);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      member.platform.logger.debug('cannot compare hashes now', { error: error.message });
    }
  }

  async #compare(id: MemberId, own: Awaited<ReturnType<EtcdServer['hashKv']>>): Promise<void> {
    const { member, askHash } = this.#options;
    const answer = await askHash(id, own.hashRevision);
    if (answer.hash === undefined || answer.compactRevision !== own.compactRevision) return;
    if (answer.hash === own.hash || !member.leading) return;
    member.platform.logger.error('members differ: this cluster is corrupt', {
      member: id,
      revision: own.hashRevision,
      ownHash: own.hash,
      hash: answer.hash,
    });
    await member.propose({ type: 'alarm', action: 'activate', alarm: 'corrupt', memberId: id });
  }
}
