import type { VoteResult } from '../../src/raft/quorum.ts';
import type { MemberId } from '../../src/raft/types.ts';

/** By definition: the largest value that more than half have reached. */
export function naiveMajorityValue(values: readonly number[]): number {
  const reached = values.filter(
    (value) => values.filter((other) => other >= value).length * 2 > values.length,
  );
  return Math.max(0, ...reached);
}

/** By definition: won if the missing votes do not matter, lost if they cannot help, in any of the majorities. */
export function naiveVoteResult(
  majorities: readonly (readonly MemberId[])[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const wonWith = (missing: boolean): boolean =>
    majorities.every(
      (voters) => voters.filter((voter) => votes.get(voter) ?? missing).length * 2 > voters.length,
    );
  if (wonWith(false)) return 'won';
  return wonWith(true) ? 'pending' : 'lost';
}
