import { describe, expect, it } from 'vitest';

import { ok } from '../../src/base/result.ts';
import { revision } from '../../src/mvcc/types.ts';
import { Proposals } from '../../src/etcd/proposals.ts';
import type { Applied } from '../../src/etcd/request.ts';
import { term } from '../../src/raft/types.ts';
import { FakeClock, settle } from '../client/fake-platform.ts';

const answer: Applied = { response: null, revision: revision(2), raftTerm: 1 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function add(proposals: Proposals, sequence: number, text: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    proposals.add(sequence, bytes(text), { ok: resolve, failed: reject });
  });
}

function outcome(promise: Promise<unknown>): { text: string } {
  const seen = { text: 'waits' };
  promise.then(
    () => (seen.text = 'applied'),
    (error: Error) => (seen.text = error.message),
  );
  return seen;
}

describe('proposals', () => {
  it('are handed over once, however often the driver asks', () => {
    const proposals = new Proposals(new FakeClock(), 1000);
    void add(proposals, 1, 'a');
    const handed: string[] = [];
    const propose = (data: Uint8Array): 'accepted' => {
      handed.push(new TextDecoder().decode(data));
      return 'accepted';
    };
    proposals.handOver(term(1), propose);
    proposals.handOver(term(2), propose);
    expect(handed).toEqual(['a']);
  });

  it('wait for a leader and keep their order', () => {
    const proposals = new Proposals(new FakeClock(), 1000);
    void add(proposals, 1, 'a');
    void add(proposals, 2, 'b');
    proposals.handOver(term(1), () => 'dropped');
    const handed: string[] = [];
    proposals.handOver(term(2), (data) => {
      handed.push(new TextDecoder().decode(data));
      return 'accepted';
    });
    expect(handed).toEqual(['a', 'b']);
  });

  it('answer their client when applied, and only once', async () => {
    const proposals = new Proposals(new FakeClock(), 1000);
    const seen = outcome(add(proposals, 1, 'a'));
    proposals.applied(1, ok(answer));
    proposals.applied(1, ok(answer));
    await settle();
    expect(seen.text).toBe('applied');
    expect(proposals.size).toBe(0);
  });

  it('of an earlier term fail as unknown once a later term is applied; younger ones go on', async () => {
    const proposals = new Proposals(new FakeClock(), 1000);
    const old = outcome(add(proposals, 1, 'old'));
    proposals.handOver(term(1), () => 'accepted');
    const young = outcome(add(proposals, 2, 'young'));
    proposals.handOver(term(2), () => 'accepted');
    const waiting = outcome(add(proposals, 3, 'waiting'));
    proposals.termApplied(term(2));
    await settle();
    expect([old.text, young.text, waiting.text]).toEqual(['etcdserver: leader changed', 'waits', 'waits']);
  });

  it('time out', async () => {
    const clock = new FakeClock();
    const seen = outcome(add(new Proposals(clock, 1000), 1, 'a'));
    await clock.advance(1251);
    expect(seen.text).toBe('etcdserver: request timed out');
  });
});
