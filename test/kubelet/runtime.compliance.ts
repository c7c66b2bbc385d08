import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { concatBytes, decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { replaceWhole } from '../../src/kubelet/runtime/files.ts';
import { ProcessRuntime } from '../../src/kubelet/runtime/process-runtime.ts';
import { RuntimeError } from '../../src/kubelet/runtime/runtime.ts';
import type { LogOptions, Runtime, RuntimeContainer } from '../../src/kubelet/runtime/runtime.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Program, World } from '../platform/worlds.ts';

export interface RuntimeWorld extends World {
  readonly platform: Platform;
  /** Empty, absolute. */
  readonly directory: string;
  readonly programPath: string;
  command(program: Program): readonly [string, ...string[]];
}

const pod = { namespace: 'default', name: 'web', uid: 'u1' };
const wholeLog: LogOptions = { follow: false, timestamps: false };
const never = new AbortController().signal;

/** What the process runtime must do in every world. */
export function runtimeCompliance(name: string, make: () => Promise<RuntimeWorld>): void {
  describe(`process runtime: ${name}`, () => {
    const inWorld = async (work: (world: RuntimeWorld, runtime: Runtime) => Promise<void>): Promise<void> => {
      const world = await make();
      try {
        await world.run(async () => {
          const runtime = await open(world);
          try {
            await work(world, runtime);
          } finally {
            await runtime.shutdown(0);
          }
        });
      } finally {
        await world.close();
      }
    };

    it('runs a program to its end and keeps what it wrote', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'exit', code: 3, stdout: 'a\nb', stderr: '' });
        const ended = await untilExited(world, runtime, id);
        expect(ended).toMatchObject({
          name: 'main',
          attempt: 0,
          exitCode: 3,
          reason: 'Error',
          imageRef: 'host',
        });
        expect(ended.finishedAtMillis).toBeGreaterThanOrEqual(must(ended.startedAtMillis));
        expect(await logOf(runtime, id, wholeLog)).toBe('a\nb\n');
        expect(await logOf(runtime, id, { ...wholeLog, tailLines: 1 })).toBe('b\n');
        expect(await logOf(runtime, id, { ...wholeLog, limitBytes: 3 })).toBe('a\nb');
        expect(await logOf(runtime, id, { ...wholeLog, timestamps: true })).toMatch(
          /^\d{4}-\S+Z a\n\d{4}-\S+Z b\n$/,
        );
      }));

    it('gives a pod its address', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'print-environment', variable: 'POD_IP' });
        await untilExited(world, runtime, id);
        const [sandbox] = await runtime.listPodSandbox();
        expect(sandbox).toMatchObject({ ip: '127.20.0.2', state: 'Ready', config: pod });
        expect(await logOf(runtime, id, wholeLog)).toBe('127.20.0.2\n');
      }));

    it('gives out the lowest free address', () =>
      inWorld(async (_world, runtime) => {
        const ids: string[] = [];
        for (const uid of ['u1', 'u2', 'u3']) ids.push(await runtime.runPodSandbox({ ...pod, uid }));
        await runtime.removePodSandbox(must(ids[1]));
        await runtime.runPodSandbox({ ...pod, uid: 'u4' });
        const addresses = (await runtime.listPodSandbox()).map(({ config, ip }) => `${config.uid} ${ip}`);
        expect(addresses).toEqual(['u1 127.20.0.2', 'u3 127.20.0.4', 'u4 127.20.0.3']);
      }));

    it('stops with SIGTERM', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'run' });
        await untilLogged(world, runtime, id);
        await runtime.stopContainer(id, 10_000);
        expect(await runtime.containerStatus(id)).toMatchObject({ state: 'Exited', exitCode: 143 });
      }));

    it('kills what ignores SIGTERM, at the end of the shortest grace asked for', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'ignore-sigterm' });
        await untilLogged(world, runtime, id);
        const { clock } = world.platform;
        const startedAtMillis = clock.monotonicMillis();
        const patient = runtime.stopContainer(id, 60_000);
        const hasty = runtime.stopContainer(id, 100);
        const lazy = runtime.stopContainer(id, 90_000);
        await Promise.all([patient, hasty, lazy]);
        expect(await runtime.containerStatus(id)).toMatchObject({ state: 'Exited', exitCode: 137 });
        expect(clock.monotonicMillis() - startedAtMillis).toBeLessThan(20_000);
        expect(clock.monotonicMillis() - startedAtMillis).toBeGreaterThanOrEqual(99);
      }));

    it('follows a log to the end of its container', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'run' });
        const following = logOf(runtime, id, { ...wholeLog, follow: true });
        await untilLogged(world, runtime, id);
        await runtime.stopContainer(id, 1_000);
        expect(await following).toBe('started\n');
      }));

    it('stops following when the reader leaves', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'run' });
        const reader = new AbortController();
        const following = logOf(runtime, id, { ...wholeLog, follow: true }, reader.signal);
        await untilLogged(world, runtime, id);
        reader.abort();
        expect(await following).toMatch(/^(started\n)?$/);
        expect(await runtime.containerStatus(id)).toMatchObject({ state: 'Running' });
      }));

    it('refuses other images, and says which one it takes', () =>
      inWorld(async (_world, runtime) => {
        await expect(runtime.pullImage('nginx')).rejects.toThrow(
          'image "nginx" cannot be run by the process runtime: use image "host"',
        );
      }));

    it('shows a program that cannot be started as ended', () =>
      inWorld(async (world, runtime) => {
        const sandbox = await runtime.runPodSandbox(pod);
        const id = await runtime.createContainer(sandbox, containerOf(['no-such-program']));
        await expect(runtime.startContainer(id)).rejects.toThrow(RuntimeError);
        expect(await runtime.containerStatus(id)).toMatchObject({
          state: 'Exited',
          exitCode: 128,
          reason: 'StartError',
        });
        expect(world.platform.hostname).not.toBe('');
      }));

    it('remembers ended containers, addresses and logs in its next life', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'exit', code: 0, stdout: 'done\n' });
        await untilExited(world, runtime, id);
        await runtime.shutdown(0);
        const before = await runtime.listContainers();
        const next = await open(world);
        expect(await next.listContainers()).toEqual(before);
        expect(await next.listPodSandbox()).toEqual(await runtime.listPodSandbox());
        expect(await logOf(next, id, wholeLog)).toBe('done\n');
        expect(await next.runPodSandbox({ ...pod, uid: 'u2' })).not.toBe(must(before[0]).sandboxId);
        expect((await next.listPodSandbox()).map(({ ip }) => ip)).toEqual(['127.20.0.2', '127.20.0.3']);
      }));

    it('ends what an earlier life left running', () =>
      inWorld(async (world, runtime) => {
        const { processes, disk } = world.platform;
        const sandboxId = await runtime.runPodSandbox(pod);
        const output: Uint8Array[] = [];
        const child = await processes.spawn({
          command: world.command({ does: 'run' }),
          environment: { PATH: world.programPath },
          workingDirectory: world.directory,
          output: (_stream, bytes) => void output.push(bytes),
        });
        while (output.length === 0) await world.platform.clock.sleep(5);
        // What an agent that was killed would have written down.
        const [sandbox] = await runtime.listPodSandbox();
        const container = { id: 'c1', sandboxId, name: 'main', attempt: 4, image: 'host', imageRef: 'host' };
        const state = { state: 'Running', createdAtMillis: 1, startedAtMillis: 2 };
        const gone = { ...container, ...state, id: 'c0', attempt: 3, pid: 2 ** 22 + 1, startId: 'x' };
        const left = { ...container, ...state, pid: child.pid, startId: child.startId };
        const text = JSON.stringify({ ...sandbox, containers: [gone, left] });
        await replaceWhole(disk, `${world.directory}/pods/${sandboxId}`, 'state.json', encodeUtf8(text));

        const next = await open(world);
        expect(await child.exited).toMatchObject({ signal: expect.anything() });
        expect(await next.containerStatus('c0')).toMatchObject({
          exitCode: 137,
          reason: 'ContainerStatusUnknown',
        });
        expect(await next.containerStatus('c1')).toMatchObject({
          state: 'Exited',
          exitCode: 137,
          reason: 'Error',
        });
      }));

    it('forgets a removed sandbox and all that was in it', () =>
      inWorld(async (world, runtime) => {
        const id = await start(world, runtime, { does: 'run' });
        const { sandboxId } = await runtime.containerStatus(id);
        await runtime.removePodSandbox(sandboxId);
        expect(await runtime.listContainers()).toEqual([]);
        expect(await runtime.listPodSandbox()).toEqual([]);
        expect(await world.platform.disk.exists(`${world.directory}/pods/${sandboxId}`)).toBe(false);
        await expect(runtime.containerStatus(id)).rejects.toThrow(RuntimeError);
      }));

    it('rotates a log that has grown too large, and reads both halves', () =>
      inWorld(async (world) => {
        const runtime = await open(world, 600);
        const lines = Array.from({ length: 12 }, (_, index) => `line ${index} ${'x'.repeat(40)}\n`).join('');
        const id = await start(world, runtime, { does: 'exit', code: 0, stdout: lines });
        await untilExited(world, runtime, id);
        const { sandboxId } = await runtime.containerStatus(id);
        const names = await world.platform.disk.list(`${world.directory}/pods/${sandboxId}/main`);
        expect(names).toEqual(['0.log', '0.log.1']);
        expect(await logOf(runtime, id, { ...wholeLog, tailLines: 2 })).toBe(
          lines.split('\n').slice(-3).join('\n'),
        );
      }));
  });
}

