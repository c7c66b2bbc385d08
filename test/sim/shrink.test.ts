import { describe, expect, it } from 'vitest';

import type { RawScenario } from '../../sim/scenario/parse-scenario.ts';
import { shrink } from '../../sim/shrink/shrink.ts';
import { drawScenario } from '../../sim/swarm/draw-scenario.ts';

/** A failure that needs these steps, in any number of runs. */
function needs(...names: readonly string[]): (scenario: RawScenario) => Promise<boolean> {
  return ({ timeline = [] }) => Promise.resolve(names.every((name) => timeline.some((step) => name in step)));
}

function withSteps(seedFrom: number, ...names: readonly string[]): RawScenario {
  for (let seed = seedFrom; ; seed++) {
    const drawn = drawScenario(seed);
    if (names.every((name) => drawn.timeline!.some((step) => name in step))) return drawn;
  }
}

describe('shrinking', () => {
  it('leaves the steps that the failure needs, and the simplest of everything else', async () => {
    const { scenario, minimal } = await shrink(withSteps(1, 'kill', 'pause'), needs('kill', 'pause'), {
      runsMax: 1000,
    });
    expect(minimal).toBe(true);
    expect(scenario.timeline).toHaveLength(2);
    expect(scenario.workload?.kv).toMatchObject({ clients: 1, keys: 1 });
    expect(Object.keys(scenario.cluster)).toEqual(['store']);
    expect(Number.parseFloat(scenario.duration)).toBeLessThan(500);
  });

  it('stops when its runs are used up, with the best it has', async () => {
    const original = withSteps(1, 'kill');
    const { scenario, runs, minimal } = await shrink(original, needs('kill'), { runsMax: 5 });
    expect({ runs, minimal }).toEqual({ runs: 5, minimal: false });
    expect(scenario.timeline!.length).toBeLessThanOrEqual(original.timeline!.length);
    expect(await needs('kill')(scenario)).toBe(true);
  });

  it('keeps members that steps speak of', async () => {
    const five = { ...drawScenario(1), cluster: { store: 5 }, timeline: [{ at: '1s', crash: 'server-5' }] };
    const { scenario } = await shrink(five, needs('crash'), { runsMax: 100 });
    expect(scenario.cluster.store).toBe(5);
  });

  it('gives the same for the same, and tells of every run', async () => {
    const told: number[] = [];
    const options = { runsMax: 300, tried: (_: RawScenario, runs: number) => told.push(runs) };
    const first = await shrink(withSteps(3, 'cut'), needs('cut'), options);
    expect(told).toEqual(Array.from({ length: first.runs }, (_, i) => i + 1));
    expect(await shrink(withSteps(3, 'cut'), needs('cut'), { runsMax: 300 })).toEqual(first);
  });
});
