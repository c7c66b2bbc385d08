import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { MsgApp } from '../../src/raft/messages.ts';
import { noMember } from '../../src/raft/types.ts';
import type { ConfChangeV2 } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, generator, id, ids } from './network.ts';
import type { MemberOptions } from './network.ts';

function founded(count: number, options: MemberOptions = {}): TestNetwork {
  return TestNetwork.of(count, { bootstrap: true, randomInteger: generator(count), ...options });
}

const swap: ConfChangeV2['changes'] = [
  { type: 'add-voter', member: id(4) },
  { type: 'remove', member: id(1) },
];

for (const asyncStorageWrites of [false, true]) {
  const options = { asyncStorageWrites };

  const how = asyncStorageWrites ? 'asynchronous' : 'synchronous';
  describe(`Raft §6, thesis §4.3, joint consensus: any change at once, by both majorities (${how})`, () => {
    it('several members change at once, and the joint membership is left by itself', () => {
      const network = founded(3, options);
      network.elect(1);
      network.members.push(new TestMember(id(4), options));
      const { node } = network.member(1);
      expect(node.proposeConfChange({ transition: 'auto', changes: swap })).toBe('accepted');
      network.settle();
      network.tickAll(3);
      expect(network.member(2).confState).toEqual({ voters: ids(2, 3, 4), learners: [] });
      // Thesis §4.2.2: a leader that the change removed steps down once the new membership is committed.
      expect(node.role).toBe('follower');
      network.tickAll(40);
      expect(network.members.filter((member) => member.node.role === 'leader')).toHaveLength(1);
      expect(network.member(4).confState).toEqual({ voters: ids(2, 3, 4), learners: [] });
    });

    it('an explicit joint membership stays, refuses other changes, and needs both majorities', () => {
      const network = founded(3, options);
      network.elect(1);
      network.members.push(new TestMember(id(4), options), new TestMember(id(5), options));
      const { node } = network.member(1);
      const changes = [
        ...swap,
        { type: 'add-voter', member: id(5) },
        { type: 'remove', member: id(2) },
      ] as const;
      node.proposeConfChange({ transition: 'joint-explicit', changes });
      network.settle();
      network.tickAll(3);
      expect(network.member(1).confState).toEqual({
        voters: ids(3, 4, 5),
        learners: [],
        votersOutgoing: ids(1, 2, 3),
      });
      expect(node.proposeConfChange({ type: 'remove', member: id(3) })).toBe('dropped');
      const commit = node.status().commit;
      network.isolate(4);
      network.isolate(5);
      network.member(1).propose('a');
      network.settle();
      expect(node.status().commit).toBe(commit);
      network.heal();
      network.tickAll(2);
      expect(node.status().commit).toBe(commit + 1);
      expect(node.proposeConfChange({ transition: 'auto', changes: [] })).toBe('accepted');
      network.settle();
      expect(network.member(3).confState).toEqual({ voters: ids(3, 4, 5), learners: [] });
      expect(node.proposeConfChange({ transition: 'auto', changes: [] })).toBe('dropped');
    });

    it('a leader elected in a joint membership leaves it, where its predecessor could not', () => {
      const network = founded(3, options);
      network.elect(1);
      network.members.push(new TestMember(id(4), options));
      const changes = [
        { type: 'add-voter', member: id(4) },
        { type: 'add-learner', member: id(3) },
      ] as const;
      network.node(1).proposeConfChange({ transition: 'joint-implicit', changes });
      // Committed and applied by the leader only; then it is cut off.
      network.collect();
      for (const message of network.inFlight.splice(0)) if (message.to !== id(4)) network.deliver(message);
      network.collect();
      network.isolate(1);
      network.settle();
      for (let i = 0; i < 40 && network.node(2).role !== 'leader'; i++) network.tickAll();
      network.heal();
      network.tickAll(30);
      expect(network.member(2).confState).toEqual({ voters: ids(1, 2, 4), learners: ids(3) });
      expect(network.member(3).confState).toEqual({ voters: ids(1, 2, 4), learners: ids(3) });
    });
  });
}

describe('stepDownOnRemoval', () => {
  it('off: the removed leader leads on, but takes nothing new', () => {
    const network = founded(3, { stepDownOnRemoval: false });
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'remove', member: id(1) });
    network.settle();
    expect(network.node(1).role).toBe('leader');
    expect(network.member(1).propose('a')).toBe('dropped');
  });

  it('on: a leader demoted to learner steps down', () => {
    const network = founded(3);
    network.elect(1);
    network.node(1).proposeConfChange({ type: 'add-learner', member: id(1) });
    network.settle();
    expect(network.node(1).role).toBe('follower');
    expect(network.member(2).confState).toEqual({ voters: ids(2, 3), learners: ids(1) });
  });
});

describe('limits', () => {
  it('inflightBytesMax: the message that crosses the line is the last until an answer comes', () => {
    const network = founded(3, { inflightBytesMax: 50, maxSizePerMessageBytes: 50 });
    network.elect(1);
    const sent = (): MsgApp[] => {
      network.member(1).propose('0123456789');
      const messages = network.member(1).handleReady();
      return messages.filter(
        (message): message is MsgApp => message.type === 'MsgApp' && message.to === id(2),
      );
    };
    expect(sent()).toHaveLength(1);
    expect(sent()).toHaveLength(1);
    expect(sent()).toHaveLength(0);
  });

  it('uncommittedBytesMax: a leader drops what nobody commits', () => {
    const network = founded(3, { uncommittedBytesMax: 15 });
    network.elect(1);
    expect(network.member(1).propose('0123456789')).toBe('accepted');
    expect(network.member(1).propose('0123456789')).toBe('dropped');
    network.settle();
    expect(network.member(1).propose('0123456789')).toBe('accepted');
  });

  it('proposeAll shares one MsgApp', () => {
    const network = founded(3);
    network.elect(1);
    expect(network.node(1).proposeAll(['a', 'b', 'c'].map(encodeUtf8))).toBe('accepted');
    const messages = network
      .member(1)
      .handleReady()
      .filter((message) => message.type === 'MsgApp');
    expect(messages.map((message) => [message.to, message.entries.length])).toEqual([
      [id(2), 3],
      [id(3), 3],
    ]);
  });

  it('disableProposalForwarding: a follower drops proposals', () => {
    const network = founded(3, { disableProposalForwarding: true });
    network.elect(1);
    expect(network.member(2).propose('a')).toBe('dropped');
  });
});

describe('forgetLeader', () => {
  it('lets a follower that would stick to its leader grant a vote at once', () => {
    const network = founded(3, { checkQuorum: true, preVote: true });
    network.elect(1);
    network.isolate(1);
    network.node(2).campaign();
    network.settle();
    expect(network.node(2).role).not.toBe('leader');
    network.node(3).forgetLeader();
    expect(network.node(3).leader).toBe(noMember);
    network.node(2).campaign();
    network.settle();
    expect(network.node(2).role).toBe('leader');
  });
});
