import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/raft/messages.ts';
import { index, noMember, term } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, generator, id, ids } from './network.ts';

const voters = ids(1, 2, 3);

function vote(
  from: number,
  at: number,
  last: readonly [index: number, term: number],
  transfer = false,
): Message {
  const position = { index: index(last[0]), logTerm: term(last[1]) };
  return { type: 'MsgVote', from: id(from), to: id(1), term: term(at), ...position, transfer };
}

function heartbeat(from: number, at: number): Message {
  return { type: 'MsgHeartbeat', from: id(from), to: id(1), term: term(at), commit: index(0), context: '' };
}

describe('Raft §5.1: terms', () => {
  it('a member that sees a larger term follows it, whatever its role', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.node(1).step(heartbeat(2, 5));
    expect(network.node(1).status()).toMatchObject({ role: 'follower', term: 5, leader: id(2) });
  });

  it('a stale leader changes nothing and is told the term', () => {
    const member = new TestMember(id(1), { voters });
    member.seed([3]);
    member.node.step(heartbeat(2, 2));
    expect(member.node.status()).toMatchObject({ role: 'follower', term: 3, leader: noMember });
    expect(member.handleReady()).toMatchObject([{ type: 'MsgAppResp', to: id(2), term: 3 }]);
  });

  it('messages to others and from nobody we know do no harm', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.node(1).step({ ...heartbeat(2, 9), to: id(3) });
    network.node(1).step({ type: 'MsgHeartbeatResp', from: id(9), to: id(1), term: term(1), context: '' });
    expect(network.node(1).status()).toMatchObject({ role: 'leader', term: 1 });
  });
});

