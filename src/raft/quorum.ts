import type { MemberId } from './types.ts';

/** The size of a majority of `memberCount`. */
export function majorityCount(memberCount: number): number {
  return Math.floor(memberCount / 2) + 1;
}

/**
 * The largest value that a majority of the voters has reached (Raft §5.3, §5.4.2: a match index; thesis §6.4:
 * a read round). One value per voter; sorts `values` in place, so that a caller may reuse the array.
 * 0 without voters: nobody can agree to anything.
 */
export function majorityValue(values: number[]): number {
  const count = values.length;
  if (count === 0) return 0;
  // Insertion sort, ascending: a handful of voters, and no allocation.
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    let j = i - 1;
    while (j >= 0 && values[j]! > value) {
      values[j + 1] = values[j]!;
      j--;
    }
    values[j + 1] = value;
  }
  return values[count - majorityCount(count)]!;
}

/** In a joint membership both majorities must have reached it (Raft §6). Without outgoing voters the first alone decides. */
export function jointMajorityValue(values: number[], valuesOutgoing: number[]): number {
  const value = majorityValue(values);
  return valuesOutgoing.length === 0 ? value : Math.min(value, majorityValue(valuesOutgoing));
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** Votes of others than `voters` do not count; a voter without a vote has not answered yet. */
export function voteResult(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  if (voters.length === 0) return 'lost';
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = majorityCount(voters.length);
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** In a joint membership both majorities must agree (Raft §6). Without outgoing voters the first alone decides. */
export function jointVoteResult(
  voters: readonly MemberId[],
  votersOutgoing: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const result = voteResult(voters, votes);
  if (votersOutgoing.length === 0) return result;
  const outgoing = voteResult(votersOutgoing, votes);
  if (result === outgoing) return result;
  return result === 'lost' || outgoing === 'lost' ? 'lost' : 'pending';
}
