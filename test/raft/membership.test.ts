import { describe, expect, it } from 'vitest';

import { applyToConfState, decodeConfChange, encodeConfChange } from '../../src/raft/conf-change.ts';
import { index, term } from '../../src/raft/types.ts';
import type { ConfState } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, generator, id, ids } from './network.ts';

function founded(count: number): TestNetwork {
  return TestNetwork.of(count, { bootstrap: true, randomInteger: generator(count) });
}

describe('thesis §4.1, safety: old and new majorities overlap, for one member changes at a time', () => {
  it('one change at a time, and none before the first own commit', () => {
    const network = founded(3);
    network.node(1).campaign();
    const change = { type: 'add-learner', member: id(4) } as const;
    network.collect();
    while (network.node(1).role !== 'leader') {
      for (const message of network.inFlight.splice(0)) network.deliver(message);
      if (network.node(1).role !== 'leader') network.collect();
    }
    expect(network.node(1).proposeConfChange(change)).toBe('dropped');
    network.settle();
    expect(network.node(1).proposeConfChange(change)).toBe('accepted');
    expect(network.node(1).proposeConfChange({ type: 'remove', member: id(3) })).toBe('dropped');
    network.settle();
    expect(network.node(1).proposeConfChange({ type: 'remove', member: id(3) })).toBe('accepted');
  });

  it('a new leader changes nothing before it applied what it found, for it may hold a change', () => {
    const network = founded(3);
    network.elect(1);
    // Only member 2 hears of the change, and the leader is cut off.
    network.node(1).proposeConfChange({ type: 'add-learner', member: id(4) });
    network.collect();
    for (const message of network.inFlight.splice(0)) if (message.to === id(2)) network.deliver(message);
    network.collect();
    network.inFlight = [];
    network.isolate(1);
    network.node(2).campaign();
    const change = { type: 'add-learner', member: id(5) } as const;
    while (network.node(2).role !== 'leader') {
      network.collect();
      for (const message of network.inFlight.splice(0)) network.deliver(message);
    }
    expect(network.node(2).proposeConfChange(change)).toBe('dropped');
    network.settle();
    expect(network.member(2).confState.learners).toEqual(ids(4));
    expect(network.node(2).proposeConfChange(change)).toBe('accepted');
    network.settle();
    expect(network.member(3).confState.learners).toEqual(ids(4, 5));
  });

  it('a change that never was committed does not block its leader, when it leads again', () => {
    const network = founded(3);
    network.elect(1);
    network.isolate(1);
    network.node(1).proposeConfChange({ type: 'add-learner', member: id(4) });
    network.settle();
    network.elect(2);
    network.heal();
    network.tickAll(3);
    network.elect(1);
    expect(network.member(1).confState.learners).toEqual([]);
    expect(network.node(1).proposeConfChange({ type: 'add-learner', member: id(5) })).toBe('accepted');
  });

  it('the same change again, and one that its driver refuses, do no harm and do not block the next', () => {
    const network = founded(1);
    network.elect(1);
    const add = { type: 'add-learner', member: id(2) } as const;
    for (const change of [add, add, { type: 'add-learner', member: id(3) } as const]) {
      expect(network.node(1).proposeConfChange(change)).toBe('accepted');
      network.settle();
    }
    expect(network.member(1).confState).toEqual({ voters: ids(1), learners: ids(2, 3) });
    network.node(1).proposeConfChange({ type: 'remove', member: id(3) });
    const { node } = network.member(1);
    network.member(1).persist(node.ready());
    node.advance();
    expect(node.ready().committedEntries).toMatchObject([{ type: 'conf-change' }]);
    expect(node.applyConfChange('nothing').learners).toEqual(ids(2, 3));
    node.advance();
    expect(node.proposeConfChange(add)).toBe('accepted');
  });

  it('nobody campaigns on a membership that a committed entry has changed already', () => {
    const network = founded(3);
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'remove', member: id(3) });
    network.settle();
    const { storage } = network.member(2);
    const stored = storage.entries(storage.firstIndex(), index(storage.lastIndex() + 1), Infinity);
    if (!stored.ok) throw new Error(stored.error);
    const late = new TestMember(id(2), { voters: ids(1, 2, 3), bootstrap: true });
    late.storage.append(stored.value);
    late.storage.setHardState(storage.initialState().hardState);
    late.restart();
    late.node.campaign();
    expect(late.node.role).toBe('follower');
    late.handleReady();
    expect(late.confState.voters).toEqual(ids(1, 2));
    late.node.campaign();
    expect(late.node.role).toBe('candidate');
  });

  it('a smaller majority may hold more: removal commits what waited', () => {
    const network = founded(2);
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'remove', member: id(2) });
    network.member(1).propose('a');
    network.settle();
    network.isolate(2);
    network.member(1).propose('b');
    network.settle();
    expect(network.member(1).applied.at(-1)).toMatch(/ b$/);
  });

  it('is a pure function that never leaves a cluster without voters', () => {
    const one: ConfState = { voters: ids(1), learners: ids(2) };
    expect(applyToConfState(one, { type: 'remove', member: id(1) })).toBe(one);
    expect(applyToConfState(one, { type: 'add-learner', member: id(1) })).toBe(one);
    expect(applyToConfState(one, { type: 'add-voter', member: id(2) })).toEqual({
      voters: ids(1, 2),
      learners: [],
    });
    expect(applyToConfState(one, { type: 'add-learner', member: id(16) }).learners).toEqual(ids(2, 16));
  });

  it('encodes to text and back', () => {
    const change = { type: 'add-voter', member: id(0xab) } as const;
    expect(decodeConfChange(encodeConfChange(change))).toEqual(change);
  });
});

