import { describe, expect, it } from 'vitest';

import { readsPendingMax } from '../../src/raft/read-only.ts';
import { index, term } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, generator, id, ids } from './network.ts';

describe('thesis §6.4, reads without the log: a majority confirms, after the read came, who leads', () => {
  it('leader and follower get the commit index; a follower asks its leader', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    expect(network.node(1).readIndex('at the leader')).toBe('accepted');
    expect(network.node(3).readIndex('at a follower')).toBe('accepted');
    network.settle();
    expect(network.member(1).reads).toEqual([{ context: 'at the leader', index: 1 }]);
    expect(network.member(3).reads).toEqual([{ context: 'at a follower', index: 1 }]);
  });

  it('the only voter answers itself, also a read that comes between a Ready and a tick', () => {
    const network = TestNetwork.of(1);
    network.elect(1);
    const { node, reads } = network.member(1);
    node.propose(new Uint8Array(1));
    node.ready();
    node.readIndex('r');
    node.tick();
    node.advance();
    expect(node.ready().readStates).toMatchObject([{ context: 'r' }]);
    expect(reads).toEqual([]);
  });

  it('without a leader it is dropped', () => {
    expect(TestNetwork.of(3).node(1).readIndex('r')).toBe('dropped');
  });

  it('a leader cut off from the majority gives no index', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.isolate(1);
    network.node(1).readIndex('r');
    for (let i = 0; i < 5; i++) network.node(1).tick();
    network.settle();
    expect(network.member(1).reads).toEqual([]);
  });

  it('answers to a round that began before a read do not confirm it', () => {
    const member = new TestMember(id(1), { voters: ids(1, 2, 3) });
    const { node } = member;
    node.campaign();
    const nothing = { commit: index(0), commitTerm: term(0) };
    node.step({ type: 'MsgVoteResp', from: id(2), to: id(1), term: term(1), reject: false, ...nothing });
    while (node.hasReady()) member.handleReady();
    const matched = { index: index(1), reject: false, rejectHint: index(0), logTerm: term(0) };
    node.step({ type: 'MsgAppResp', from: id(2), to: id(1), term: term(1), ...matched });
    const answer = { type: 'MsgHeartbeatResp', from: id(2), to: id(1), term: term(1) } as const;
    node.readIndex('first');
    member.handleReady();
    node.readIndex('second');
    node.step({ ...answer, context: '1' });
    expect(node.ready()).toMatchObject({
      readStates: [{ context: 'first', index: 1 }],
      messagesBeforeSync: [{ context: '2' }, { context: '2' }],
    });
    node.advance();
    node.step({ ...answer, context: '1' });
    expect(node.hasReady()).toBe(false);
    node.step({ ...answer, context: '2' });
    expect(node.ready().readStates).toEqual([{ context: 'second', index: 1 }]);
  });

  it('a learner may ask, but confirms nothing', () => {
    const options = { voters: ids(1, 2), learners: ids(3) };
    const network = new TestNetwork(ids(1, 2, 3).map((member) => new TestMember(member, options)));
    network.elect(1);
    network.isolate(2);
    network.node(3).readIndex('r');
    network.settle();
    network.node(1).tick();
    network.settle();
    expect(network.member(3).reads).toEqual([]);
    network.heal();
    network.node(1).tick();
    network.settle();
    expect(network.member(3).reads).toEqual([{ context: 'r', index: 1 }]);
  });

  it('one round serves all reads that wait for it', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    for (let i = 0; i < 100; i++) network.node(1).readIndex(`r${i}`);
    network.collect();
    const rounds = new Set<string>();
    while (network.inFlight.length > 0) {
      for (const message of network.inFlight.splice(0)) {
        if (message.type === 'MsgHeartbeat') rounds.add(message.context);
        network.deliver(message);
      }
      network.collect();
    }
    expect(network.member(1).reads.map(({ context }) => context)).toEqual(
      Array.from({ length: 100 }, (_, i) => `r${i}`),
    );
    expect([...rounds]).toEqual(['1']);
  });

  it('a lost round is repeated by the next heartbeat', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.node(1).readIndex('r');
    network.collect();
    network.inFlight = [];
    network.tickAll(1);
    expect(network.member(1).reads).toEqual([{ context: 'r', index: 1 }]);
  });

  it('a new leader answers only after it committed in its own term, and no more than it can hold wait', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.node(2).campaign();
    network.collect();
    while (network.node(2).role !== 'leader') {
      for (const message of network.inFlight.splice(0)) network.deliver(message);
      if (network.node(2).role !== 'leader') network.collect();
    }
    for (let i = 0; i < readsPendingMax; i++) expect(network.node(2).readIndex(`r${i}`)).toBe('accepted');
    expect(network.node(2).readIndex('one more')).toBe('dropped');
    expect(network.node(2).ready().readStates).toEqual([]);
    network.node(2).advance();
    network.member(2).restart();
    network.elect(2);
    network.node(2).readIndex('again');
    network.settle();
    expect(network.member(2).reads).toEqual([{ context: 'again', index: network.node(2).status().commit }]);
  });
});

describe('thesis §6.4.1, leases: clocks may take the place of the majority, where they can be trusted', () => {
  const options = { readOnly: 'lease-based', checkQuorum: true } as const;

  it('a leader answers at once, a follower by one message there and back', () => {
    const network = TestNetwork.of(3, options);
    network.elect(1);
    network.node(1).readIndex('at the leader');
    expect(network.node(1).ready()).toMatchObject({
      readStates: [{ context: 'at the leader', index: 1 }],
      messagesBeforeSync: [],
    });
    network.node(1).advance();
    network.node(2).readIndex('at a follower');
    network.settle();
    expect(network.member(2).reads).toEqual([{ context: 'at a follower', index: 1 }]);
  });

  it('it too waits for its first own commit', () => {
    const network = TestNetwork.of(3, options);
    network.node(1).campaign();
    while (network.node(1).role !== 'leader') {
      network.collect();
      for (const message of network.inFlight.splice(0)) network.deliver(message);
    }
    network.node(1).readIndex('early');
    expect(network.member(1).reads).toEqual([]);
    network.settle();
    expect(network.member(1).reads).toEqual([{ context: 'early', index: 1 }]);
  });

  it('rests on followers that stick to their leader: they forget it for nobody', () => {
    const network = TestNetwork.of(3, options);
    network.elect(1);
    network.node(2).forgetLeader();
    expect(network.node(2).leader).toBe(id(1));
  });

  it('ends with the majority, if late: within two election timeouts, as the leader looks back over one', () => {
    const network = TestNetwork.of(3, { ...options, randomInteger: generator(3) });
    network.elect(1);
    network.tickAll(10);
    network.isolate(1);
    for (let i = 0; i < 19; i++) network.node(1).tick();
    expect(network.node(1).role).toBe('leader');
    network.node(1).tick();
    expect(network.node(1).role).toBe('follower');
    expect(network.node(1).readIndex('r')).toBe('dropped');
  });
});
