import { assert } from '../base/assert.ts';
import { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import type { MemberStatus } from './status.ts';
import type { Index, MemberId } from './types.ts';

/** A leader's view of every member, and what a majority of them has. */
export class ProgressTracker {
  readonly #state: RaftState;
  #progress = new Map<MemberId, Progress>();

  constructor(state: RaftState) {
    this.#state = state;
    this.followMembership();
  }

  get(member: MemberId): Progress | undefined {
    return this.#progress.get(member);
  }

  /** Of a voter or learner. */
  of(member: MemberId): Progress {
    return this.#progress.get(member)!;
  }

  /** Keeps what is known of those who stay. */
  followMembership(): void {
    const progress = new Map<MemberId, Progress>();
    for (const member of this.#state.membership.members) {
      progress.set(member, this.#progress.get(member) ?? this.#newProgress());
    }
    this.#progress = progress;
  }

  #newProgress(): Progress {
    const { config, log } = this.#state;
    const next = (log.lastIndex + 1) as Index;
    const progress = new Progress(next, config.inflightMessagesMax, config.inflightBytesMax);
    // Innocent until the next CheckQuorum.
    progress.recentActive = true;
    return progress;
  }

  /** The index that a majority holds (§5.3). */
  majorityMatch(): Index {
    return this.#state.membership.majorityOf(this.#matchOf) as Index;
  }

  readonly #matchOf = (voter: MemberId): number => this.of(voter).match;

  /** The newest read round that a majority confirmed; the leader itself confirms any (thesis §6.4). */
  majorityReadRound(): number {
    return this.#state.membership.majorityOf(this.#readRoundOf);
  }

  readonly #readRoundOf = (voter: MemberId): number =>
    voter === this.#state.id ? Number.MAX_SAFE_INTEGER : this.of(voter).readRound;

  /** Whether a majority was heard from since the last call. */
  takeQuorumActive(): boolean {
    const { id, membership } = this.#state;
    const active = new Map<MemberId, boolean>();
    for (const voter of membership.voters) active.set(voter, voter === id || this.of(voter).recentActive);
    for (const progress of this.#progress.values()) progress.recentActive = false;
    return membership.voteResult(active) === 'won';
  }

  /** Gives up snapshots that nobody reported for too long. */
  tickSnapshots(): void {
    for (const progress of this.#progress.values()) {
      if (progress.state === 'StateSnapshot' && --progress.snapshotTicksLeft <= 0) progress.snapshotFailed();
    }
  }

  status(): readonly MemberStatus[] {
    const { learners } = this.#state.confState;
    return this.#state.membership.members.map((id) => {
      const { match, next, state, paused, recentActive } = this.of(id);
      return { id, learner: learners.includes(id), match, next, state, paused, recentActive };
    });
  }

  checkInvariants(): void {
    const { id, config, log } = this.#state;
    for (const [member, { match, next, inflights }] of this.#progress) {
      assert(match < next, () => `${member}: match ${match} ≥ next ${next}`);
      assert(match <= log.lastIndex, () => `${member}: match ${match} > last ${log.lastIndex}`);
      assert(inflights.count <= config.inflightMessagesMax, () => `${member}: too many inflight`);
    }
    const own = this.#progress.get(id);
    assert(own === undefined || own.match <= log.stableIndex, 'a leader counts only what it made durable');
  }
}
