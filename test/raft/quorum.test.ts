import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  integer,
  nat,
  oneof,
  property,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import { majorityValue, voteResult } from '../../src/raft/quorum.ts';
import type { VoteResult } from '../../src/raft/quorum.ts';
import { Inflights } from '../../src/raft/inflights.ts';
import type { Index, MemberId } from '../../src/raft/types.ts';
import { id, ids } from './network.ts';

/** By definition: the largest value that more than half have reached. */
function naiveMajorityValue(values: readonly number[]): number {
  const reached = values.filter(
    (value) => values.filter((other) => other >= value).length * 2 > values.length,
  );
  return Math.max(0, ...reached);
}

/** By definition: won if the missing votes do not matter, lost if they cannot help. */
function naiveVoteResult(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const wonWith = (missing: boolean): boolean =>
    voters.filter((voter) => votes.get(voter) ?? missing).length * 2 > voters.length;
  if (wonWith(false)) return 'won';
  return wonWith(true) ? 'pending' : 'lost';
}

describe('quorum', () => {
  it('majorityValue agrees with its definition', () => {
    assert(
      property(array(nat(20), { maxLength: 9 }), (values) => {
        expect(majorityValue([...values])).toBe(naiveMajorityValue(values));
      }),
    );
  });

  it('voteResult agrees with its definition', () => {
    const ballot = dictionary(constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9'), boolean());
    assert(
      property(nat(7), ballot, (count, ballot) => {
        const voters = ids(...Array.from({ length: count }, (_, i) => i + 1));
        const votes = new Map(Object.entries(ballot).map(([voter, vote]) => [id(Number(voter)), vote]));
        expect(voteResult(voters, votes)).toBe(naiveVoteResult(voters, votes));
      }),
    );
  });
});

describe('Inflights', () => {
  it('behaves as a bounded queue', () => {
    const command = oneof(constant('add' as const), nat(30));
    assert(
      property(integer({ min: 1, max: 20 }), array(command, { maxLength: 100 }), (max, commands) => {
        const inflights = new Inflights(max);
        let model: number[] = [];
        let last = 0;
        for (const command of commands) {
          if (command !== 'add') {
            inflights.freeUpTo(command as Index);
            model = model.filter((value) => value > command);
          } else if (!inflights.full) {
            inflights.add(++last as Index);
            model.push(last);
          }
          expect(inflights.count).toBe(model.length);
          expect(inflights.full).toBe(model.length === max);
        }
      }),
    );
  });
});
