import { jointVoteResult, majorityValue } from './quorum.ts';
import type { VoteResult } from './quorum.ts';
import { compareMembers } from './types.ts';
import type { ConfState, MemberId } from './types.ts';

/** A ConfState in the orders and sets that decisions need. While it is joint, both majorities decide (Raft §6). */
export class Membership {
  readonly confState: ConfState;
  /** Everybody in id order, the order of every broadcast. */
  readonly members: readonly MemberId[];
  /** Who votes, in either majority, in id order. */
  readonly voters: readonly MemberId[];
  readonly #outgoing: readonly MemberId[];
  /** Reused by quorum counts, so that an ack does not allocate. */
  readonly #scratch: number[] = [];

  constructor(confState: ConfState) {
    this.confState = confState;
    this.#outgoing = confState.votersOutgoing ?? [];
    this.voters = [...new Set([...confState.voters, ...this.#outgoing])].toSorted(compareMembers);
    this.members = [...this.voters, ...confState.learners].toSorted(compareMembers);
  }

  hasVoter(member: MemberId): boolean {
    return this.voters.includes(member);
  }

  voteResult(votes: ReadonlyMap<MemberId, boolean>): VoteResult {
    return jointVoteResult(this.confState.voters, this.#outgoing, votes);
  }

  /** The largest value that a majority has reached. */
  majorityOf(value: (voter: MemberId) => number): number {
    const incoming = this.#majorityOf(this.confState.voters, value);
    if (this.#outgoing.length === 0) return incoming;
    return Math.min(incoming, this.#majorityOf(this.#outgoing, value));
  }

  #majorityOf(voters: readonly MemberId[], value: (voter: MemberId) => number): number {
    const scratch = this.#scratch;
    scratch.length = voters.length;
    for (let i = 0; i < voters.length; i++) scratch[i] = value(voters[i]!);
    return majorityValue(scratch);
  }
}
