import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { encodeConfChange } from '../../src/raft/conf-change.ts';
import { index, term } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, id, ids } from './network.ts';

/** Member 3 misses so much that the leader no longer has the entries. */
function behind(): TestNetwork {
  const network = TestNetwork.of(3);
  network.elect(1);
  network.isolate(3);
  for (const text of ['a', 'b', 'c']) network.member(1).propose(text);
  network.settle();
  network.member(1).compact();
  network.heal();
  return network;
}

describe('Raft §7, log compaction: a snapshot takes the place of the log that is gone', () => {
  it('brings back a member whose next entry is compacted, and replication goes on', () => {
    const network = behind();
    network.tickAll(2);
    network.member(1).propose('d');
    network.settle();
    expect(network.member(3).trace.some((event) => event.type === 'snapshot-restored')).toBe(true);
    expect(network.member(3).applied).toEqual(['1/1', '2/1 a', '3/1 b', '4/1 c', '5/1 d']);
    expect(network.node(1).status().progress[2]).toMatchObject({ state: 'StateReplicate', match: 5 });
  });

  it('sends nothing else to it until the outcome is known; a failure starts over', () => {
    const network = behind();
    let lost = 0;
    for (let i = 0; i < 8; i++) {
      network.node(1).tick();
      network.collect();
      for (const message of network.inFlight.splice(0)) {
        if (message.type === 'MsgSnap') lost++;
        else network.deliver(message);
      }
    }
    network.collect();
    expect(lost).toBe(1);
    expect(network.node(1).status().progress[2]).toMatchObject({ state: 'StateSnapshot', next: 5 });
    network.node(1).reportSnapshot(id(3), false);
    expect(network.node(1).status().progress[2]).toMatchObject({ state: 'StateProbe', next: 2 });
    network.settle();
    network.tickAll(2);
    expect(network.member(3).applied).toEqual(network.member(1).applied);
  });

  it('without any report it is tried again after ten election timeouts', () => {
    const network = behind();
    let lost = 0;
    const tick = (): void => {
      network.node(1).tick();
      network.collect();
      for (const message of network.inFlight.splice(0)) {
        if (message.type === 'MsgSnap' && lost++ === 0) continue;
        network.deliver(message);
      }
    };
    for (let i = 0; i < 100; i++) tick();
    expect(lost).toBe(1);
    for (let i = 0; i < 10; i++) tick();
    expect(lost).toBe(2);
    network.settle();
    expect(network.member(3).applied).toEqual(network.member(1).applied);
  });

  it('a snapshot that arrives while older entries are being applied does not change their membership', () => {
    const voters = ids(1, 2, 3);
    const member = new TestMember(id(1), { voters });
    const leads = { from: id(2), to: id(1), term: term(1) };
    const data = encodeConfChange({ type: 'add-learner', member: id(4) });
    const entries = [{ index: index(1), term: term(1), type: 'conf-change', data }] as const;
    const start = { index: index(0), logTerm: term(0), commit: index(1) };
    member.node.step({ type: 'MsgApp', ...leads, ...start, entries });
    const ready = member.node.ready();
    const metadata = { index: index(5), term: term(1), confState: { voters, learners: ids(5) } };
    member.node.step({ type: 'MsgSnap', ...leads, snapshot: { metadata, data: encodeUtf8('[]') } });
    member.persist(ready);
    member.apply(ready);
    member.node.advance();
    expect(member.confState.learners).toEqual(ids(4));
    member.handleReady();
    expect(member.node.status()).toMatchObject({ applied: 5, confState: { learners: ids(5) } });
  });

  it('an old snapshot, or one of what the log holds, changes nothing but the commit index', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.member(1).propose('a');
    network.settle();
    network.member(1).compact();
    const snapshot = network.member(1).storage.snapshot();
    if (!snapshot.ok) throw new Error(snapshot.error);
    const { from, to, term } = { from: id(1), to: id(3), term: network.node(1).term };
    network.node(3).step({ type: 'MsgSnap', from, to, term, snapshot: snapshot.value });
    const ready = network.node(3).ready();
    expect(ready.snapshot).toBeUndefined();
    expect([...ready.messagesBeforeSync, ...ready.messages]).toMatchObject([
      { type: 'MsgAppResp', index: 2, reject: false },
    ]);
  });
});

