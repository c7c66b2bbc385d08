import { must } from '../../src/base/assert.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Host } from '../../sim/host.ts';
import type { Program as SimulatedProgram } from '../../sim/programs.ts';
import { World as SimulatedWorld } from '../../sim/world.ts';
import { engine } from '../sim/engine.ts';
import { clockCompliance } from './clock.compliance.ts';
import { diskCompliance } from './disk.compliance.ts';
import { networkCompliance } from './network.compliance.ts';
import { processesCompliance } from './processes.compliance.ts';
import type { Program, World } from './worlds.ts';

/** What stops a case that waits for something that never happens. */
const caseMillisMax = 600_000;

function newWorld(): SimulatedWorld {
  // The cases themselves touch what simulated code may not.
  return new SimulatedWorld({ seed: 1, engine, loop: { traps: false } });
}

/** Turns the loop until the case settles. The case itself belongs to no host, so it outlives their crashes. */
function driver(world: SimulatedWorld): World {
  return {
    run: async <T>(work: () => Promise<T>): Promise<T> => {
      let settled: Promise<T> | undefined;
      world.schedule(0, 'case', () => {
        const running = work();
        const settle = () => void (settled = running);
        running.then(settle, settle);
      });
      const result = await world.run({ until: () => settled !== undefined, forMillis: caseMillisMax });
      if (result.failure !== undefined) throw result.failure.error;
      return must(settled, 'the case never settled');
    },
    close: async () => {},
  };
}

function bootedHost(world: SimulatedWorld, name: string): Host {
  const host = world.addHost(name, { identity: { user: name, groups: ['drydock:hosts'] } });
  host.boot();
  return host;
}

const command = (program: Program): readonly [string, ...string[]] => {
  switch (program.does) {
    case 'exit':
      return ['exit', String(program.code), program.stdout ?? '', program.stderr ?? ''];
    case 'run':
      return ['run'];
    case 'ignore-sigterm':
      return ['ignore-sigterm'];
    case 'print-environment':
      return ['/usr/bin/print-environment', program.variable];
  }
};

const programs: Readonly<Record<string, SimulatedProgram>> = {
  exit: (self) => {
    self.write('stdout', self.arguments[2]!);
    self.write('stderr', self.arguments[3]!);
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

clockCompliance('sim', async () => {
  const world = newWorld();
  const { platform } = bootedHost(world, 'host');
  return { ...driver(world), clock: platform.clock, random: platform.random };
});

diskCompliance('sim', async () => {
  const world = newWorld();
  const host = bootedHost(world, 'host');
  const { disk } = host.platform;
  const { run, close } = driver(world);
  await run(async () => {
    await disk.makeDirectory('/case');
    await disk.syncDirectory('/');
  });
  return {
    run,
    close,
    disk,
    directory: '/case',
    powerLoss: async () => {
      host.crash();
      host.restart();
      return host.platform.disk;
    },
  };
});

networkCompliance('sim', async () => {
  const world = newWorld();
  const [a, b] = ['a', 'b'].map((name): Platform => bootedHost(world, name).platform) as [Platform, Platform];
  return { ...driver(world), a, b, hostA: 'a', hostB: 'b', tlsB: { ca: 'ca', cert: 'cert', key: 'key' } };
});

processesCompliance('sim', async () => {
  const world = newWorld();
  for (const [name, program] of Object.entries(programs)) world.programs.set(name, program);
  const { platform } = bootedHost(world, 'host');
  return {
    ...driver(world),
    processes: platform.processes,
    clock: platform.clock,
    directory: '/',
    environment: {},
    command,
  };
});
