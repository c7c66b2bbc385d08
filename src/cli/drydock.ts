#!/usr/bin/env node
/**
 * cli/: reads argv and the environment, builds a Platform, wires the parts together. One file per command.
 *
 * Boundary: with platform/os the only folder that touches Node. No cluster logic lives here.
 *
 * Exit codes: 0 done; 1 it failed, and one sentence on standard error says why; 2 wrong usage; 130 interrupted.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Command, CommanderError } from 'commander';

import { CliError } from './cli-error.ts';
import { stderrColors } from './colors.ts';
import { isEnvironmentError } from './environment-error.ts';

/** Every command: one file and one line here. */
const commands = {
  up: async () => (await import('./up.ts')).addUpCommand,
  status: async () => (await import('./status.ts')).addStatusCommand,
  init: async () => (await import('./init.ts')).addInitCommand,
  server: async () => (await import('./server.ts')).addServerCommand,
  agent: async () => (await import('./agent.ts')).addAgentCommand,
  etcd: async () => (await import('./etcd.ts')).addEtcdCommand,
  maelstrom: async () => (await import('./maelstrom/maelstrom.ts')).addMaelstromCommand,
  sim: async () => (await import('./sim/sim.ts')).addSimCommand,
  bench: async () => (await import('./bench.ts')).addBenchCommand,
  completion: async () => (await import('./completion.ts')).addCompletionCommand,
} satisfies Readonly<Record<string, () => Promise<(program: Command) => void>>>;

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
  version: string;
};

const program = new Command('drydock')
  .description(
    'A Kubernetes-shaped cluster that runs at sea (real processes) and in the dock (one seed reproduces everything).',
  )
  .version(version)
  .enablePositionalOptions()
  .showSuggestionAfterError()
  .configureOutput({
    outputError: (text, write) =>
      write(
        `${text
          .replace(/\.?\s*$/, '')
          .replace(/^error:/, stderrColors.red('drydock:'))
          .replaceAll('\n', ' ')}; see drydock --help\n`,
      ),
  })
  .exitOverride()
  .addHelpText(
    'after',
    `
Start here:
  drydock up                                         a live three-server cluster on this machine
  drydock sim scenarios/leader-crash.yaml --seed 7   the same cluster, simulated
  drydock bench scheduler                            two scheduling policies compared`,
  );

// A reader that has seen enough (`| head`) ends no command: `up` has processes to stop.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const asked = process.argv[2] ?? '';
// Five processes start together in `up`: each loads only what it runs. Help and completion name every command.
const named =
  Object.hasOwn(commands, asked) && asked !== 'completion' ? [asked as keyof typeof commands] : undefined;
for (const name of named ?? (Object.keys(commands) as (keyof typeof commands)[])) {
  const addCommand = await commands[name]();
  addCommand(program);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what was wrong, or has printed the help or version that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof CliError || isEnvironmentError(error)) {
    process.stderr.write(`${stderrColors.red('drydock:')} ${error.message}\n`);
    process.exitCode = error instanceof CliError ? error.exitCode : 1;
  } else {
    throw error;
  }
}
