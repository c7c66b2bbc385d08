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
  option,
  property,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Inflights } from '../../src/raft/inflights.ts';
import { Membership } from '../../src/raft/membership.ts';
import { jointMajorityValue, majorityValue, voteResult } from '../../src/raft/quorum.ts';
import type { Index } from '../../src/raft/types.ts';
import { naiveMajorityValue, naiveVoteResult } from './naive-quorum.ts';
import { id, ids } from './network.ts';

describe('quorum', () => {
  it('majorityValue agrees with its definition', () => {
    assert(
      property(array(nat(20), { maxLength: 9 }), (values) => {
        expect(majorityValue([...values])).toBe(naiveMajorityValue(values));
      }),
    );
  });

  it('jointMajorityValue agrees with the definition, whichever half is the old one', () => {
    const values = array(nat(20), { minLength: 1, maxLength: 5 });
    assert(
      property(values, option(values, { nil: [] }), (incoming, outgoing) => {
        const halves = outgoing.length === 0 ? [incoming] : [incoming, outgoing];
        const expected = Math.min(...halves.map(naiveMajorityValue));
        expect(jointMajorityValue([...incoming], [...outgoing])).toBe(expected);
        if (outgoing.length > 0) expect(jointMajorityValue([...outgoing], [...incoming])).toBe(expected);
      }),
    );
  });

  it('voteResult agrees with its definition', () => {
    const ballot = dictionary(constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9'), boolean());
    assert(
      property(nat(7), ballot, (count, ballot) => {
        const voters = ids(...Array.from({ length: count }, (_, i) => i + 1));
        const votes = new Map(Object.entries(ballot).map(([voter, vote]) => [id(Number(voter)), vote]));
        expect(voteResult(voters, votes)).toBe(naiveVoteResult([voters], votes));
      }),
    );
  });
});

describe('Membership', () => {
  it('names everybody once, in numeric order', () => {
    const confState = { voters: ids(16, 2), votersOutgoing: ids(2, 9), learners: ids(10) };
    const { members, voters } = new Membership(confState);
    expect(voters).toEqual(ids(2, 9, 16));
    expect(members).toEqual(ids(2, 9, 10, 16));
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
