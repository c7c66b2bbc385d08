import { jointVoteResult } from './quorum.ts';
import type { VoteResult } from './quorum.ts';
import { compareMembers } from './types.ts';
import type { ConfState, MemberId } from './types.ts';

/** A ConfState in the orders and sets that decisions need. While it is joint, both majorities decide (Raft §6). */
export class Membership {
  readonly confState: ConfState;
  readonly votersOutgoing: readonly MemberId[];
  /** Who votes, in either majority, in id order. */
  readonly voters: readonly MemberId[];
  /** Everybody in id order, the order of every broadcast. */
  readonly members: readonly MemberId[];

  constructor(confState: ConfState) {
    this.confState = confState;
    this.votersOutgoing = confState.votersOutgoing ?? [];
    this.voters = [...new Set([...confState.voters, ...this.votersOutgoing])].toSorted(compareMembers);
    this.members = [...this.voters, ...confState.learners].toSorted(compareMembers);
  }

  hasVoter(member: MemberId): boolean {
    return this.voters.includes(member);
  }

  voteResult(votes: ReadonlyMap<MemberId, boolean>): VoteResult {
    return jointVoteResult(this.confState.voters, this.votersOutgoing, votes);
  }
}
