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

describe('Raft §5.1, terms: a later term is followed at once, a stale one is refused', () => {
  it.each(['follower', 'candidate', 'leader'] as const)(
    'a %s of an older term becomes a follower',
    (role) => {
      const network = TestNetwork.of(3);
      const { node } = network.member(1);
      if (role === 'leader') network.elect(1);
      else if (role === 'candidate') node.campaign();
      expect(node.role).toBe(role);
      node.step(heartbeat(2, 7));
      expect(node.status()).toMatchObject({ role: 'follower', term: 7, leader: id(2), vote: noMember });
    },
  );

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

describe('Raft §5.2, leader election: one leader a term, by the votes of a majority', () => {
  it('starts as a follower, whatever it was before', () => {
    const network = TestNetwork.of(3);
    expect(network.node(1).role).toBe('follower');
    network.elect(1);
    network.member(1).restart();
    expect(network.node(1).status()).toMatchObject({ role: 'follower', term: 1, leader: noMember });
  });

  it('a leader tells everybody every heartbeatTicks that it is there', () => {
    const network = TestNetwork.of(3, { heartbeatTicks: 2 });
    network.elect(1);
    const heard = (): string[] => {
      network.node(1).tick();
      if (!network.node(1).hasReady()) return [];
      return network
        .member(1)
        .handleReady()
        .map(({ type, to }) => `${type} ${to}`);
    };
    expect([heard(), heard(), heard(), heard()]).toEqual([
      [],
      ['MsgHeartbeat 2', 'MsgHeartbeat 3'],
      [],
      ['MsgHeartbeat 2', 'MsgHeartbeat 3'],
    ]);
  });

  it.each([
    [1, [], 'leader'],
    [3, [true, true], 'leader'],
    [3, [true], 'leader'],
    [3, [], 'candidate'],
    [3, [false, false], 'follower'],
    [5, [true, true], 'leader'],
    [5, [true, true, false, false], 'leader'],
    [5, [true], 'candidate'],
    [5, [true, false, false], 'candidate'],
    [5, [false, false, false], 'follower'],
    [5, [false, false, false, true], 'follower'],
    [7, [true, true, true, false, false, false], 'leader'],
    [7, [true, true, false, false, false, false], 'follower'],
  ] as const)('of %i members with the answers %j it is then a %s', (count, answers, role) => {
    const everybody = ids(...Array.from({ length: count }, (_, i) => i + 1));
    const { node } = new TestMember(id(1), { voters: everybody });
    node.campaign();
    for (const [i, granted] of answers.entries()) {
      const nothing = { commit: index(0), commitTerm: term(0) };
      const from = id(i + 2);
      node.step({ type: 'MsgVoteResp', from, to: id(1), term: term(1), reject: !granted, ...nothing });
    }
    expect(node.status()).toMatchObject({ role, term: 1 });
  });

  it('a candidate draws a new timeout for each try', () => {
    const seen = new Set<number>();
    const { node } = new TestMember(id(1), { voters, randomInteger: generator(1) });
    let ticks = 0;
    for (let at = 0; at < 3000; at++) {
      const before = node.term;
      node.tick();
      ticks++;
      if (node.term === before) continue;
      if (before > 0) seen.add(ticks);
      ticks = 0;
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('drawn timeouts seldom end together: one member campaigns before the others think of it', () => {
    let conflicts = 0;
    const rounds = 500;
    for (let seed = 0; seed < rounds; seed++) {
      const network = TestNetwork.of(5, { randomInteger: generator(seed) });
      const campaigning = (): number =>
        network.members.filter(({ node }) => node.role === 'candidate').length;
      while (campaigning() === 0) for (const { node } of network.members) node.tick();
      if (campaigning() > 1) conflicts++;
    }
    expect(conflicts / rounds).toBeLessThan(0.45);
  });

  it('a split vote ends with the term, and the next one finds a leader', () => {
    const network = TestNetwork.of(4, { randomInteger: generator(2) });
    network.node(1).campaign();
    network.node(2).campaign();
    network.collect();
    // Each candidate has its own vote and one other: nobody has three.
    for (const message of network.inFlight.splice(0)) {
      if ((message.from === id(1)) === (message.to === id(3))) network.deliver(message);
    }
    network.settle();
    expect(network.members.some(({ node }) => node.role === 'leader')).toBe(false);
    network.tickAll(40);
    expect(network.members.filter(({ node }) => node.role === 'leader')).toHaveLength(1);
    expect(network.node(1).term).toBeGreaterThan(1);
  });

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

describe('Raft §5.4.1, election restriction: nobody is elected who lacks what a voter has', () => {
  it('a candidate shows everybody its last entry, in its new term', () => {
    const member = new TestMember(id(1), { voters });
    member.seed([1, 2, 2]);
    member.node.campaign();
    expect(member.handleReady()).toEqual(
      ids(2, 3).map((to) => ({
        type: 'MsgVote',
        from: id(1),
        to,
        term: 3,
        index: 3,
        logTerm: 2,
        transfer: false,
      })),
    );
  });

  it('a member with the newest log wins against one that asked first', () => {
    const network = TestNetwork.of(3);
    network.member(1).seed([1]);
    network.member(2).seed([1, 2]);
    network.member(3).seed([1, 2]);
    network.node(1).campaign();
    network.settle();
    expect(network.node(1).role).not.toBe('leader');
    network.elect(2);
    expect(network.member(1).log()).toEqual(network.member(2).log());
  });

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

describe('thesis §9.6, pre-vote: nobody raises its term who could not win', () => {
  it.each(['follower', 'pre-candidate', 'candidate', 'leader'] as const)(
    'a %s answers a pre-vote without changing its term or its vote',
    (role) => {
      const network = TestNetwork.of(3, { preVote: role === 'pre-candidate' });
      const member = network.member(1);
      if (role === 'leader') network.elect(1);
      else if (role !== 'follower') member.node.campaign();
      while (member.node.hasReady()) member.handleReady();
      const { term: ours, vote: voted } = member.node.status();
      const ask = { type: 'MsgPreVote', from: id(2), to: id(1), term: term(ours + 1) } as const;
      member.node.step({ ...ask, index: index(9), logTerm: term(9) });
      expect(member.node.status()).toMatchObject({ role, term: ours, vote: voted });
      const answers = member.node.hasReady() ? member.handleReady() : [];
      // Who leads hears a leader: itself.
      expect(answers.filter(({ type }) => type === 'MsgPreVoteResp')).toMatchObject(
        role === 'leader' ? [] : [{ to: id(2), term: ours + 1, reject: false }],
      );
    },
  );

  it('a majority of refusals ends the campaign in the term that was', () => {
    const { node } = new TestMember(id(1), { voters, preVote: true });
    node.campaign();
    const nothing = { commit: index(0), commitTerm: term(0) };
    for (const from of ids(2, 3)) {
      node.step({ type: 'MsgPreVoteResp', from, to: id(1), term: term(0), reject: true, ...nothing });
    }
    expect(node.status()).toMatchObject({ role: 'follower', term: 0 });
  });

  it('a refusal of a later term brings that term', () => {
    const { node } = new TestMember(id(1), { voters, preVote: true });
    node.campaign();
    const nothing = { commit: index(0), commitTerm: term(0) };
    node.step({ type: 'MsgPreVoteResp', from: id(2), to: id(1), term: term(4), reject: true, ...nothing });
    expect(node.status()).toMatchObject({ role: 'follower', term: 4 });
  });

  it('members with and without it elect together, while it is being introduced', () => {
    const options = { checkQuorum: true, randomInteger: generator(5) };
    const network = new TestNetwork(
      voters.map((voter, i) => new TestMember(voter, { voters, ...options, preVote: i > 0 })),
    );
    network.elect(2);
    network.isolate(2);
    network.tickAll(80);
    expect([1, 3].filter((one) => network.node(one).role === 'leader')).toHaveLength(1);
    network.heal();
    network.tickAll(30);
    expect(new Set(network.members.map(({ node }) => node.leader)).size).toBe(1);
  });

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

describe('thesis §6.2, CheckQuorum: a leader without a majority does not go on for ever', () => {
  it('a leader without a majority steps down within two election timeouts', () => {
    const network = TestNetwork.of(3, { checkQuorum: true });
    network.elect(1);
    network.isolate(1);
    for (let i = 0; i < 20; i++) network.node(1).tick();
    expect(network.node(1).status()).toMatchObject({ leader: noMember });
    expect(network.node(1).role).not.toBe('leader');
  });

  it('answers of a majority keep it in office, whoever they are', () => {
    const network = TestNetwork.of(5, { checkQuorum: true });
    network.elect(1);
    network.isolate(4);
    network.isolate(5);
    network.tickAll(60);
    expect(network.node(1).status()).toMatchObject({ role: 'leader', term: 1 });
  });
});

describe('thesis §4.2.3, disruptive servers: who hears its leader ignores candidates', () => {
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
