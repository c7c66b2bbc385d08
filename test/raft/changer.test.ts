import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  subarray,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { Result } from '../../src/base/result.ts';
import { enterJoint, isJoint, leaveJoint, simple } from '../../src/raft/changer.ts';
import {
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
} from '../../src/raft/conf-change.ts';
import { jointVoteResult } from '../../src/raft/quorum.ts';
import type { ConfState, MemberId } from '../../src/raft/types.ts';
import { naiveChange } from './naive-changer.ts';
import type { Change } from './naive-changer.ts';
import { naiveVoteResult } from './naive-quorum.ts';
import { id, ids } from './network.ts';

const everybody = ids(1, 2, 3, 4, 5, 6);
const step = record({
  type: constantFrom('add-voter' as const, 'add-learner' as const, 'remove' as const),
  member: constantFrom(...everybody),
});
const steps = array(step, { maxLength: 6 });
const founders = subarray(everybody, { minLength: 1 });

const change = oneof(
  record({ kind: constant('simple' as const), steps }),
  record({ kind: constant('enter-joint' as const), steps, autoLeave: boolean() }),
  constant({ kind: 'leave-joint' as const }),
);

function apply(confState: ConfState, change: Change): Result<ConfState, string> {
  if (change.kind === 'simple') return simple(confState, change.steps);
  if (change.kind === 'leave-joint') return leaveJoint(confState);
  return enterJoint(confState, change.autoLeave, change.steps);
}

describe('any sequence of membership changes', () => {
  it('goes as the naive model says, errors included', () => {
    assert(
      property(array(change, { maxLength: 20 }), (changes) => {
        let confState: ConfState = { voters: [], learners: [] };
        for (const change of changes) {
          const changed = apply(confState, change);
          expect(changed.ok ? changed.value : changed.error).toEqual(naiveChange(confState, change));
          if (changed.ok) confState = changed.value;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('makes nobody voter and learner at once', () => {
    assert(
      property(array(change, { maxLength: 20 }), (changes) => {
        let confState: ConfState = { voters: ids(1), learners: [] };
        for (const change of changes) {
          const changed = apply(confState, change);
          if (changed.ok) confState = changed.value;
          const { voters, votersOutgoing = [], learners, learnersNext = [], autoLeave } = confState;
          expect(learners.filter((one) => voters.includes(one) || votersOutgoing.includes(one))).toEqual([]);
          expect(learnersNext.filter((one) => !votersOutgoing.includes(one) || voters.includes(one))).toEqual(
            [],
          );
          if (!isJoint(confState)) expect([learnersNext, autoLeave]).toEqual([[], undefined]);
        }
      }),
    );
  });
});

describe('Raft §6, joint consensus: while it lasts both majorities decide', () => {
  it('a decision needs both majorities', () => {
    const ballot = array(constantFrom(true, false, undefined), { minLength: 6, maxLength: 6 });
    assert(
      property(founders, founders, ballot, (incoming, outgoing, ballot) => {
        const votes = new Map<MemberId, boolean>();
        for (const [i, vote] of ballot.entries()) if (vote !== undefined) votes.set(everybody[i]!, vote);
        expect(jointVoteResult(incoming, outgoing, votes)).toBe(naiveVoteResult([incoming, outgoing], votes));
      }),
    );
  });

  it('refuses in the words of etcd', () => {
    const plain: ConfState = { voters: ids(1, 2), learners: [] };
    const joint: ConfState = { voters: ids(1), learners: [], votersOutgoing: ids(1, 2) };
    expect(enterJoint(joint, false, [])).toEqual({ ok: false, error: 'config is already joint' });
    expect(leaveJoint(plain)).toEqual({ ok: false, error: "can't leave a non-joint config" });
    expect(simple(joint, [])).toEqual({
      ok: false,
      error: "can't apply simple config change in joint config",
    });
    expect(enterJoint({ voters: [], learners: [] }, false, [])).toEqual({
      ok: false,
      error: "can't make a zero-voter config joint",
    });
  });
});

describe('thesis §4.1, one voter at a time: any two majorities overlap', () => {
  it('any two majorities of the membership before and after a simple change overlap', () => {
    assert(
      property(founders, steps, integer({ min: 0, max: 63 }), (voters, changes, mask) => {
        const changed = simple({ voters, learners: [] }, changes);
        if (!changed.ok) return;
        expect(isJoint(changed.value)).toBe(false);
        const set = new Set(everybody.filter((_, i) => (mask >> i) & 1));
        const before = voters.filter((voter) => set.has(voter)).length * 2 > voters.length;
        const after = changed.value.voters.filter((voter) => !set.has(voter)).length * 2;
        expect(before && after > changed.value.voters.length).toBe(false);
      }),
    );
  });

  it('more than one voter needs a joint membership', () => {
    const changes = [
      { type: 'add-voter', member: id(2) },
      { type: 'add-voter', member: id(3) },
    ] as const;
    expect(simple({ voters: ids(1), learners: [] }, changes)).toEqual({
      ok: false,
      error: 'more than one voter changed without entering joint config',
    });
  });
});

describe('the data of a conf-change entry', () => {
  it('comes back as it went in, context included', () => {
    const context = encodeUtf8('http://a\nb');
    const one = { type: 'add-voter', member: id(0x1f), context } as const;
    expect(decodeConfChange(encodeConfChange(one))).toEqual(one);
    expect(decodeConfChangeV2(encodeConfChange(one))).toEqual({
      transition: 'auto',
      changes: [{ type: 'add-voter', member: id(0x1f) }],
      context,
    });
    const transitions = constantFrom('auto' as const, 'joint-implicit' as const, 'joint-explicit' as const);
    assert(
      property(transitions, steps, boolean(), (transition, changes, some) => {
        const change = { transition, changes, ...(some && { context }) };
        expect(decodeConfChangeV2(encodeConfChangeV2(change))).toEqual(change);
      }),
    );
  });
});
