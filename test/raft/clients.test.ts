import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { index } from '../../src/raft/types.ts';
import { TestNetwork, id } from './network.ts';

describe('Raft §8, client interaction: all requests go to the leader, who begins with an entry of its own', () => {
  it('a leader commits an entry without data at the start of its term, and with it all before', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    expect(network.member(1).log()).toEqual(['1/1']);
    network.isolate(3);
    network.member(1).propose('a');
    network.settle();
    network.heal();
    network.elect(2);
    expect(network.member(2).log()).toEqual(['1/1', '2/1 a', '3/2']);
    expect(network.commits()).toEqual([3, 3, 3]);
  });

  it('a follower sends what clients ask of it to its leader', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    expect(network.member(2).propose('a')).toBe('accepted');
    const [forwarded] = network.member(2).handleReady();
    const entries = [{ type: 'normal', data: encodeUtf8('a') }];
    expect(forwarded).toEqual({ type: 'MsgProp', from: id(2), to: id(1), term: 0, entries });
  });

  it('once: a member that was taken for the leader, and is not, does not pass it on', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.member(2).propose('a');
    network.collect();
    const [forwarded] = network.inFlight.splice(0);
    network.elect(3);
    network.deliver(forwarded!);
    network.settle();
    expect(network.member(3).log()).toEqual(['1/1', '2/2']);
  });

  it('without a leader a request is dropped at once, so that its client can try another member', () => {
    const network = TestNetwork.of(3);
    expect(network.member(1).propose('a')).toBe('dropped');
    network.node(1).campaign();
    expect(network.node(1).role).toBe('candidate');
    expect(network.member(1).propose('a')).toBe('dropped');
    expect(network.node(1).readIndex('r')).toBe('dropped');
  });

  it('a request that was sent twice is in the log twice: the state machine tells them apart', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    network.member(2).propose('serial 7: a');
    network.collect();
    const [forwarded] = network.inFlight.splice(0);
    for (let i = 0; i < 2; i++) network.deliver(forwarded!);
    network.settle();
    expect(network.member(1).log()).toEqual(['1/1', '2/1 serial 7: a', '3/1 serial 7: a']);
  });

  it('after a restart, what was committed and is not applied is handed out again, in pages', () => {
    const network = TestNetwork.of(1, { maxSizePerMessageBytes: 60 });
    const member = network.member(1);
    network.elect(1);
    for (let i = 0; i < 10; i++) member.propose(`entry ${i}`);
    network.settle();
    const applied = [...member.applied];
    member.restartFromSnapshot();
    expect(member.applied).toEqual([]);
    const pages: number[] = [];
    while (member.node.hasReady()) {
      const ready = member.node.ready();
      pages.push(ready.committedEntries.length);
      member.apply(ready);
      member.node.advance();
    }
    expect(member.applied).toEqual(applied);
    expect(Math.max(...pages)).toBeLessThanOrEqual(4);
    expect(member.node.status()).toMatchObject({ role: 'follower', applied: 11 });
  });

  it('a Ready comes only when there is something to do, and all of it', () => {
    const network = TestNetwork.of(1);
    const { node } = network.member(1);
    expect(node.hasReady()).toBe(false);
    node.campaign();
    const first = node.ready();
    expect(first).toMatchObject({
      softState: { leader: id(1), role: 'leader' },
      hardState: { term: 1, vote: id(1), commit: index(0) },
      mustSync: true,
      committedEntries: [],
    });
    expect(() => node.ready(), 'one at a time').toThrow('advance()');
    network.member(1).persist(first);
    node.advance();
    const second = node.ready();
    expect(second).toMatchObject({ entries: [], mustSync: false, hardState: { commit: index(1) } });
    expect([second.softState, second.committedEntries.length]).toEqual([undefined, 1]);
    node.advance();
    expect(node.hasReady()).toBe(false);
    expect(() => node.advance()).toThrow('without ready()');
  });
});
