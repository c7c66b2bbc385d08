import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AutoCompactor, type AutoCompaction } from '../../src/etcd/auto-compaction.ts';
import { FakeClock } from '../client/fake-platform.ts';
import { StoreCluster } from './store-cluster.ts';

const minute = 60_000;
const hour = 60 * minute;

function setUp(compaction: AutoCompaction) {
  const clock = new FakeClock();
  const world = { revision: 1, leading: true };
  const compacted: { readonly atMinute: number; readonly revision: number }[] = [];
  const startedAt = clock.monotonicMillis();
  const compactor = new AutoCompactor({
    clock,
    compaction,
    revision: () => world.revision,
    leading: () => world.leading,
    compact: async (revision) => {
      compacted.push({ atMinute: (clock.monotonicMillis() - startedAt) / minute, revision });
    },
  });
  return { clock, world, compacted, compactor };
}

describe('compaction by revision', () => {
  it('keeps so many revisions, looking every five minutes', async () => {
    const { clock, world, compacted, compactor } = setUp({ mode: 'revision', retentionRevisions: 100 });
    world.revision = 90;
    await clock.advance(5 * minute);
    expect(compacted).toEqual([]);
    world.revision = 350;
    await clock.advance(4 * minute);
    expect(compacted).toEqual([]);
    await clock.advance(minute);
    expect(compacted).toEqual([{ atMinute: 10, revision: 250 }]);
    // Nothing was written: nothing is compacted twice.
    await clock.advance(20 * minute);
    expect(compacted).toHaveLength(1);
    compactor.stop();
    world.revision = 1000;
    await clock.advance(hour);
    expect(compacted).toHaveLength(1);
  });
});

describe('compaction by time', () => {
  it('compacts to what was newest one retention ago, ten times in a retention', async () => {
    const { clock, world, compacted } = setUp({ mode: 'periodic', retentionMillis: 10 * minute });
    for (let i = 1; i <= 15; i++) {
      world.revision = i * 10;
      await clock.advance(minute);
    }
    expect(compacted).toEqual([
      { atMinute: 11, revision: 10 },
      { atMinute: 12, revision: 20 },
      { atMinute: 13, revision: 30 },
      { atMinute: 14, revision: 40 },
      { atMinute: 15, revision: 50 },
    ]);
  });

  it('looks every six minutes, however long the retention is', async () => {
    const { clock, world, compacted } = setUp({ mode: 'periodic', retentionMillis: 3 * hour });
    for (let i = 1; i <= 40; i++) {
      world.revision = i * 10;
      await clock.advance(6 * minute);
    }
    expect(compacted[0]).toEqual({ atMinute: 31 * 6, revision: 10 });
    expect(compacted).toHaveLength(10);
  });

  it('never compacts what is younger than the retention, and every time what is older by a check', () => {
    const steps = fc.array(fc.record({ writes: fc.nat(5), leading: fc.boolean() }), { maxLength: 60 });
    return fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), steps, async (retentionMinutes, all) => {
        const retentionMillis = retentionMinutes * minute;
        const { clock, world, compacted } = setUp({ mode: 'periodic', retentionMillis });
        const checkMillis = Math.min(retentionMillis, hour) / 10;
        /** The newest revision at each check, and the answer expected of it. */
        const seen: number[] = [];
        let target = 0;
        for (const { writes, leading } of all) {
          world.revision += writes;
          world.leading = leading;
          seen.push(world.revision);
          const before = compacted.length;
          await clock.advance(checkMillis);
          const old = seen.at(-1 - Math.ceil(retentionMillis / checkMillis));
          const due = leading && old !== undefined && old > target;
          expect(compacted.slice(before).map(({ revision }) => revision)).toEqual(due ? [old] : []);
          if (due) target = old;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is not the follower’s to do, who takes over where the leader was', async () => {
    const { clock, world, compacted } = setUp({ mode: 'periodic', retentionMillis: 10 * minute });
    world.leading = false;
    for (let i = 1; i <= 20; i++) {
      world.revision = i * 10;
      if (i === 16) world.leading = true;
      await clock.advance(minute);
    }
    expect(compacted[0]).toEqual({ atMinute: 16, revision: 60 });
    expect(compacted).toHaveLength(5);
  });
});

describe('a cluster that compacts by itself', () => {
  it('does so once, on all members alike', async () => {
    const autoCompaction: AutoCompaction = { mode: 'revision', retentionRevisions: 10 };
    const cluster = new StoreCluster(1, { autoCompaction });
    const leader = await cluster.elect();
    for (let i = 0; i < 30; i++) await cluster.put(leader, 'k', `${i}`);
    await cluster.until(
      'a compaction',
      () => cluster.hosts.every((host) => cluster.member(host)!.store.compactRevision === 21),
      6 * minute,
    );
  });
});
