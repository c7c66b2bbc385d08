import { describe, expect, it } from 'vitest';

import { index, term } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, id, ids } from './network.ts';

/** A leader that wants to hand over to member 3, which does not hear it. */
function transferring(): TestNetwork {
  const network = TestNetwork.of(3);
  network.elect(1);
  network.isolate(3);
  network.node(1).transferLeader(id(3));
  network.settle();
  return network;
}

describe('thesis §3.10, leadership transfer: a leader hands over to whom it chose, without a timeout', () => {
  it('hands over at once to a member that is up to date, past pre-vote and stickiness', () => {
    const network = TestNetwork.of(3, { preVote: true, checkQuorum: true });
    network.elect(1);
    network.node(1).transferLeader(id(3));
    network.settle();
    expect(network.members.map((member) => member.node.leader)).toEqual(ids(3, 3, 3));
  });

  it('a follower passes the wish on; one that is behind catches up first', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.isolate(3);
    network.member(1).propose('a');
    network.settle();
    network.heal();
    network.node(2).transferLeader(id(3));
    network.settle();
    network.tickAll(1);
    expect(network.node(3).role).toBe('leader');
    expect(network.member(3).applied).toContain('2/1 a');
  });

  it('drops proposals meanwhile, and gives up after an election timeout', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.isolate(3);
    network.node(1).transferLeader(id(3));
    network.settle();
    expect(network.member(1).propose('a')).toBe('dropped');
    for (let i = 0; i < 10; i++) network.node(1).tick();
    expect(network.member(1).propose('a')).toBe('accepted');
  });

  it('ignores learners, strangers and the leader itself', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    for (const to of ids(1, 9)) network.node(1).transferLeader(to);
    expect(network.member(1).propose('a')).toBe('accepted');
  });

  it('and back again', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    for (const to of [3, 1]) {
      network
        .node(network.members.findIndex(({ node }) => node.role === 'leader') + 1)
        .transferLeader(id(to));
      network.settle();
      expect(network.members.map(({ node }) => node.leader)).toEqual(ids(to, to, to));
    }
  });

  it('a member that needs a snapshot first gets it', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.isolate(3);
    for (const text of ['a', 'b', 'c']) network.member(1).propose(text);
    network.settle();
    network.member(1).compact();
    network.heal();
    network.node(1).transferLeader(id(3));
    network.tickAll(4);
    expect(network.node(3).role).toBe('leader');
    expect(network.member(3).applied.slice(0, 4)).toEqual(['1/1', '2/1 a', '3/1 b', '4/1 c']);
  });

  it('the same wish again does not give it more time', () => {
    const network = transferring();
    for (let i = 0; i < 9; i++) network.node(1).tick();
    network.node(1).transferLeader(id(3));
    network.node(1).tick();
    expect(network.member(1).propose('a')).toBe('accepted');
  });

  it('another wish replaces it', () => {
    const network = transferring();
    network.node(1).transferLeader(id(2));
    network.settle();
    expect(network.node(2).role).toBe('leader');
  });

  it('a wish for the leader itself changes nothing of one under way', () => {
    const network = transferring();
    network.node(1).transferLeader(id(1));
    expect(network.member(1).propose('a')).toBe('dropped');
  });

  it('ends when its target is removed or demoted', () => {
    for (const type of ['remove', 'add-learner'] as const) {
      const network = TestNetwork.of(3, { bootstrap: true });
      network.elect(1);
      network.node(1).proposeConfChange({ type, member: id(3) });
      network.isolate(3);
      network.node(1).transferLeader(id(3));
      expect(network.member(1).propose('a')).toBe('dropped');
      network.settle();
      expect(network.member(1).propose('a')).toBe('accepted');
    }
  });

  it('ends when another is elected meanwhile', () => {
    const network = transferring();
    const ask = { type: 'MsgVote', from: id(2), to: id(1), term: term(2), transfer: false } as const;
    network.node(1).step({ ...ask, index: index(1), logTerm: term(1) });
    expect(network.node(1).status()).toMatchObject({ role: 'follower', term: 2 });
    network.elect(1);
    expect(network.member(1).propose('a')).toBe('accepted');
  });

  it('only a voter with its log in order campaigns when it is told to', () => {
    const now = { type: 'MsgTimeoutNow', from: id(1), to: id(2), term: term(1) } as const;
    const learner = new TestMember(id(2), { voters: ids(1), learners: ids(2) });
    learner.node.step(now);
    expect(learner.node.role).toBe('follower');
    const voter = new TestMember(id(2), { voters: ids(1, 2), preVote: true });
    voter.node.step(now);
    expect(voter.node.status(), 'without a pre-vote').toMatchObject({ role: 'candidate', term: 2 });
    voter.node.step({ ...now, term: term(2) });
    expect(voter.node.term, 'a candidate campaigns already').toBe(2);
  });
});
