import { expect } from 'vitest';

import { Membership } from '../../src/raft/membership.ts';
import { jointMajorityValue, majorityValue, voteResult } from '../../src/raft/quorum.ts';
import { compareMembers } from '../../src/raft/types.ts';
import type { MemberId } from '../../src/raft/types.ts';
import { members } from './data-driven.ts';
import type { Command } from './data-driven.ts';
import { naiveMajorityValue, naiveVoteResult } from './naive-quorum.ts';

const resultNames = { won: 'VoteWon', pending: 'VotePending', lost: 'VoteLost' } as const;

type Acks = ReadonlyMap<MemberId, number>;

/**
 * The commands of etcd's raft's quorum/testdata: `committed cfg=(1,2) cfgj=(2,3) idx=(_,5,6)` and `vote … votes=(y,n,_)`.
 * Values are in the order in which voters are named, once each; `_` is none. `cfgj=zero`: joint with nobody. Each
 * answer is held to the definition, and to what must not change it.
 */
export function runQuorum({ name, options }: Command): readonly string[] {
  const incoming = members(options.get('cfg'));
  const joint = options.get('cfgj');
  const outgoing = joint?.[0] === 'zero' ? [] : members(joint);
  const voters = [...new Set([...incoming, ...outgoing])];
  const values = options.get(name === 'vote' ? 'votes' : 'idx') ?? [];
  if (values.length !== voters.length) {
    return [
      `error: mismatched input (explicit or _) for voters [${voters.join(' ')}]: [${values.join(' ')}]`,
    ];
  }
  const given = new Map(voters.map((voter, i) => [voter, values[i]!] as const));
  for (const [voter, value] of given) if (value === '_') given.delete(voter);
  if (name === 'vote') return vote(incoming, outgoing, given);
  if (name !== 'committed') throw new Error(`unknown command ${name}`);
  const acks = new Map([...given].map(([voter, value]) => [voter, Number(value)] as const));
  const index = committed(incoming, outgoing, acks);
  holdCommitted(incoming, outgoing, acks, index);
  return [...describeAcks(voters.toSorted(compareMembers), acks), String(index)];
}

function membershipOf(voters: readonly MemberId[], votersOutgoing: readonly MemberId[]): Membership {
  return new Membership({ voters, learners: [], ...(votersOutgoing.length > 0 && { votersOutgoing }) });
}

function committed(incoming: readonly MemberId[], outgoing: readonly MemberId[], acks: Acks): number {
  const valuesOf = (voters: readonly MemberId[]): number[] => voters.map((voter) => acks.get(voter) ?? 0);
  return jointMajorityValue(valuesOf(incoming), valuesOf(outgoing));
}

function holdCommitted(
  incoming: readonly MemberId[],
  outgoing: readonly MemberId[],
  acks: Acks,
  index: number,
): void {
  const halves = outgoing.length === 0 ? [incoming] : [incoming, outgoing];
  const valuesOf = (voters: readonly MemberId[]): number[] => voters.map((voter) => acks.get(voter) ?? 0);
  expect(index, 'by definition').toBe(
    Math.min(...halves.map((voters) => naiveMajorityValue(valuesOf(voters)))),
  );
  if (outgoing.length > 0) {
    expect(committed(outgoing, incoming, acks), 'the other way round').toBe(index);
    return;
  }
  expect(majorityValue(valuesOf(incoming)), 'one majority').toBe(index);
  expect(committed(incoming, incoming, acks), 'joint with itself').toBe(index);
  for (const [voter, acked] of acks) {
    if (acked >= index) continue;
    for (const less of [acked - 1, 0]) {
      expect(committed(incoming, [], new Map([...acks, [voter, less]])), 'who lags may lag more').toBe(index);
    }
  }
}

function vote(
  incoming: readonly MemberId[],
  outgoing: readonly MemberId[],
  given: ReadonlyMap<MemberId, string>,
): readonly string[] {
  const votes = new Map([...given].map(([voter, value]) => [voter, value === 'y'] as const));
  const result = membershipOf(incoming, outgoing).voteResult(votes);
  if (outgoing.length === 0) {
    expect(result, 'by definition').toBe(naiveVoteResult([incoming], votes));
    expect(voteResult(incoming, votes), 'one majority').toBe(result);
  } else {
    expect(result, 'by definition').toBe(naiveVoteResult([incoming, outgoing], votes));
    expect(membershipOf(outgoing, incoming).voteResult(votes), 'the other way round').toBe(result);
  }
  return [resultNames[result]];
}

/** As etcd draws them: a bar is as long as the number of voters that have less; `?` has said nothing. */
function describeAcks(voters: readonly MemberId[], acks: Acks): readonly string[] {
  if (voters.length === 0) return ['<empty majority quorum>'];
  const width = voters.length;
  const value = (voter: MemberId): number => acks.get(voter) ?? 0;
  return [
    `${' '.repeat(width)}    idx`,
    ...voters.map((voter) => {
      const less = voters.filter((other) => value(other) < value(voter)).length;
      const bar = acks.has(voter) ? `${'x'.repeat(less)}>` : '?';
      return `${bar.padEnd(width + 1)} ${String(value(voter)).padStart(5)}    (id=${voter})`;
    }),
  ];
}