describe('thesis §4.2.1, catching up new servers: who is far behind holds nobody up', () => {
  it('a joining member gets the snapshot, then counts', () => {
    const network = founded(1);
    network.elect(1);
    network.members.push(new TestMember(id(2)));
    expect(network.node(1).proposeConfChange({ type: 'add-voter', member: id(2) })).toBe('accepted');
    network.settle();
    network.tickAll(3);
    expect(network.member(2).confState).toEqual({ voters: ids(1, 2), learners: [] });
    network.isolate(2);
    network.member(1).propose('a');
    network.settle();
    expect(network.member(1).applied).not.toContain('4/1 a');
    network.heal();
    network.tickAll(3);
    expect(network.member(2).applied).toContain('4/1 a');
  });

  it('a learner gets everything and decides nothing, until it is promoted', () => {
    const network = founded(1);
    network.elect(1);
    network.members.push(new TestMember(id(2)));
    network.node(1).proposeConfChange({ type: 'add-learner', member: id(2) });
    network.settle();
    network.tickAll(3);
    network.node(2).campaign();
    expect(network.node(2).role).toBe('follower');
    network.isolate(2);
    network.member(1).propose('a');
    network.settle();
    expect(network.member(1).applied).toContain('4/1 a');
    network.heal();
    network.node(1).proposeConfChange({ type: 'add-voter', member: id(2) });
    network.tickAll(3);
    expect(network.member(2).confState).toEqual({ voters: ids(1, 2), learners: [] });
  });

  it('a learner never campaigns, but votes: it may have been promoted without knowing it yet', () => {
    const learner = new TestMember(id(2), { voters: ids(1), learners: ids(2) });
    for (let i = 0; i < 100; i++) learner.node.tick();
    expect(learner.node.role).toBe('follower');
    const ask = { type: 'MsgVote', from: id(1), to: id(2), term: term(2), transfer: false } as const;
    learner.node.step({ ...ask, index: index(11), logTerm: term(11) });
    expect(learner.handleReady()).toMatchObject([{ type: 'MsgVoteResp', to: id(1), reject: false }]);
  });

  it('a learner counts for no majority: not of votes, not of copies, not of answers', () => {
    const network = TestNetwork.of(2, { voters: ids(1, 2), learners: ids(3), checkQuorum: true });
    network.members.push(new TestMember(id(3), { voters: ids(1, 2), learners: ids(3), checkQuorum: true }));
    network.isolate(2);
    network.node(1).campaign();
    network.settle();
    expect(network.node(1).role).toBe('candidate');
    network.heal();
    network.elect(1);
    network.isolate(2);
    network.member(1).propose('a');
    network.settle();
    expect(network.member(3).log(), 'it has it').toContain('2/2 a');
    expect(network.node(1).status().commit).toBe(1);
    for (let i = 0; i < 21; i++) {
      network.node(1).tick();
      network.settle();
    }
    expect(network.node(1).role, 'only a learner answers').not.toBe('leader');
  });

  it('a learner that was promoted can be elected', () => {
    const network = founded(1);
    network.elect(1);
    network.members.push(new TestMember(id(2)));
    for (const type of ['add-learner', 'add-voter'] as const) {
      network.node(1).proposeConfChange({ type, member: id(2) });
      network.settle();
      network.tickAll(3);
    }
    network.elect(2);
    expect(network.node(1).leader).toBe(id(2));
  });
});

