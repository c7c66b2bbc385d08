import { describe, expect, it } from 'vitest';

import { FaultRun } from './faults.ts';

/** How many seeds; a soak asks for more with SEEDS=500, and goes on from another with FIRST_SEED. */
const count = Number(process.env['SEEDS'] ?? 25);
const first = Number(process.env['FIRST_SEED'] ?? 1);
const faultMillis = 12_000;
/** Seeds that once found a bug. */
const remembered: readonly number[] = [];

const seeds = [...new Set([...Array.from({ length: count }, (_, i) => first + i), ...remembered])];

describe('a store under faults', () => {
  it(
    `keeps its promises with ${seeds.length} seeds`,
    async () => {
      const failures: string[] = [];
      for (const seed of seeds) {
        const run = new FaultRun(seed);
        try {
          await run.play(faultMillis);
          expect(run.acknowledged).toBeGreaterThan(20);
        } catch (error) {
          failures.push(
            `seed ${seed}: ${error instanceof Error ? error.stack : String(error)}\n${run.story.join('\n')}`,
          );
        }
      }
      expect(failures.join('\n\n')).toBe('');
    },
    20_000 + count * 4000,
  );
});
