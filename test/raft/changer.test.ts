import { array, assert, boolean, constantFrom, integer, property, record, subarray } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { enterJoint, isJoint, leaveJoint, simple } from '../../src/raft/changer.ts';
import {
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
} from '../../src/raft/conf-change.ts';
import { jointVoteResult } from '../../src/raft/quorum.ts';
import type { ConfState, MemberId } from '../../src/raft/types.ts';
import { id, ids } from './network.ts';

const everybody = ids(1, 2, 3, 4, 5, 6);
const step = record({
  type: constantFrom('add-voter' as const, 'add-learner' as const, 'remove' as const),
  member: constantFrom(...everybody),
});
const steps = array(step, { maxLength: 6 });
const founders = subarray(everybody, { minLength: 1 });

/** What each member is in the end: the last step about it decides. */
function naiveRoles(confState: ConfState, changes: readonly { type: string; member: MemberId }[]) {
  const roles = new Map<MemberId, string>();
  for (const voter of confState.voters) roles.set(voter, 'add-voter');
  for (const learner of confState.learners) roles.set(learner, 'add-learner');
  for (const { type, member } of changes) roles.set(member, type);
  const having = (role: string): MemberId[] => everybody.filter((member) => roles.get(member) === role);
  return { voters: having('add-voter'), learners: having('add-learner') };
}

describe('Raft §6: joint consensus', () => {
  it('entering keeps the old voters beside the new ones, and leaving ends where the steps say', () => {
    assert(
      property(founders, boolean(), steps, (voters, autoLeave, changes) => {
        const start = { voters, learners: [] };
        const expected = naiveRoles(start, changes);
        const joint = enterJoint(start, autoLeave, changes);
        if (expected.voters.length === 0) {
          expect(joint).toEqual({ ok: false, error: 'removed all voters' });
          return;
        }
        if (!joint.ok) throw new Error(joint.error);
        expect(joint.value.votersOutgoing).toEqual(voters);
        expect(joint.value.voters).toEqual(expected.voters);
        expect(joint.value.autoLeave ?? false).toBe(autoLeave);
        const { learners, learnersNext = [] } = joint.value;
        expect(learners.filter((member) => voters.includes(member))).toEqual([]);
        expect(learnersNext.filter((member) => !voters.includes(member))).toEqual([]);
        const left = leaveJoint(joint.value);
        if (!left.ok) throw new Error(left.error);
        expect(left.value).toEqual(expected);
      }),
    );
  });

  it('a decision needs both majorities', () => {
    const ballot = array(constantFrom(true, false, undefined), { minLength: 6, maxLength: 6 });
    const count = (voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>, missing: boolean) =>
      voters.filter((voter) => votes.get(voter) ?? missing).length * 2 > voters.length;
    assert(
      property(founders, founders, ballot, (incoming, outgoing, ballot) => {
        const votes = new Map<MemberId, boolean>();
        for (const [i, vote] of ballot.entries()) if (vote !== undefined) votes.set(everybody[i]!, vote);
        const wins = (missing: boolean) => count(incoming, votes, missing) && count(outgoing, votes, missing);
        const couldWin = count(incoming, votes, true) && count(outgoing, votes, true);
        expect(jointVoteResult(incoming, outgoing, votes)).toBe(
          wins(false) ? 'won' : couldWin ? 'pending' : 'lost',
        );
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

describe('thesis §4.1: one voter at a time', () => {
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
