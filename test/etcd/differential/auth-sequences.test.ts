import { describe, expect, it } from 'vitest';

import { findTool, missingTool } from '../../e2e/etcd-process.ts';
import { authSequence } from './auth-sequence.ts';
import { Pair } from './pair.ts';

const here = findTool('etcd') !== undefined;
if (!here) missingTool('etcd', 'NOTHING of what a real etcd answers is compared with drydock.');

const length = 300;
/** DRYDOCK_DIFFERENTIAL_SEEDS=FIRST-LAST plays others, or one of them again. */
const [first = 1, last = first] = (process.env['DRYDOCK_DIFFERENTIAL_SEEDS'] ?? '1-3').split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe.skipIf(!here)('users, roles and permissions are answered for as a real etcd does it', () => {
  it.each(seeds)(
    'seed %i',
    async (seed) => {
      const pair = await Pair.start(`auth seed ${seed}`);
      try {
        await pair.play(authSequence(seed, length));
        expect(pair.comparisons).toBeGreaterThan(length / 2);
      } finally {
        await pair.close();
      }
    },
    120_000,
  );
});
