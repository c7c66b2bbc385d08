import { describe, expect, it } from 'vitest';

import { replay, type ReplayReport } from '../../bench/scheduling/replay.ts';
import { syntheticWorkload } from '../../bench/scheduling/workload.ts';
import { profiles } from '../../src/scheduler/plugins/registry.ts';

const options = { seed: 1, nodeCount: 20, podCount: 600 };

function withoutClock({ decisionsPerSecond, ...report }: ReplayReport): unknown {
  expect(decisionsPerSecond).toBeGreaterThan(0);
  return report;
}

describe('replaying a workload', () => {
  it('gives the same report for the same seed, and another for another', () => {
    const run = (seed: number) =>
      withoutClock(replay(syntheticWorkload({ ...options, seed }), profiles['least-allocated']));
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it.each(Object.values(profiles))('$name fills the cluster, and accounts for every pod', (profile) => {
    const workload = syntheticWorkload(options);
    const report = replay(workload, profile);
    expect(report.podsPlaced + report.pending.neverPlaced).toBe(options.podCount);
    expect(report.pending.mean).toBeGreaterThan(0);
    for (const { meanPercent, atEndPercent } of [report.cpu, report.memory]) {
      expect(Math.min(meanPercent, atEndPercent)).toBeGreaterThan(50);
      expect(Math.max(meanPercent, atEndPercent)).toBeLessThanOrEqual(100);
    }
  });

  it('tells how far it is, to the end', () => {
    const workload = syntheticWorkload(options);
    const told: number[] = [];
    replay(workload, profiles['most-allocated'], (done) => told.push(done));
    expect(told[0]).toBe(0);
    expect(told.at(-1)).toBe(workload.events.length);
  });
});

describe('a synthetic workload', () => {
  it('is in order of time, and nobody leaves before coming', () => {
    const here = new Set<string>();
    let before = 0;
    for (const { type, atMillis, pod } of syntheticWorkload(options).events) {
      expect(atMillis).toBeGreaterThanOrEqual(before);
      before = atMillis;
      if (type === 'arrival') here.add(pod.metadata.uid);
      else expect(here.delete(pod.metadata.uid)).toBe(true);
    }
  });
});
