import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { must } from '../../src/base/assert.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import type { Program as SimulatedProgram } from '../../sim/programs.ts';
import { World as SimulatedWorld } from '../../sim/world.ts';
import type { Program } from '../platform/worlds.ts';
import { engine } from '../sim/engine.ts';
import type { RuntimeWorld } from './runtime.compliance.ts';

export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silent,
};

export async function osWorld(): Promise<RuntimeWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'drydock-kubelet-'));
  return {
    platform: createOsPlatform({ hostname: 'local', logger: silent }),
    directory,
    programPath: '/usr/local/bin:/usr/bin:/bin',
    command: (program) => ['sh', '-c', shellScript(program)],
    run: (work) => work(),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

function shellScript(program: Program): string {
  switch (program.does) {
    case 'exit':
      return `printf '${(program.stdout ?? '').replaceAll('\n', '\\n')}'; exit ${program.code}`;
    case 'run':
      return 'echo started; sleep 60; exit 0';
    case 'ignore-sigterm':
      return "trap '' TERM; echo started; sleep 60 & while :; do wait; sleep 1; done";
    case 'print-environment':
      return `echo "$${program.variable}"`;
  }
}

const programs: Readonly<Record<string, SimulatedProgram>> = {
  exit: (self) => {
    self.write('stdout', self.arguments[2]!);
    return Number(self.arguments[1]);
  },
  run: (self) => {
    self.write('stdout', 'started\n');
    return new Promise(() => {});
  },
  'ignore-sigterm': (self) => {
    self.onSignal('SIGTERM', () => {});
    self.write('stdout', 'started\n');
    return new Promise(() => {});
  },
  'print-environment': (self) => {
    self.write('stdout', `${self.environment[self.arguments[1]!] ?? ''}\n`);
    return 0;
  },
};

export async function simWorld(): Promise<RuntimeWorld> {
  const world = new SimulatedWorld({ seed: 1, engine, loop: { traps: false } });
  for (const [name, program] of Object.entries(programs)) world.programs.set(name, program);
  const host = world.addHost('node-1', { identity: { user: 'node-1', groups: ['drydock:hosts'] } });
  host.boot();
  return {
    platform: host.platform,
    directory: '/data',
    programPath: '/bin',
    command: (program) => {
      if (program.does === 'exit') return ['exit', String(program.code), program.stdout ?? ''];
      if (program.does === 'print-environment') return ['print-environment', program.variable];
      return [program.does];
    },
    run: async <T>(work: () => Promise<T>): Promise<T> => {
      let settled: Promise<T> | undefined;
      world.schedule(0, 'case', () => {
        const running = work();
        const settle = () => void (settled = running);
        running.then(settle, settle);
      });
      const result = await world.run({ until: () => settled !== undefined, forMillis: 3_600_000 });
      if (result.failure !== undefined) throw result.failure.error;
      return must(settled, 'the case never settled');
    },
    close: async () => {},
  };
}