async function open(world: RuntimeWorld, fileBytesMax = 1024 * 1024): Promise<Runtime> {
  return await ProcessRuntime.open(world.platform, {
    directory: world.directory,
    podCidr: '127.20.0.0/24',
    programPath: world.programPath,
    leftoverGraceMillis: 2_000,
    logBounds: { fileBytesMax, pendingBytesMax: 1024 * 1024, lineBytesMax: 1024 },
  });
}

function containerOf(command: readonly string[]) {
  return { name: 'main', attempt: 0, image: 'host', command, environment: {} };
}

async function start(world: RuntimeWorld, runtime: Runtime, program: Program): Promise<string> {
  const sandbox = await runtime.runPodSandbox(pod);
  const id = await runtime.createContainer(sandbox, containerOf(world.command(program)));
  await runtime.startContainer(id);
  return id;
}

async function untilExited(world: RuntimeWorld, runtime: Runtime, id: string): Promise<RuntimeContainer> {
  for (let i = 0; i < 1000; i++) {
    const container = await runtime.containerStatus(id);
    if (container.state === 'Exited') return container;
    await world.platform.clock.sleep(5);
  }
  throw new Error('the container does not end');
}

async function untilLogged(world: RuntimeWorld, runtime: Runtime, id: string): Promise<void> {
  for (let i = 0; i < 1000 && (await logOf(runtime, id, wholeLog)) === ''; i++)
    await world.platform.clock.sleep(5);
}

export async function logOf(
  runtime: Runtime,
  id: string,
  options: LogOptions,
  signal: AbortSignal = never,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of runtime.containerLogs(id, options, signal)) chunks.push(chunk);
  return decodeUtf8(concatBytes(chunks));
}
