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

describe('Raft §5.3: log replication', () => {
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

describe('Raft §5.4.2: committing entries from previous terms', () => {
  it('figure 8: an old entry on a majority is committed only by one of the current term', () => {
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

describe('thesis §10.2.1: writing to the disk in parallel', () => {
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
