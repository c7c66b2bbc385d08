import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Interaction } from './interaction.ts';

/**
 * Transcripts in the interaction style of etcd's raft: `# comment`, a command, `----`, what it showed, a blank
 * line. `UPDATE=1 npx vitest run test/raft/transcripts.test.ts` rewrites them; commit a change only when you
 * understand what caused it.
 */
const folder = join(import.meta.dirname, 'transcripts');

/** The same transcript with every command's output as it is now. */
function replay(text: string): string {
  const interaction = new Interaction();
  const lines: string[] = [];
  let expected = false;
  for (const line of text.trimEnd().split('\n')) {
    if (line === '') expected = false;
    if (expected || line === '----') continue;
    lines.push(line);
    if (line === '' || line.startsWith('#')) continue;
    lines.push('----', ...interaction.run(line));
    expected = true;
  }
  return `${lines.join('\n')}\n`;
}

describe('transcripts', () => {
  for (const name of readdirSync(folder).toSorted()) {
    it(name, () => {
      const file = join(folder, name);
      const recorded = readFileSync(file, 'utf8');
      const replayed = replay(recorded);
      if (process.env['UPDATE'] === '1') writeFileSync(file, replayed);
      else expect(replayed).toBe(recorded);
    });
  }
});
