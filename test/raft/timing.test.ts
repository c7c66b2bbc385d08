import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/raft/messages.ts';
import { TestNetwork, generator, id } from './network.ts';

/** Each message takes `delayTicks` to arrive. Returns the largest term after `ticks`. */
function run(delayTicks: number, ticks: number, seed: number): number {
  const network = TestNetwork.of(3, { electionTicks: 10, randomInteger: generator(seed) });
  network.elect(1);
  const arriving: Message[][] = Array.from({ length: delayTicks }, () => []);
  for (let i = 0; i < ticks; i++) {
    for (const { node } of network.members) node.tick();
    network.collect();
    arriving.push(network.inFlight.splice(0));
    for (const message of arriving.shift()!) network.deliver(message);
  }
  return Math.max(...network.members.map(({ node }) => node.term));
}

describe('Raft §5.6, timing and availability: a broadcast must take much less than an election timeout', () => {
  it.each([0, 1, 3, 5])('with messages that take %i of 10 ticks a leader stays for ever', (delay) => {
    for (let seed = 1; seed <= 10; seed++) expect(run(delay, 500, seed)).toBe(1);
  });

  it('with messages as slow as elections, leaders come and go, and terms pass', () => {
    expect(run(15, 500, 1)).toBeGreaterThan(5);
  });

  it('what is safe does not depend on it: entries of a slow leader are committed or replaced, never both', () => {
    const network = TestNetwork.of(3, { randomInteger: generator(3) });
    network.elect(1);
    network.member(1).propose('late');
    network.collect();
    const late = network.inFlight.splice(0);
    network.isolate(1);
    network.tickAll(60);
    network.heal();
    for (const message of late) network.deliver(message);
    network.tickAll(30);
    for (const member of network.members) {
      expect(member.applied.filter((entry) => entry.endsWith('late'))).toEqual([]);
      expect(member.applied).toEqual(network.member(2).applied);
    }
  });

  it('a leader that sleeps for an election timeout finds another one in its place', () => {
    const network = TestNetwork.of(3, { randomInteger: generator(1) });
    network.elect(1);
    for (let i = 0; i < 60; i++) {
      for (const one of [2, 3]) network.node(one).tick();
      network.settle();
    }
    expect(network.node(1).role).toBe('follower');
    expect([id(2), id(3)]).toContain(network.node(1).leader);
  });
});
