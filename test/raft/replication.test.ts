import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { Message, MsgApp } from '../../src/raft/messages.ts';
import { index, term } from '../../src/raft/types.ts';
import type { Entry } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, id, ids } from './network.ts';

const voters = ids(1, 2, 3);

function entry(at: number, ofTerm: number, text = ''): Entry {
  return { index: index(at), term: term(ofTerm), type: 'normal', data: encodeUtf8(text) };
}

function append(at: number, previous: readonly [number, number], entries: Entry[], commit = 0): MsgApp {
  const position = { index: index(previous[0]), logTerm: term(previous[1]) };
  return {
    type: 'MsgApp',
    from: id(2),
    to: id(1),
    term: term(at),
    ...position,
    entries,
    commit: index(commit),
  };
}

function accepted(from: number, at: number, matched: number): Message {
  const answer = { reject: false, rejectHint: index(0), logTerm: term(0) };
  return { type: 'MsgAppResp', from: id(from), to: id(1), term: term(at), index: index(matched), ...answer };
}

describe("Raft §5.3, log replication: followers take the leader's log, and what a majority has is committed", () => {
  it('a leader sends a new entry to all, with the entry before it, and commits nothing yet', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.member(1).propose('some data');
    const messages = network.member(1).handleReady();
    expect(messages).toEqual(
      ids(2, 3).map((to) => ({
        type: 'MsgApp',
        from: id(1),
        to,
        term: 1,
        index: 1,
        logTerm: 1,
        commit: 1,
        entries: [entry(2, 1, 'some data')],
      })),
    );
    expect(network.node(1).status()).toMatchObject({ commit: 1, lastIndex: 2 });
  });

  it.each([
    [1, [], true],
    [3, [], false],
    [3, [2], true],
    [3, [2, 3], true],
    [5, [], false],
    [5, [2], false],
    [5, [2, 3], true],
    [5, [2, 3, 4, 5], true],
  ] as const)('of %i members, acknowledged by %j, an entry is committed: %s', (count, acks, committed) => {
    const network = TestNetwork.of(count);
    network.elect(1);
    network.member(1).propose('a');
    network.collect();
    for (const message of network.inFlight.splice(0)) {
      if (acks.some((ack) => message.to === id(ack))) network.deliver(message);
    }
    network.settle();
    expect(network.node(1).status().commit).toBe(committed ? 2 : 1);
  });

  it.each([
    ['nothing before it', []],
    ['one of an earlier term', [2]],
    ['two of earlier terms', [1, 2]],
    ['one of its own last term', [1]],
  ])('an entry commits those before it, whoever made them: %s', (_, terms) => {
    const network = TestNetwork.of(3);
    for (const member of network.members) member.seed(terms, { term: term(2) });
    network.elect(1);
    network.member(1).propose('a');
    network.settle();
    const before = terms.map((value, i) => `${i + 1}/${value}`);
    const own = [`${terms.length + 1}/3`, `${terms.length + 2}/3 a`];
    for (const member of network.members) expect(member.applied).toEqual([...before, ...own]);
  });

  it('a follower applies in log order what its leader says is committed, as far as it has it', () => {
    const member = new TestMember(id(1), { voters });
    member.node.step(append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b')], 1));
    member.handleReady();
    expect(member.applied).toEqual(['1/1 a']);
    member.node.step(append(1, [2, 1], [], 9));
    member.handleReady();
    expect(member.applied).toEqual(['1/1 a', '2/1 b']);
  });

  it.each([
    ['matches what is committed', [1, 1], { index: 1, reject: false }],
    ['matches what is not', [2, 2], { index: 2, reject: false }],
    ['has another term there', [2, 3], { index: 2, reject: true, rejectHint: 2, logTerm: 2 }],
    ['has an older term there', [2, 1], { index: 2, reject: true, rejectHint: 1, logTerm: 1 }],
    ['ends before', [3, 3], { index: 3, reject: true, rejectHint: 2, logTerm: 2 }],
  ] as const)('a follower whose log %s answers an append', (_, previous, answer) => {
    const member = new TestMember(id(1), { voters });
    member.seed([1, 2], { commit: index(1) });
    member.node.step(append(3, previous, []));
    expect(member.handleReady()).toMatchObject([{ type: 'MsgAppResp', to: id(2), ...answer }]);
  });

  it.each([
    ['appends', [2, 2], [3], ['1/1', '2/2', '3/3']],
    ['replaces what conflicts and all after it', [1, 1], [3, 4], ['1/1', '2/3', '3/4']],
    ['keeps what is the same', [0, 0], [1], ['1/1', '2/2']],
    ['replaces all', [0, 0], [3], ['1/3']],
  ] as const)('a follower %s', (_, previous, terms, log) => {
    const member = new TestMember(id(1), { voters });
    member.seed([1, 2]);
    const entries = terms.map((ofTerm, i) => entry(previous[0] + i + 1, ofTerm));
    member.node.step(append(4, previous, entries));
    member.handleReady();
    expect(member.log()).toEqual(log);
  });

  it('an answer that comes twice or late changes nothing', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    const [, before] = network.node(1).status().progress;
    const refusal = { reject: true, rejectHint: index(0), logTerm: term(0) };
    network.node(1).step(accepted(2, 1, 1));
    network.node(1).step({ ...accepted(2, 1, 1), ...refusal } as Message);
    expect(network.node(1).status().progress[1]).toEqual(before);
    expect(network.node(1).hasReady()).toBe(false);
  });

  it('commits what a majority holds and tells the rest', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    expect(network.member(1).propose('a')).toBe('accepted');
    expect(network.member(2).propose('b')).toBe('accepted');
    network.settle();
    for (const member of network.members) expect(member.applied).toEqual(['1/1', '2/1 a', '3/1 b']);
  });

  it('a minority commits nothing', () => {
    const network = TestNetwork.of(5);
    network.elect(1);
    for (const cut of [3, 4, 5]) network.isolate(cut);
    network.member(1).propose('a');
    network.settle();
    expect(network.node(1).status()).toMatchObject({ commit: 1, lastIndex: 2 });
  });

  it('proposals without a leader are dropped', () => {
    expect(TestNetwork.of(3).member(1).propose('a')).toBe('dropped');
  });

  it('everything proposed between two Readys shares one append per member', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    for (let i = 0; i < 100; i++) network.member(1).propose(`p${i}`);
    const ready = network.node(1).ready();
    expect(ready.entries).toHaveLength(100);
    expect(ready.messagesBeforeSync).toMatchObject([
      { type: 'MsgApp', to: id(2) },
      { type: 'MsgApp', to: id(3) },
    ]);
  });

  it('an old append does not cut off what a newer one brought', () => {
    const member = new TestMember(id(1), { voters });
    const [a, b] = [entry(1, 1, 'a'), entry(2, 1, 'b')];
    member.node.step(append(1, [0, 0], [a, b]));
    member.node.step(append(1, [0, 0], [a]));
    member.handleReady();
    expect(member.log()).toEqual(['1/1 a', '2/1 b']);
  });

  it('commits no further than what this append proves', () => {
    const member = new TestMember(id(1), { voters });
    member.seed([1, 1, 1]);
    member.node.step(append(2, [0, 0], [entry(1, 1)], 3));
    expect(member.node.status().commit).toBe(1);
  });

  // Figure 7: the leader of term 8 is on top; the others may hold any of these.
  it.each([
    ['a: an entry missing', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b: many missing', [1, 1, 1, 4]],
    ['c: one too many', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d: a later term too many', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e: missing and too many', [1, 1, 1, 4, 4, 4, 4]],
    ['f: terms nobody else saw', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])('repairs the log of figure 7 %s', (_, terms) => {
    const network = TestNetwork.of(3);
    const log = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    network.member(1).seed(log, { term: term(7) });
    network.member(2).seed(log, { term: term(7) });
    network.member(3).seed(terms, { term: term(7) });
    network.elect(1);
    expect(network.member(3).log()).toEqual(network.member(1).log());
    expect(network.commits()).toEqual([11, 11, 11]);
  });

  it('backs up a whole term per rejection', () => {
    const network = TestNetwork.of(3);
    const old = Array.from({ length: 50 }, () => 2);
    network.member(1).seed([1, ...Array.from({ length: 60 }, () => 5)], { term: term(5) });
    network.member(2).seed([1], { term: term(5) });
    network.member(3).seed([1, ...old, ...old.map(() => 3)], { term: term(5) });
    network.elect(1);
    const conflicts = network.member(3).trace.filter((event) => event.type === 'conflict');
    expect(conflicts.length).toBeLessThanOrEqual(3);
    expect(network.member(3).log()).toEqual(network.member(1).log());
  });

  it('a full window stops it, and a lost window is found out by a heartbeat', () => {
    const network = TestNetwork.of(3, { inflightMessagesMax: 2 });
    network.elect(1);
    network.isolate(3);
    for (const text of ['a', 'b', 'c', 'd']) {
      network.member(1).propose(text);
      network.settle();
    }
    expect(network.node(1).status().progress[2]).toMatchObject({ match: 1, next: 4, paused: true });
    network.heal();
    network.tickAll(3);
    expect(network.member(3).applied).toEqual(network.member(1).applied);
  });

  it('unreachable: what was sent optimistically is sent again', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.node(1).reportUnreachable(id(2));
    expect(network.node(1).status().progress[1]).toMatchObject({ state: 'StateProbe', next: 2 });
  });

  it('drops proposals above uncommittedBytesMax until some are applied', () => {
    const network = TestNetwork.of(3, { uncommittedBytesMax: 10 });
    network.elect(1);
    expect(network.member(1).propose('more than ten bytes')).toBe('accepted');
    expect(network.member(1).propose('a')).toBe('dropped');
    network.settle();
    expect(network.member(1).propose('a')).toBe('accepted');
  });
});

