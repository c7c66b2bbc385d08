import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { Engine } from '../../sim/event-loop.ts';
import type { Host } from '../../sim/host.ts';
import { compareRuns, type RunRecord } from '../../sim/trace.ts';
import { World } from '../../sim/world.ts';
import { engine, slowEngine } from './engine.ts';

/** Three hosts gossip over links, write to disk and draw numbers, while a nemesis cuts, crashes and pauses. */
async function storm(seed: number, runOn: Engine, disturb = false): Promise<RunRecord> {
  const world = new World({
    seed,
    engine: runOn,
    network: { lossProbability: 0.02 },
    trace: { recordDraws: true },
  });
  const names = ['server-1', 'server-2', 'server-3'];
  for (const name of names) world.addHost(name);
  for (const host of world.hosts) {
    host.boot(async (platform) => {
      await platform.network.links.listen({ host: host.name, port: 7000 }, () => ({
        message: (message) => world.trace('got', host, String(message)),
        closed: () => {},
      }));
      const file = (await platform.disk.exists('/log'))
        ? await platform.disk.open('/log', 'update')
        : await platform.disk.open('/log', 'create');
      for (let round = 0; ; round++) {
        await platform.clock.sleep(10 + platform.random.integer(20));
        await file.write(await file.size(), encodeUtf8(`${round};`));
        await file.sync();
        const peer = names[platform.random.integer(names.length)]!;
        try {
          const link = await platform.network.links.connect(
            { host: peer, port: 7000 },
            { message: () => {}, closed: () => {} },
          );
          link.send(`${platform.hostname} ${round}`);
          link.close();
        } catch (error) {
          platform.logger.info('no link', { error: (error as Error).message });
        }
      }
    });
  }
  const [one, two, three] = names.map((name) => world.host(name)) as [Host, Host, Host];
  world.schedule(300, 'cut', () => world.cut(one, two));
  world.schedule(400, 'crash', () => three.crash());
  world.schedule(600, 'restart', () => three.restart());
  world.schedule(700, 'heal', () => world.healAll());
  world.schedule(800, 'pause', () => two.pause(100));
  if (disturb) world.schedule(1500, 'disturb', () => void one.platform.random.integer(6));
  const result = await world.run({ forMillis: 2000 });
  expect(result.failure).toBeUndefined();
  expect(result.reason).toBe('time');
  return world.record();
}

describe('World', () => {
  it('repeats a run exactly, and another seed gives another run (S1)', async () => {
    const first = await storm(1, engine);
    const again = await storm(1, engine);
    const other = await storm(2, engine);
    expect(compareRuns(first, again)).toBeUndefined();
    expect(first.checkpoints.length).toBeGreaterThan(0);
    expect(other.hash).not.toBe(first.hash);
  });

  it('runs the same history when every event takes a macrotask', async () => {
    expect((await storm(3, slowEngine)).hash).toBe((await storm(3, engine)).hash);
  });

  it('locates the first difference of two runs', async () => {
    const clean = await storm(1, engine);
    const disturbed = await storm(1, engine, true);
    const divergence = compareRuns(clean, disturbed);
    expect(divergence?.fromMillis).toBeLessThanOrEqual(1500);
    expect(divergence?.toEvents).toBeGreaterThan(divergence!.fromEvents);
    expect(divergence?.draw).toBeGreaterThan(0);
  });

  it('fails the run on an assertion, and names host and time (S7)', async () => {
    const world = new World({ seed: 1, engine });
    world.addHost('a').boot(async (platform) => {
      await platform.clock.sleep(5);
      throw new AssertionError('broken belief');
    });
    const result = await world.run({ forMillis: 100 });
    expect(result.reason).toBe('failed');
    expect(result.failure).toMatchObject({ host: 'a', error: { message: 'broken belief' } });
    expect(result.failure!.atMillis).toBeCloseTo(5, 1);
  });

  it('fails the run on a rejection that nobody handles', async () => {
    const world = new World({ seed: 1, engine });
    world.addHost('a').boot((platform) => {
      platform.clock.setTimer(5, () => void Promise.reject(new Error('floating')));
    });
    const result = await world.run({ forMillis: 100 });
    expect(result.reason).toBe('failed');
    expect(result.failure).toMatchObject({ host: 'a', error: { message: 'floating' } });
    expect(result.failure!.atMillis).toBeCloseTo(5, 1);
  });

  it('refuses code that awaits the real world (S4)', async () => {
    const world = new World({ seed: 1, engine, loop: { traps: false } });
    let refusal: unknown;
    world.addHost('a').boot((platform) => {
      setImmediate(() => {
        try {
          platform.clock.setTimer(1, () => {});
        } catch (error) {
          refusal = error;
        }
      });
      const tick = () => void platform.clock.setTimer(0.01, tick);
      tick();
    });
    await world.run({ forMillis: 200 });
    expect(refusal).toBeInstanceOf(AssertionError);
  });

  it('stops a live-lock', async () => {
    const world = new World({ seed: 1, engine, loop: { eventsPerMilliMax: 500 } });
    world.addHost('a').boot((platform) => {
      const spin = () => void platform.clock.setTimer(0, spin);
      spin();
    });
    const { failure } = await world.run({ forMillis: 10 });
    expect(failure).toMatchObject({
      host: 'a',
      error: { message: expect.stringContaining('live-lock') as string },
    });
  });

  it('gives the same hash in another process', async () => {
    const script = `
      import { createServer } from 'vite';
      const server = await createServer({ configFile: false, logLevel: 'silent', server: { middlewareMode: true } });
      const { hashOfSmallRun } = await server.ssrLoadModule('/test/sim/small-run.ts');
      console.log(await hashOfSmallRun(7));
      await server.close();
    `;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const { hashOfSmallRun } = await import('./small-run.ts');
    expect(output.trim()).toBe(await hashOfSmallRun(7));
  });
});
