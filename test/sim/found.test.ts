import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { simulate } from '../../sim/simulation.ts';
import { engine } from './engine.ts';

/**
 * What the swarm once found, as `drydock sim shrink` left it. The comment above each says what it was and which seed it takes:
 * `Seed 23.`; the swarm itself draws other things from that seed by now.
 */
const folder = 'test/sim/found';

describe('what was found stays mended', () => {
  for (const file of readdirSync(folder)) {
    const text = readFileSync(`${folder}/${file}`, 'utf8');
    const seed = Number(must(/Seed (\d+)\./.exec(text), () => `${file} does not say its seed`)[1]);
    it(`${file}, seed ${seed}`, async () => {
      const parsed = parseScenario(text, file, () => '');
      if (!parsed.ok) throw new Error(parsed.error.join('\n'));
      const report = await simulate(parsed.value, { seed, engine });
      expect(report).toMatchObject({ verdict: 'passed', violations: [] });
    }, 60_000);
  }
});