/** Figure 8, (a) to (c): member 1 wrote entry 2 of term 2 to member 2 only, member 5 another one of term 3 to nobody. */
function figure8(): TestNetwork {
  const network = TestNetwork.of(5);
  const logs = [[1, 2], [1, 2], [1], [1], [1, 3]];
  for (const [i, log] of logs.entries()) network.members[i]!.seed(log, { term: term(3) });
  // (c): member 1 leads again, in term 4, and brings entry 2 to member 3: it is on a majority now.
  for (const cut of [4, 5]) network.isolate(cut);
  network.node(1).campaign();
  for (let i = 0; i < 20 && network.member(3).log().length < 2; i++) {
    network.collect();
    for (const message of network.inFlight.splice(0)) {
      // Its own entry, of term 4, gets to nobody.
      if (message.type === 'MsgApp' && message.to !== id(3)) continue;
      if (message.type !== 'MsgApp') network.deliver(message);
      else network.deliver({ ...message, entries: message.entries.filter((one) => one.term < 4) });
    }
  }
  network.inFlight = [];
  return network;
}

describe('Raft §5.4.2, entries of earlier terms: copies on a majority do not commit them', () => {
  it('figure 8 (c): entry 2 is on three of five members, and not committed', () => {
    const network = figure8();
    expect(network.members.map((member) => member.log()[1])).toEqual(['2/2', '2/2', '2/2', undefined, '2/3']);
    expect(network.node(1).status()).toMatchObject({ role: 'leader', term: 4, commit: 0 });
  });

  it('figure 8 (d): it may still be replaced, by a leader whose last term is later', () => {
    const network = figure8();
    network.heal();
    network.isolate(1);
    network.node(5).campaign();
    network.settle();
    network.elect(5);
    network.heal();
    network.tickAll(3);
    for (const member of network.members) expect(member.log().slice(0, 2)).toEqual(['1/1', '2/3']);
  });

  it('figure 8 (e): but not once an entry of the current term is on a majority: then both are committed', () => {
    const network = figure8();
    network.tickAll(2);
    expect(network.node(1).status().commit).toBe(3);
    network.isolate(1);
    network.heal();
    network.isolate(1);
    network.node(5).campaign();
    network.settle();
    expect(network.node(5).role).not.toBe('leader');
    network.elect(2);
    network.tickAll(3);
    for (const one of [2, 3, 4, 5])
      expect(network.member(one).log().slice(0, 3)).toEqual(['1/1', '2/2', '3/4']);
  });

  it('an old entry on a majority is committed only by one of the current term', () => {
    const member = new TestMember(id(1), { voters });
    member.seed([1, 2]);
    member.node.campaign();
    const nothing = { commit: index(0), commitTerm: term(0) };
    member.node.step({
      type: 'MsgVoteResp',
      from: id(2),
      to: id(1),
      term: term(3),
      reject: false,
      ...nothing,
    });
    while (member.node.hasReady()) member.handleReady();
    member.node.step(accepted(2, 3, 2));
    expect(member.node.status()).toMatchObject({ role: 'leader', term: 3, commit: 0, lastIndex: 3 });
    member.node.step(accepted(2, 3, 3));
    expect(member.node.status().commit).toBe(3);
  });
});