describe('thesis §5.1, snapshots: they hold the last index and term, and the membership as of then', () => {
  it('a member that starts from its snapshot has its membership, and goes on behind it', () => {
    const network = TestNetwork.of(3, { bootstrap: true });
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'add-learner', member: id(9) });
    network.settle();
    const member = network.member(2);
    member.compact();
    member.restartFromSnapshot();
    expect(member.node.status()).toMatchObject({
      applied: 3,
      commit: 3,
      confState: { voters: ids(1, 2, 3), learners: ids(9) },
    });
    network.member(1).propose('a');
    network.settle();
    network.tickAll(2);
    expect(member.applied.at(-1)).toBe('4/1 a');
  });

  it('a member learns the membership from a snapshot: joint, learners and all', () => {
    const confState = {
      voters: ids(1, 2),
      votersOutgoing: ids(2, 3),
      learners: ids(4),
      learnersNext: ids(3),
      autoLeave: true,
    };
    const member = new TestMember(id(1));
    const metadata = { index: index(7), term: term(2), confState };
    const snapshot = { metadata, data: encodeUtf8('[]') };
    member.node.step({ type: 'MsgSnap', from: id(2), to: id(1), term: term(2), snapshot });
    member.node.campaign();
    expect(member.node.role, 'not before it is applied').toBe('follower');
    const answers = member.handleReady();
    expect(answers).toMatchObject([{ type: 'MsgAppResp', index: 7, reject: false }]);
    expect(member.node.status()).toMatchObject({ commit: 7, applied: 7, lastIndex: 7, confState });
    member.node.campaign();
    expect(member.node.role).toBe('candidate');
  });

  it('entries that are kept behind it spare a follower that is a little late the snapshot', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.isolate(3);
    for (const text of ['a', 'b', 'c']) network.member(1).propose(text);
    network.settle();
    network.member(1).compact(3);
    network.heal();
    network.tickAll(2);
    expect(network.member(1).trace.some(({ type }) => type === 'snapshot-sent')).toBe(false);
    expect(network.member(3).applied).toEqual(network.member(1).applied);
  });

  it('goes only to a member that answers', () => {
    const network = TestNetwork.of(3, { preVote: true, checkQuorum: true });
    network.elect(1);
    network.isolate(3);
    for (const text of ['a', 'b', 'c']) network.member(1).propose(text);
    network.tickAll(25);
    network.member(1).compact();
    network.node(1).reportUnreachable(id(3));
    network.member(1).propose('d');
    network.tickAll(3);
    const sent = (): number => network.member(1).trace.filter(({ type }) => type === 'snapshot-sent').length;
    expect(sent()).toBe(0);
    network.heal();
    network.tickAll(2);
    expect(sent()).toBe(1);
    expect(network.member(3).applied).toEqual(network.member(1).applied);
  });

  it('two that arrive shortly after each other end in the newer one', () => {
    const voters = ids(1, 2, 3);
    const member = new TestMember(id(1), { voters });
    const send = (at: number): void => {
      const metadata = { index: index(at), term: term(1), confState: { voters, learners: ids(at) } };
      const snapshot = { metadata, data: encodeUtf8('[]') };
      member.node.step({ type: 'MsgSnap', from: id(2), to: id(1), term: term(1), snapshot });
    };
    send(5);
    const first = member.node.ready();
    send(8);
    send(4);
    member.persist(first);
    member.apply(first);
    member.node.advance();
    expect(member.node.status().confState.learners).toEqual(ids(5));
    member.handleReady();
    expect(member.node.status()).toMatchObject({ applied: 8, commit: 8, confState: { learners: ids(8) } });
  });

  it('one under way stops nothing but the log of its own member', () => {
    const network = behind();
    for (let i = 0; i < 8; i++) {
      network.node(1).tick();
      network.collect();
      for (const message of network.inFlight.splice(0)) {
        if (message.type !== 'MsgSnap') network.deliver(message);
      }
    }
    network.member(1).propose('d');
    network.settle();
    expect(network.node(1).status().commit).toBe(5);
    expect(network.node(1).status().progress[2]).toMatchObject({ state: 'StateSnapshot' });
    network.node(1).reportSnapshot(id(3), true);
    expect(network.node(1).status().progress[2], 'it waits for the answer').toMatchObject({
      state: 'StateProbe',
      next: 5,
      paused: true,
    });
  });
});
