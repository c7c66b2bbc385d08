import { describe, expect, it } from 'vitest';

import { applyToConfState, decodeConfChange, encodeConfChange } from '../../src/raft/conf-change.ts';
import { index } from '../../src/raft/types.ts';
import type { ConfState } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, generator, id, ids } from './network.ts';

function founded(count: number): TestNetwork {
  return TestNetwork.of(count, { bootstrap: true, randomInteger: generator(count) });
}

describe('thesis §4: cluster membership changes', () => {
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

  it('§4.2.2: a removed leader steps down when the change is committed, and the others go on', () => {
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

describe('thesis §3.10: leadership transfer', () => {
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
});
