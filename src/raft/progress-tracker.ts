import { assert } from '../base/assert.ts';
import { Progress } from './progress.ts';
import { jointMajorityValue } from './quorum.ts';
import type { RaftState } from './raft-state.ts';
import type { MemberStatus } from './status.ts';
import type { Index, MemberId } from './types.ts';

/** A leader's view of every member, and what a majority of them has. */
export class ProgressTracker {
  readonly #state: RaftState;
  #progress = new Map<MemberId, Progress>();
  /** Of the voters in each majority. */
  #incoming: readonly Progress[] = [];
  #outgoing: readonly Progress[] = [];
  /** One value for each of them; reused, so that an ack does not allocate. */
  #incomingValues: number[] = [];
  #outgoingValues: number[] = [];

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
    const { id, membership } = this.#state;
    const progress = new Map<MemberId, Progress>();
    for (const member of membership.members) {
      progress.set(member, this.#progress.get(member) ?? this.#newProgress());
    }
    this.#progress = progress;
    const own = progress.get(id);
    if (own !== undefined) own.readRound = Number.MAX_SAFE_INTEGER;
    this.#incoming = membership.confState.voters.map((voter) => this.of(voter));
    this.#outgoing = membership.votersOutgoing.map((voter) => this.of(voter));
    this.#incomingValues = this.#incoming.map(() => 0);
    this.#outgoingValues = this.#outgoing.map(() => 0);
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
    const incoming = this.#incomingValues;
    const outgoing = this.#outgoingValues;
    for (let i = 0; i < incoming.length; i++) incoming[i] = this.#incoming[i]!.match;
    for (let i = 0; i < outgoing.length; i++) outgoing[i] = this.#outgoing[i]!.match;
    return jointMajorityValue(incoming, outgoing) as Index;
  }

  /** The newest read round that a majority confirmed; the leader itself confirms any (thesis §6.4). */
  majorityReadRound(): number {
    const round = ({ readRound }: Progress): number => readRound;
    return jointMajorityValue(this.#incoming.map(round), this.#outgoing.map(round));
  }

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
