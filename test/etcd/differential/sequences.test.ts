import { describe, expect, it } from 'vitest';

import { findTool, missingTool } from '../../e2e/etcd-process.ts';
import { guardedSequence } from './guarded-sequence.ts';
import { Pair } from './pair.ts';
import { dataSequence } from './sequence.ts';

const here = findTool('etcd') !== undefined;
if (!here) missingTool('etcd', 'NOTHING of what a real etcd answers is compared with drydock.');

const length = 120;
/** DRYDOCK_DIFFERENTIAL_SEEDS=FIRST-LAST plays others, or one of them again. */
const [first = 1, last = first] = (process.env['DRYDOCK_DIFFERENTIAL_SEEDS'] ?? '1-4').split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i);

const kinds = {
  data: { sequence: dataSequence, flags: [] },
  'guarded data': { sequence: guardedSequence, flags: ['--bcrypt-cost', '4'] },
};

describe.skipIf(!here).each(Object.entries(kinds))('random sequences of %s', (kind, { sequence, flags }) => {
  it.concurrent.each(seeds)(
    'are answered as a real etcd answers them, seed %i',
    async (seed) => {
      const pair = await Pair.start(`${kind} seed ${seed}`, { options: { flags } });
      try {
        await pair.play(sequence(seed, length));
        await pair.compareHashes();
        expect(pair.comparisons).toBeGreaterThan(length / 2);
      } finally {
        await pair.close();
      }
    },
    120_000,
  );
});