describe('thesis §10.2.1, writing to the disk in parallel: the leader sends while it writes', () => {
  it("a leader's appends leave before its write, and its own copy counts only after it", () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    const node = network.node(1);
    network.member(1).propose('a');
    const ready = node.ready();
    expect(ready).toMatchObject({ mustSync: true, messages: [] });
    expect(ready.messagesBeforeSync).toHaveLength(2);
    expect(node.hasReady()).toBe(false);
    node.step(accepted(2, 1, 2));
    expect(node.status().commit, 'one durable copy of three').toBe(1);
    network.member(1).persist(ready);
    node.advance();
    expect(node.status().commit).toBe(2);
  });

  it('a follower answers only after its write', () => {
    const member = new TestMember(id(1), { voters });
    member.node.step(append(1, [0, 0], [entry(1, 1)]));
    const ready = member.node.ready();
    expect(ready.messagesBeforeSync).toEqual([]);
    expect(ready.messages).toMatchObject([{ type: 'MsgAppResp', index: 1, reject: false }]);
  });

  it('what another leader replaced during the write is written again', () => {
    const member = new TestMember(id(1), { voters });
    member.node.step(append(1, [0, 0], [entry(1, 1, 'old'), entry(2, 1, 'old')]));
    const ready = member.node.ready();
    member.node.step(append(2, [0, 0], [entry(1, 2, 'new')]));
    member.persist(ready);
    member.node.advance();
    expect(member.node.status().lastIndex).toBe(1);
    member.handleReady();
    expect(member.log()).toEqual(['1/2 new']);
  });
});

