import { describe, expect, it } from 'vitest';

import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import type { Scenario } from '../../sim/scenario/scenario.ts';
import { simulate } from '../../sim/simulation.ts';
import { drawScenario, scenarioText } from '../../sim/swarm/draw-scenario.ts';
import { engine } from './engine.ts';

function scenarioOf(seed: number): Scenario {
  const parsed = parseScenario(scenarioText(drawScenario(seed)), `swarm-${seed}.yaml`, () => {
    throw new Error('a drawn scenario reads no files');
  });
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return parsed.value;
}

describe('the swarm', () => {
  it('draws scenarios that a file may hold, the same for the same seed', () => {
    for (let seed = 1; seed <= 300; seed++) {
      expect(scenarioOf(seed).timeline.length).toBe(drawScenario(seed).timeline!.length);
      expect(scenarioText(drawScenario(seed))).toBe(scenarioText(drawScenario(seed)));
    }
  });

  it('draws clusters of all sizes, and some of everything', () => {
    const drawn = Array.from({ length: 100 }, (_, i) => drawScenario(i + 1));
    expect([...new Set(drawn.map(({ cluster }) => cluster.store))].toSorted()).toEqual([1, 3, 5]);
    const counts = drawn.map(({ timeline }) => timeline!.length);
    expect(Math.min(...counts)).toBeLessThan(10);
    expect(Math.max(...counts)).toBeGreaterThan(60);
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`finds nothing with seed ${seed}, twice the same`, async () => {
      const scenario = scenarioOf(seed);
      const report = await simulate(scenario, { seed, engine });
      expect(report).toMatchObject({ verdict: 'passed', violations: [] });
      expect(await simulate(scenario, { seed, engine })).toEqual(report);
    }, 60_000);
  }

  it('takes another future from a moment on, and leaves the past as it was', async () => {
    const scenario = scenarioOf(1);
    const logs = await Promise.all(
      [7, 8].map(async (future) => {
        const lines: string[] = [];
        await simulate(scenario, {
          seed: 1,
          engine,
          reseed: { atMillis: 3000, seed: future },
          onLog: (line) => lines.push(line),
        });
        return lines;
      }),
    );
    const past = logs.map((lines) => lines.filter((line) => Number.parseFloat(line) < 3));
    expect(past[0]).toEqual(past[1]);
    expect(logs[0]).not.toEqual(logs[1]);
  }, 60_000);
});
