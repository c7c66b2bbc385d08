import { expect, describe, it } from 'vitest';

import type { Platform } from '../../src/platform/platform.ts';
import type { LinkEvents } from '../../src/platform/links.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

function recorder(log: string[], name: string): LinkEvents {
  return {
    message: (message) => void log.push(`${name} got ${String(message)}`),
    closed: (reason) => void log.push(`${name} closed: ${reason.slice(0, 10)}`),
  };
}

describe('a host that crashes', () => {
  it('runs nothing more: no timer, no promise, no catch, no finally (S3)', async () => {
    const world = new World({ seed: 1, engine });
    const ran: string[] = [];
    const host = world.addHost('a');
    host.boot(async ({ clock, disk, network }) => {
      clock.setTimer(100, () => ran.push('timer'));
      clock.sleep(100).then(
        () => ran.push('sleep'),
        () => ran.push('sleep rejected'),
      );
      disk.makeDirectory('/d').then(
        () => ran.push('disk'),
        () => ran.push('disk rejected'),
      );
      try {
        await network.links.connect({ host: 'nowhere', port: 1 }, recorder(ran, 'link'));
      } catch {
        ran.push('catch');
      } finally {
        ran.push('finally');
      }
    });
    // The crash comes right after the boot event, before anything it asked for was answered.
    await world.run({ eventsMax: 1 });
    host.crash();
    await world.run({ forMillis: 1000 });
    expect(ran).toEqual([]);
    expect(host.isUp).toBe(false);
  });

  it('boots again with its disk, a new clock and nothing else', async () => {
    const world = new World({ seed: 1, engine });
    const host = world.addHost('a');
    const boots: { durable: boolean; monotonic: number }[] = [];
    host.boot(async ({ clock, disk }) => {
      boots.push({ durable: await disk.exists('/durable'), monotonic: clock.monotonicMillis() });
      await disk.makeDirectory('/durable');
      await disk.syncDirectory('/');
    });
    await world.run({ forMillis: 500 });
    host.restart();
    await world.run({ forMillis: 500 });
    expect(boots.map(({ durable }) => durable)).toEqual([false, true]);
    expect(boots[1]!.monotonic).toBeLessThan(10);
  });

  it('breaks its links at its peers after a while, and an old life never meets the new one', async () => {
    const world = new World({ seed: 3, engine });
    const log: string[] = [];
    const server = world.addHost('server');
    const client = world.addHost('client');
    server.boot(async ({ network }) => {
      await network.links.listen({ host: 'server', port: 1 }, () =>
        recorder(log, `server life ${server.epoch}`),
      );
    });
    client.boot(async ({ network, clock }) => {
      await clock.sleep(10);
      const link = await network.links.connect({ host: 'server', port: 1 }, recorder(log, 'client'));
      link.send('one');
      await clock.sleep(50);
      link.send('two');
    });
    world.schedule(30, 'crash', () => server.crash());
    world.schedule(40, 'restart', () => server.restart());
    const { failure } = await world.run({ forMillis: 5000 });
    expect(failure).toBeUndefined();
    expect(log).toEqual(['server life 1 got one', 'client closed: ECONNRESET']);
  });

  it('resets its peers at once when only the process was killed; its children go on', async () => {
    const world = new World({ seed: 1, engine });
    const host = world.addHost('a');
    const peer = world.addHost('b');
    let child = { pid: 0, startId: '' };
    let closedAtMillis = 0;
    host.boot(async ({ processes, network }) => {
      await network.links.listen({ host: 'a', port: 1 }, () => ({ message: () => {}, closed: () => {} }));
      const command = ['sleep', '100'] as const;
      child = await processes.spawn({ command, environment: {}, workingDirectory: '/', output: () => {} });
    });
    peer.boot(async ({ network, clock }) => {
      await clock.sleep(5);
      const closed = () => void (closedAtMillis = world.now);
      await network.links.connect({ host: 'a', port: 1 }, { message: () => {}, closed });
    });
    await world.run({ forMillis: 100 });
    host.kill();
    const found: boolean[] = [];
    host.boot(async ({ processes, clock }) => {
      found.push(await processes.isAlive(child.pid, child.startId));
      await processes.signal(child.pid, child.startId, 'SIGKILL');
      await clock.sleep(10);
      found.push(await processes.isAlive(child.pid, child.startId));
    });
    await world.run({ forMillis: 100 });
    expect(closedAtMillis).toBeGreaterThan(100);
    expect(closedAtMillis).toBeLessThan(110);
    expect(found).toEqual([true, false]);
  });

  it('takes its children with it when it loses power', async () => {
    const world = new World({ seed: 1, engine });
    const host = world.addHost('a');
    host.boot(async ({ processes }) => {
      await processes.spawn({ command: ['pause'], environment: {}, workingDirectory: '/', output: () => {} });
    });
    await world.run({ forMillis: 100 });
    expect(host.processes.running.size).toBe(1);
    host.crash();
    expect(host.processes.running.size).toBe(0);
  });
});

describe('a host that is paused', () => {
  it('takes everything later, in order, while time goes on', async () => {
    const world = new World({ seed: 1, engine });
    const host = world.addHost('a');
    const fired: { name: string; atMillis: number }[] = [];
    host.boot(({ clock }: Platform) => {
      for (const delay of [50, 10, 30]) {
        clock.setTimer(delay, () => fired.push({ name: String(delay), atMillis: clock.monotonicMillis() }));
      }
      host.pause(100);
    });
    await world.run({ forMillis: 200 });
    expect(fired.map(({ name }) => name)).toEqual(['10', '30', '50']);
    for (const { atMillis } of fired) expect(atMillis).toBeCloseTo(100, 1);
  });
});