describe('Raft §5.2: leader election', () => {
  it('draws its timeout from [electionTicks, 2 × electionTicks)', () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const member = new TestMember(id(1), { voters, randomInteger: generator(seed) });
      let ticks = 0;
      while (member.node.status().role === 'follower') {
        member.node.tick();
        ticks++;
      }
      seen.add(ticks);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('wins with a majority, and followers learn of it by its first append', () => {
    const network = TestNetwork.of(5);
    network.isolate(4);
    network.isolate(5);
    network.elect(1);
    expect(network.node(2).status()).toMatchObject({ role: 'follower', term: 1, leader: id(1) });
  });

  it('without a majority it stays a candidate and tries again in the next term', () => {
    const network = TestNetwork.of(3);
    network.isolate(1);
    for (let i = 0; i < 25; i++) network.node(1).tick();
    expect(network.node(1).status()).toMatchObject({ role: 'candidate', term: 2 });
  });

  it('gives up when a majority refuses', () => {
    const member = new TestMember(id(1), { voters });
    member.node.campaign();
    const nothing = { commit: index(0), commitTerm: term(0) };
    const refusal = { type: 'MsgVoteResp', to: id(1), term: term(1), reject: true, ...nothing } as const;
    for (const from of ids(2, 3)) {
      member.node.step({ ...refusal, from });
    }
    expect(member.node.status()).toMatchObject({ role: 'follower', term: 1 });
  });

  it('votes once per term, first come first served, also after a crash', () => {
    const member = new TestMember(id(1), { voters });
    const answer = (message: Message): unknown => {
      member.node.step(message);
      return member.handleReady();
    };
    expect(answer(vote(2, 1, [0, 0]))).toMatchObject([{ type: 'MsgVoteResp', to: id(2), reject: false }]);
    expect(answer(vote(3, 1, [0, 0]))).toMatchObject([{ type: 'MsgVoteResp', to: id(3), reject: true }]);
    member.restart();
    expect(answer(vote(3, 1, [0, 0]))).toMatchObject([{ to: id(3), reject: true }]);
    expect(answer(vote(2, 1, [0, 0]))).toMatchObject([{ to: id(2), reject: false }]);
  });

  it('a candidate that hears the leader of its term follows it', () => {
    const member = new TestMember(id(1), { voters });
    member.node.campaign();
    member.node.step(heartbeat(2, 1));
    expect(member.node.status()).toMatchObject({ role: 'follower', term: 1, leader: id(2) });
  });

  it('the only voter leads at once, and only tells learners so when its term is durable', () => {
    const member = new TestMember(id(1), { voters: ids(1), learners: ids(2) });
    member.node.campaign();
    const ready = member.node.ready();
    expect(member.node.status().role).toBe('leader');
    expect(ready.messagesBeforeSync).toEqual([]);
    expect(ready.messages).toMatchObject([{ type: 'MsgApp', to: id(2), term: 1 }]);
  });
});

describe('Raft §5.4.1: election restriction', () => {
  it.each([
    ['a later last term wins', [1, 3], true],
    ['an earlier last term loses, however long', [9, 1], false],
    ['the same term and a longer log wins', [3, 2], true],
    ['the same log wins', [2, 2], true],
    ['the same term and a shorter log loses', [1, 2], false],
  ] as const)('%s', (_, last, granted) => {
    const member = new TestMember(id(1), { voters });
    member.seed([1, 2]);
    member.node.step(vote(2, 7, last));
    expect(member.handleReady()).toMatchObject([{ type: 'MsgVoteResp', term: 7, reject: !granted }]);
  });
});

describe('thesis §9.6: pre-vote', () => {
  it('an isolated member does not raise its term, and disturbs nobody when it returns', () => {
    const network = TestNetwork.of(3, { preVote: true, checkQuorum: true });
    network.elect(1);
    network.isolate(3);
    network.tickAll(50);
    expect(network.node(3).status()).toMatchObject({ role: 'pre-candidate', term: 1 });
    network.heal();
    network.tickAll(3);
    expect(network.members.map((member) => member.node.status().leader)).toEqual(ids(1, 1, 1));
    expect(network.node(3).status().term).toBe(1);
  });

  it('still elects when the leader is gone', () => {
    const network = TestNetwork.of(3, { preVote: true, checkQuorum: true, randomInteger: generator(1) });
    network.elect(1);
    network.isolate(1);
    network.tickAll(60);
    expect(network.members.slice(1).some((member) => member.node.status().role === 'leader')).toBe(true);
  });

  it('does not take a grant for an older campaign as one for this', () => {
    const member = new TestMember(id(1), { voters, preVote: true });
    member.seed([1]);
    member.node.campaign();
    const grant = {
      type: 'MsgPreVoteResp',
      from: id(2),
      to: id(1),
      reject: false,
      commit: index(0),
      commitTerm: term(0),
    } as const;
    member.node.step({ ...grant, term: term(1) });
    expect(member.node.status().role).toBe('pre-candidate');
    member.node.step({ ...grant, term: term(2) });
    expect(member.node.status()).toMatchObject({ role: 'candidate', term: 2 });
  });
});

describe('thesis §6.2, §4.2.3: CheckQuorum and leader stickiness', () => {
  it('a leader without a majority steps down within two election timeouts', () => {
    const network = TestNetwork.of(3, { checkQuorum: true });
    network.elect(1);
    network.isolate(1);
    for (let i = 0; i < 20; i++) network.node(1).tick();
    expect(network.node(1).status()).toMatchObject({ leader: noMember });
    expect(network.node(1).role).not.toBe('leader');
  });

  it('who hears its leader ignores candidates, unless the leader sent them', () => {
    const member = new TestMember(id(1), { voters, checkQuorum: true });
    member.node.step(heartbeat(2, 1));
    member.handleReady();
    member.node.step(vote(3, 5, [9, 1]));
    expect(member.node.term).toBe(1);
    member.node.step(vote(3, 5, [9, 1], true));
    expect(member.node.term).toBe(5);
    expect(member.handleReady()).toMatchObject([{ type: 'MsgVoteResp', to: id(3), reject: false }]);
  });

  it('a member ahead in term that others stick against makes the leader come to its term', () => {
    const network = TestNetwork.of(3, { checkQuorum: true, randomInteger: generator(3) });
    network.elect(1);
    network.isolate(3);
    for (let i = 0; i < 40; i++) network.node(3).tick();
    network.heal();
    network.tickAll(60);
    const statuses = network.members.map((member) => member.node.status());
    expect(statuses.filter(({ role }) => role === 'leader')).toHaveLength(1);
    expect(new Set(statuses.map(({ term }) => term)).size).toBe(1);
  });
});