describe('thesis §10.2.2, pipelining: appends go out ahead of their answers', () => {
  it('as many as the window is wide; an answer moves it by all it covers', () => {
    const network = TestNetwork.of(3, { inflightMessagesMax: 3 });
    network.elect(1);
    const sent = (text: string): number => {
      network.member(1).propose(text);
      const messages = network.member(1).handleReady();
      return messages.filter(({ type, to }) => type === 'MsgApp' && to === id(2)).length;
    };
    expect(['a', 'b', 'c', 'd', 'e'].map(sent)).toEqual([1, 1, 1, 0, 0]);
    network.node(1).step(accepted(2, 1, 3));
    const first = network
      .member(1)
      .handleReady()
      .find(({ to }) => to === id(2));
    expect(first, 'what waited goes in one').toMatchObject({ type: 'MsgApp', index: 4 });
    expect((first as MsgApp).entries.map((one) => one.index)).toEqual([5, 6]);
    network.node(1).step(accepted(2, 1, 2));
    expect(sent('f'), 'a late answer frees nothing').toBe(1);
    expect(sent('g')).toBe(0);
  });

  it('a full window is asked about by heartbeats: one empty append each', () => {
    const network = TestNetwork.of(3, { inflightMessagesMax: 1 });
    network.elect(1);
    network.member(1).propose('a');
    network.member(1).handleReady();
    network.member(1).propose('b');
    const heartbeat = {
      type: 'MsgHeartbeatResp',
      from: id(2),
      to: id(1),
      term: term(1),
      context: '',
    } as const;
    for (let i = 0; i < 3; i++) {
      network.node(1).step(heartbeat);
      const appends = network
        .member(1)
        .handleReady()
        .filter(({ type, to }) => type === 'MsgApp' && to === id(2));
      expect(appends).toMatchObject([{ index: 2, entries: [] }]);
    }
  });

  it('a gap makes the follower refuse, and the leader go back to one probe at a time', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.isolate(3);
    network.member(1).propose('lost');
    network.settle();
    network.heal();
    network.member(1).propose('next');
    network.collect();
    const refused: string[] = [];
    while (network.inFlight.length > 0) {
      for (const message of network.inFlight.splice(0)) {
        network.deliver(message);
        if (message.type !== 'MsgAppResp' || !message.reject) continue;
        refused.push(network.node(1).status().progress[2]!.state);
      }
      network.collect();
    }
    expect(refused).toEqual(['StateProbe']);
    expect(network.member(3).applied).toEqual(network.member(1).applied);
    expect(network.node(1).status().progress[2]).toMatchObject({ state: 'StateReplicate', match: 3 });
  });
});

describe('a log that nobody commits is bounded', () => {
  it('by uncommittedBytesMax, while a leader is cut off', () => {
    const network = TestNetwork.of(3, { uncommittedBytesMax: 100 });
    network.elect(1);
    network.isolate(1);
    let taken = 0;
    for (let i = 0; i < 1000; i++) if (network.member(1).propose('ten bytes.') === 'accepted') taken++;
    expect(taken).toBe(10);
    network.settle();
    network.heal();
    network.tickAll(2);
    expect(network.member(1).propose('ten bytes.')).toBe('accepted');
    network.settle();
    expect(network.node(1).status().commit).toBe(12);
  });

  it('and an empty pipeline takes any proposal, however large', () => {
    const network = TestNetwork.of(3, { uncommittedBytesMax: 1 });
    network.elect(1);
    for (const text of ['too large', 'and again']) {
      expect(network.member(1).propose(text)).toBe('accepted');
      expect(network.member(1).propose(text)).toBe('dropped');
      network.settle();
    }
    expect(network.node(1).proposeAll([new Uint8Array(0)]), 'what has no bytes always fits').toBe('accepted');
  });
});
