import { describe, expect, it } from 'vitest';

import { ClientFaultRun } from './grpc-client.faults.ts';

/** How many seeds; a soak asks for more with SEEDS=500, and goes on from another with FIRST_SEED. */
const count = Number(process.env['SEEDS'] ?? 12);
const first = Number(process.env['FIRST_SEED'] ?? 1);
const faultMillis = 20_000;
/**
 * Seeds that find it when a put or a transaction that may have been done is said again (24, 10), and old bugs when they are
 * put back: a good token called invalid by a member without a quorum (1048), two streams at once (1252).
 */
const remembered: readonly number[] = [10, 24, 1048, 1252];

const seeds = [...new Set([...Array.from({ length: count }, (_, i) => first + i), ...remembered])];

describe('gRPC clients of a store under faults', () => {
  it(
    `see a store that keeps its promises, with ${seeds.length} seeds`,
    async () => {
      const failures: string[] = [];
      const reached: Record<string, number> = {};
      for (const seed of seeds) {
        const run = new ClientFaultRun(seed);
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
        expect(times / seeds.length, `${what} per seed`).toBeGreaterThan(what === 'compacted' ? 0 : 1);
      }
      if (count !== 12) console.log(reached);
    },
    20_000 + count * 5000,
  );
});
