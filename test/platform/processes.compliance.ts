import { describe, expect, it } from 'vitest';

import { decodeUtf8 } from '../../src/base/bytes.ts';
import { ProcessError } from '../../src/platform/errors.ts';
import type { ChildProcess, ProcessSpec } from '../../src/platform/processes.ts';
import type { ProcessesWorld, Program } from './worlds.ts';

interface Started {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
}

async function start(world: ProcessesWorld, program: Program): Promise<Started> {
  const text = { stdout: '', stderr: '' };
  const child = await world.processes.spawn({
    ...specOf(world, program),
    output: (stream, bytes) => {
      text[stream] += decodeUtf8(bytes);
    },
  });
  return { child, text };
}

function specOf(world: ProcessesWorld, program: Program): ProcessSpec {
  return {
    command: world.command(program),
    environment: world.environment,
    workingDirectory: world.directory,
    output: () => {},
  };
}

/** Waits until the program said that it runs, so that a signal meets the program and not its start. */
async function untilStarted(world: ProcessesWorld, { text }: Started): Promise<void> {
  for (let i = 0; i < 1000 && text.stdout !== 'started\n'; i++) await world.clock.sleep(5);
  expect(text.stdout).toBe('started\n');
}

/** What every Processes must do. */
export function processesCompliance(name: string, make: () => Promise<ProcessesWorld>): void {
  describe(`processes: ${name}`, () => {
    const inWorld = async (work: (world: ProcessesWorld) => Promise<void>): Promise<void> => {
      const world = await make();
      try {
        await world.run(() => work(world));
      } finally {
        await world.close();
      }
    };

    it('reports the exit code, after all output', () =>
      inWorld(async (world) => {
        const { child, text } = await start(world, {
          does: 'exit',
          code: 3,
          stdout: 'out\n',
          stderr: 'err\n',
        });
        expect(child.pid).toBeGreaterThan(0);
        expect(await child.exited).toEqual({ exitCode: 3 });
        expect(text).toEqual({ stdout: 'out\n', stderr: 'err\n' });
        const other = await start(world, { does: 'exit', code: 0 });
        expect(await other.child.exited).toEqual({ exitCode: 0 });
        expect(other.text).toEqual({ stdout: '', stderr: '' });
      }));

    it('gives the program exactly the environment of the spec', () =>
      inWorld(async (world) => {
        const child = { text: '' };
        const process = await world.processes.spawn({
          ...specOf(world, { does: 'print-environment', variable: 'GREETING' }),
          environment: { ...world.environment, GREETING: 'ahoy' },
          output: (_stream, bytes) => {
            child.text += decodeUtf8(bytes);
          },
        });
        await process.exited;
        expect(child.text).toBe('ahoy\n');
      }));

    it('signals it, and reports the signal as a shell does', () =>
      inWorld(async (world) => {
        const started = await start(world, { does: 'run' });
        await untilStarted(world, started);
        expect(await world.processes.isAlive(started.child.pid, started.child.startId)).toBe(true);
        started.child.signal('SIGTERM');
        expect(await started.child.exited).toEqual({ exitCode: 143, signal: 'SIGTERM' });
        started.child.signal('SIGKILL');
        expect(await world.processes.isAlive(started.child.pid, started.child.startId)).toBe(false);
      }));

    it('kills what ignores SIGTERM', () =>
      inWorld(async (world) => {
        const started = await start(world, { does: 'ignore-sigterm' });
        await untilStarted(world, started);
        started.child.signal('SIGTERM');
        await world.clock.sleep(50);
        expect(await world.processes.isAlive(started.child.pid, started.child.startId)).toBe(true);
        started.child.signal('SIGKILL');
        expect(await started.child.exited).toEqual({ exitCode: 137, signal: 'SIGKILL' });
      }));

    it('finds and signals a process by pid and start id alone', () =>
      inWorld(async (world) => {
        const started = await start(world, { does: 'run' });
        await untilStarted(world, started);
        const { pid, startId } = started.child;
        expect(await world.processes.isAlive(pid, `${startId}0`)).toBe(false);
        await world.processes.signal(pid, `${startId}0`, 'SIGKILL');
        expect(await world.processes.isAlive(pid, startId)).toBe(true);
        await world.processes.signal(pid, startId, 'SIGKILL');
        expect(await started.child.exited).toEqual({ exitCode: 137, signal: 'SIGKILL' });
        await world.processes.signal(pid, startId, 'SIGKILL');
      }));

    it('refuses a program that does not exist', () =>
      inWorld(async (world) => {
        const spec = { ...specOf(world, { does: 'run' }), command: ['no-such-program'] as const };
        const failure = await world.processes.spawn(spec).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ProcessError);
        expect(failure).toMatchObject({ code: 'ENOENT' });
        expect((failure as ProcessError).message).toContain('no-such-program');
      }));
  });
}
