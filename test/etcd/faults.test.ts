import { describe, expect, it } from 'vitest';

import { FaultRun } from './faults.ts';

/** How many seeds; a soak asks for more with SEEDS=500, and goes on from another with FIRST_SEED. */
const count = Number(process.env['SEEDS'] ?? 25);
const first = Number(process.env['FIRST_SEED'] ?? 1);
const faultMillis = 20_000;
/**
 * Seeds that find old bugs when they are put back: what an unfinished fsync leaves in the page cache (29, 40, 46),
 * and leases that an old leader ends (109, 183, 240).
 */
const remembered: readonly number[] = [29, 40, 46, 109, 183, 240];

const seeds = [...new Set([...Array.from({ length: count }, (_, i) => first + i), ...remembered])];

describe('a store under faults', () => {
  it(
    `keeps its promises with ${seeds.length} seeds`,
    async () => {
      const failures: string[] = [];
      const reached: Record<string, number> = {};
      for (const seed of seeds) {
        const run = new FaultRun(seed);
        try {
          await run.play(faultMillis);
        } catch (error) {
          const reason = error instanceof Error ? error.stack : String(error);
          failures.push(`seed ${seed}: ${reason}\n${run.story.join('\n')}`);
        }
        for (const [what, times] of Object.entries(run.reached)) reached[what] = (reached[what] ?? 0) + times;
      }
      expect(failures.join('\n\n')).toBe('');
      for (const [what, times] of Object.entries(reached)) {
        expect(times / seeds.length, `${what} per seed`).toBeGreaterThan(what === 'installed' ? 0 : 1);
      }
      if (count !== 25) console.log(reached);
    },
    20_000 + count * 4000,
  );
});
