import { describe, expect, it } from 'vitest';

import { LinearizableReads } from '../../src/etcd/linearizable-reads.ts';
import { index } from '../../src/raft/types.ts';
import { FakeClock, settle } from '../client/fake-platform.ts';

function setUp() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const reads = new LinearizableReads({
    clock,
    timeoutMillis: 2000,
    contextPrefix: 'm',
    applied: index(0),
    ask: (context) => asked.push(context),
  });
  const served: string[] = [];
  const read = (name: string): void => {
    reads.wait({
      ok: () => served.push(name),
      failed: (error) => served.push(`${name}: ${error.message}`),
    });
    reads.startRound();
  };
  return { clock, asked, reads, served, read };
}

describe('linearizable reads (thesis §6.4)', () => {
  it('wait for the confirmed index to be applied', async () => {
    const { reads, served, read } = setUp();
    read('a');
    reads.confirmed({ context: 'm-0', index: index(5) });
    reads.startRound();
    reads.applied(index(4));
    await settle();
    expect(served).toEqual([]);
    reads.applied(index(5));
    await settle();
    expect(served).toEqual(['a']);
  });

  it('that begin while a round is out wait for the next round', async () => {
    const { asked, reads, served, read } = setUp();
    reads.applied(index(9));
    read('a');
    read('b');
    reads.confirmed({ context: 'm-0', index: index(5) });
    reads.startRound();
    await settle();
    expect(served).toEqual(['a']);
    expect(asked).toEqual(['m-0', 'm-1']);
    reads.confirmed({ context: 'm-1', index: index(5) });
    reads.startRound();
    await settle();
    expect(served).toEqual(['a', 'b']);
  });

  it('ignore the answer to an earlier context', async () => {
    const { clock, asked, reads, served, read } = setUp();
    reads.applied(index(9));
    read('a');
    await clock.advance(501);
    expect(asked).toEqual(['m-0', 'm-1']);
    reads.confirmed({ context: 'm-0', index: index(5) });
    reads.startRound();
    await settle();
    expect(served).toEqual([]);
    reads.confirmed({ context: 'm-1', index: index(5) });
    reads.startRound();
    await settle();
    expect(served).toEqual(['a']);
  });

  it('time out when nobody answers', async () => {
    const { clock, served, read } = setUp();
    read('a');
    await clock.advance(2001);
    expect(served).toEqual(['a: etcdserver: request timed out']);
  });
});
