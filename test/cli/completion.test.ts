import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';

import { addBenchCommand } from '../../src/cli/bench.ts';
import { addCompletionCommand } from '../../src/cli/completion.ts';
import { addUpCommand } from '../../src/cli/up.ts';

/** The script, as the command prints it. */
function scriptFor(shell: string): string {
  const program = new Command('drydock');
  addUpCommand(program);
  addBenchCommand(program);
  addCompletionCommand(program);
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    program.parse(['completion', shell], { from: 'user' });
    return write.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    write.mockRestore();
  }
}

/** What a bash that has read the script offers after these words. */
function complete(...words: readonly string[]): readonly string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(drydock ${quoted}); COMP_CWORD=${words.length}; _drydock; echo "\${COMPREPLY[*]}"`;
  const answer = execFileSync('bash', ['-c', `${scriptFor('bash')}\n${ask}`], { encoding: 'utf8' });
  return answer.trim().split(' ');
}

describe.skipIf(!existsSync('/bin/bash'))('completion in bash', () => {
  it('offers commands, flags, subcommands and the choices of arguments', () => {
    expect(complete('')).toEqual(['up', 'bench', 'completion', 'help']);
    expect(complete('u')).toEqual(['up']);
    expect(complete('up', '--se')).toEqual(['--servers']);
    expect(complete('up', '--servers', '3', '--ag')).toEqual(['--agents']);
    expect(complete('bench', 's')).toEqual(['scheduler']);
    expect(complete('bench', 'scheduler', '--po')).toContain('--policies');
    expect(complete('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });
});

it('names every command in the script for fish', () => {
  for (const name of ['up', 'bench', 'completion']) {
    expect(scriptFor('fish')).toContain(`__fish_use_subcommand -a ${name} `);
  }
});