describe('thesis §4.2.2, removing the current leader: it leads until that is committed', () => {
  it('a removed leader steps down when the change is committed, and the others go on', () => {
    const network = founded(3);
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'remove', member: id(1) });
    network.settle();
    expect(network.node(1).role).toBe('follower');
    network.tickAll(25);
    expect(network.node(1).role).toBe('follower');
    const leader = network.members.find((member) => member.node.role === 'leader');
    expect(leader?.confState).toEqual({ voters: ids(2, 3), learners: [] });
    leader?.propose('a');
    network.settle();
    expect(network.member(2).applied.at(-1)).toMatch(/ a$/);
    expect(network.member(3).applied).toEqual(network.member(2).applied);
  });

  it('who does not know of the removal learns it from the refusal of the removed', () => {
    const network = founded(2);
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'remove', member: id(1) });
    network.member(1).propose('only member 1 has this');
    // The removal reaches member 2 alone, and that it is committed reaches nobody.
    const ready = network.node(1).ready();
    network.member(1).persist(ready);
    const [append] = ready.messagesBeforeSync;
    if (append?.type !== 'MsgApp') throw new Error('an append was to be sent');
    network.node(2).step({ ...append, entries: append.entries.slice(0, 1) });
    network.node(1).advance();
    for (const message of network.member(2).handleReady()) network.node(1).step(message);
    network.member(1).handleReady();
    expect(network.node(1).role).toBe('follower');
    expect(network.node(2).status().commit).toBeLessThan(network.node(1).status().commit);
    network.tickAll(45);
    expect(network.node(2).role).toBe('leader');
    expect(network.member(2).confState.voters).toEqual(ids(2));
  });
});

describe('thesis §4.2.3, disruptive servers: who was removed cannot depose a leader', () => {
  it('a removed member that missed it does not disturb those who hear their leader', () => {
    for (const options of [{ checkQuorum: true }, { preVote: true, checkQuorum: true }]) {
      const network = TestNetwork.of(4, { bootstrap: true, randomInteger: generator(1), ...options });
      network.elect(1);
      network.isolate(4);
      network.node(1).proposeConfChange({ type: 'remove', member: id(4) });
      network.tickAll(2);
      for (let i = 0; i < 60; i++) network.node(4).tick();
      network.heal();
      network.tickAll(60);
      expect(network.node(1).status()).toMatchObject({ role: 'leader', term: 1 });
      network.member(1).propose('a');
      network.settle();
      expect(network.member(3).applied).toEqual(network.member(1).applied);
    }
  });
});
