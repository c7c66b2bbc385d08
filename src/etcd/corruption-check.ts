import type { Timer } from '../platform/clock.ts';
import type { MemberId } from '../raft/types.ts';
import { DataDirectoryError } from './data-directory.ts';
import { replacement } from './durable-log.ts';
import { EtcdError } from './errors.ts';
import type { EtcdServer } from './etcd-server.ts';

/** What another member says it has at a revision; without a hash it cannot say (it is behind, or compacted further). */
export interface HashAnswer {
  readonly hash?: number;
  readonly compactRevision?: number;
}

export interface CorruptionCheckOptions {
  readonly member: EtcdServer;
  /** The member's data directory, for what is said of it. */
  readonly directory: string;
  /** How often the leader looks; 0: never. */
  readonly intervalMillis: number;
  /** @throws EtcdError */
  readonly askHash: (member: MemberId, revision: number) => Promise<HashAnswer>;
  /** Since when a link to the member stands; undefined while there is none. */
  readonly connectedSinceMillis: (member: MemberId) => number | undefined;
}

type OwnHash = Awaited<ReturnType<EtcdServer['hashKv']>>;

/** A member that starts waits this long for a link to another one: who is down is not waited for. */
const linkMillisMax = 1000;
/** Asked any earlier, the other has not dialled back yet, and its answer finds no link. */
const linkSettledMillis = 400;
/** How long answers are waited for at a start, besides twice the time that hashing took here. */
const answerMillisMax = 3000;
const pollMillis = 50;

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

  /**
   * Before a member serves, it compares what it has with the others (etcd's InitialCheck). Who is down, behind, or compacted
   * to another revision is passed over. With a majority of the voters on its side it is the others who are wrong, and it starts.
   *
   * @throws DataDirectoryError when it is the odd one out
   */
  async checkBeforeServing(): Promise<void> {
    const { member, directory } = this.#options;
    const { clock, logger } = member.platform;
    const voters = member.members().filter(({ learner }) => !learner);
    const others = voters.filter(({ id }) => id !== member.id);
    // Nothing was written yet: there is nothing to be wrong.
    if (others.length === 0 || member.store.revision <= 1) return;
    const begunAt = clock.monotonicMillis();
    let own: OwnHash;
    try {
      own = await member.hashKv(0);
    } catch (error) {
      // Stopped meanwhile.
      if (!(error instanceof EtcdError)) throw error;
      return;
    }
    const hashedAt = clock.monotonicMillis();
    const until = hashedAt + answerMillisMax + 2 * (hashedAt - begunAt);
    const answers = await Promise.all(others.map(({ id }) => this.#answerOf(id, own.hashRevision, until)));
    const comparable = others.flatMap(({ id, name }, i) => {
      const answer = answers[i];
      return answer?.hash !== undefined && answer.compactRevision === own.compactRevision
        ? [{ id, name, hash: answer.hash }]
        : [];
    });
    const differing = comparable.filter(({ hash }) => hash !== own.hash);
    const agreeing = comparable.length - differing.length;
    logger.info('compared hashes with the other members', {
      revision: own.hashRevision,
      agreeing,
      differing: differing.length,
      passedOver: others.length - comparable.length,
    });
    const [first] = differing;
    if (first === undefined) return;
    if ((agreeing + 1) * 2 > voters.length) {
      for (const { id, name } of differing) logger.error('this member is corrupt', { member: id, name });
      return;
    }
    throw new DataDirectoryError(
      `${directory} differs from ${first.name || first.id} at revision ${own.hashRevision} (hash ${own.hash} here, ${first.hash} there): ${replacement}; if it is the others that are wrong, start it with --initial-corrupt-check=false`,
    );
  }

  /** undefined: the member is down, or did not answer in time. */
  async #answerOf(id: MemberId, revision: number, untilMillis: number): Promise<HashAnswer | undefined> {
    const { member, askHash, connectedSinceMillis } = this.#options;
    const { clock } = member.platform;
    const linkUntil = clock.monotonicMillis() + linkMillisMax;
    for (;;) {
      const now = clock.monotonicMillis();
      const since = connectedSinceMillis(id);
      if (since !== undefined && now - since >= linkSettledMillis) break;
      if (now >= (since === undefined ? linkUntil : untilMillis)) return undefined;
      await clock.sleep(pollMillis);
    }
    return await new Promise((resolve, reject) => {
      const timer = clock.setTimer(Math.max(0, untilMillis - clock.monotonicMillis()), () =>
        resolve(undefined),
      );
      askHash(id, revision)
        .then(resolve, (error: unknown) => {
          if (error instanceof EtcdError) resolve(undefined);
          else reject(error as Error);
        })
        .finally(() => timer.cancel());
    });
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

  async #compare(id: MemberId, own: OwnHash): Promise<void> {
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
