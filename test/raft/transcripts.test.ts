import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ConfChanges } from './confchange-command.ts';
import { replay } from './data-driven.ts';
import type { Command } from './data-driven.ts';
import { Interaction } from './interaction.ts';
import { runQuorum } from './quorum-command.ts';

/**
 * `UPDATE=1 npx vitest run test/raft/transcripts.test.ts` rewrites the transcripts; commit a change only when you
 * understand what caused it.
 */
const root = join(import.meta.dirname, 'transcripts');

/** What runs a file's commands; one environment per file. */
type Environment = (command: Command) => readonly string[];

function tell(title: string, folder: string, environment: () => Environment): void {
  describe(title, () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
    for (const name of names.toSorted()) {
      it(name, () => {
        const file = join(folder, name);
        const recorded = readFileSync(file, 'utf8');
        const replayed = replay(recorded, environment());
        if (process.env['UPDATE'] === '1') writeFileSync(file, replayed);
        else expect(replayed).toBe(recorded);
      });
    }
  });
}

tell('transcripts of clusters', root, () => {
  const interaction = new Interaction();
  return (command) => interaction.run(command);
});

tell('transcripts of quorums', join(root, 'quorum'), () => runQuorum);

tell('transcripts of membership changes', join(root, 'confchange'), () => {
  const changes = new ConfChanges();
  return (command) => changes.run(command);
});
