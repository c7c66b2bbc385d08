import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { replay } from './data-driven.ts';
import { Interaction } from './interaction.ts';

/**
 * `UPDATE=1 npx vitest run test/raft/transcripts.test.ts` rewrites the transcripts; commit a change only when you
 * understand what caused it.
 */
const folder = join(import.meta.dirname, 'transcripts');

describe('transcripts', () => {
  for (const name of readdirSync(folder).toSorted()) {
    it(name, () => {
      const file = join(folder, name);
      const recorded = readFileSync(file, 'utf8');
      const interaction = new Interaction();
      const replayed = replay(recorded, (command) => interaction.run(command));
      if (process.env['UPDATE'] === '1') writeFileSync(file, replayed);
      else expect(replayed).toBe(recorded);
    });
  }
});
