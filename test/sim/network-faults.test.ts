import { describe, expect, it } from 'vitest';

import type { Link } from '../../src/platform/links.ts';
import type { Host } from '../../sim/host.ts';
import { defaultNetworkOptions } from '../../sim/network/path.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

/** A client that sends numbers to a server, one every ten milliseconds, and when each arrived. */
async function talking(seed = 1, network: object = {}) {
  const world = new World({ seed, engine, network });
  const server = world.addHost('server');
  const client = world.addHost('client');
  const arrived: { readonly sent: number; readonly millis: number }[] = [];
  const closed: string[] = [];
  let link: Link | undefined;
  server.boot(async (platform) => {
    await platform.network.links.listen({ host: 'server', port: 1 }, () => ({
      message: (sent) => void arrived.push({ sent: sent as number, millis: world.now - (sent as number) }),
      closed: (reason) => void closed.push(`server ${reason}`),
    }));
  });
  client.boot(async ({ network: { links }, clock }) => {
    await clock.sleep(5);
    link = await links.connect(
      { host: 'server', port: 1 },
      { message: () => {}, closed: (reason) => void closed.push(`client ${reason}`) },
    );
  });
  await world.run({ until: () => link !== undefined, forMillis: 10_000 });
  let sending = true;
  const send = (): void => {
    if (!sending || !client.isUp) return;
    link!.send(world.now);
    client.platform.clock.setTimer(10, send);
  };
  world.schedule(0, 'start', send);
  return {
    world,
    server,
    client,
    closed,
    link: link!,
    path: world.path(client, server),
    stop: () => void (sending = false),
    /** How long messages took that were sent within the next so many milliseconds. */
    delays: async (forMillis: number): Promise<number[]> => {
      const from = world.now;
      await world.run({ forMillis });
      return arrived.filter(({ sent }) => sent >= from).map(({ millis }) => millis);
    },
  };
}

const most = (values: readonly number[]): number => Math.max(...values);
const least = (values: readonly number[]): number => Math.min(...values);

describe('a path', () => {
  it('is fast for nearly all packets, and slow for a few', async () => {
    const world = new World({ seed: 1, engine });
    const path = world.path(world.addHost('a'), world.addHost('b'));
    const delays = Array.from({ length: 50_000 }, () => path.delayMillis());
    const { latencyMillisMin, latencyMillisMax, slowMillisMax } = defaultNetworkOptions;
    const slow = delays.filter((delay) => delay > latencyMillisMax);
    expect(least(delays)).toBeGreaterThanOrEqual(latencyMillisMin);
    expect(most(delays)).toBeLessThanOrEqual(slowMillisMax);
    expect(slow.length).toBeGreaterThan(20);
    expect(slow.length).toBeLessThan(90);
    expect(world.hits.count('packet-slow')).toBe(slow.length);
  });

  it('delays nothing for longer than a connection waits', async () => {
    const { path } = await talking();
    path.faults.latencyMillis = [1, 2000];
    path.faults.slowness = 20;
    const delays = Array.from({ length: 1000 }, () => path.delayMillis());
    expect(Math.max(...delays)).toBe(path.options.brokenAfterMillis);
    expect(Math.min(...delays)).toBeLessThan(path.options.brokenAfterMillis);
  });

  it('takes its delays from a range, or many times as long, until it is mended', async () => {
    const { world, server, client, path, delays } = await talking(1, { slowProbability: 0 });
    path.faults.latencyMillis = [50, 60];
    const ranged = await delays(1000);
    expect([least(ranged) >= 50, most(ranged) < 61]).toEqual([true, true]);
    path.faults.slowness = 10;
    expect(least(await delays(2000))).toBeGreaterThanOrEqual(500);
    world.heal(client, server);
    await world.run({ forMillis: 2000 });
    expect(most(await delays(1000))).toBeLessThan(1);
  });

  it('loses packets, which then come late', async () => {
    const { world, path, delays, closed } = await talking();
    path.faults.lossProbability = 0.2;
    const lossy = await delays(5000);
    expect(most(lossy)).toBeGreaterThanOrEqual(200);
    expect(world.hits.count('packet-lost')).toBeGreaterThan(3);
    expect(closed).toEqual([]);
    world.healAll();
    await world.run({ forMillis: 5000 });
    expect(most(await delays(500))).toBeLessThan(100);
  });

  it('queues what is too much for its bandwidth, and drops from a queue that is full', async () => {
    const { world, path, stop, link } = await talking();
    stop();
    await world.run({ forMillis: 1000 });
    path.faults.bytesPerSecond = 10_000;
    const before = world.hits.count('packet-queued');
    world.schedule(0, 'burst', () => {
      for (let i = 0; i < 20; i++) link.send(new Uint8Array(1000));
    });
    await world.run({ forMillis: 1000 });
    // A tenth of a second each: half of them are still on their way.
    expect(link.bufferedBytes()).toBeGreaterThan(9000);
    expect(link.bufferedBytes()).toBeLessThan(13_000);
    expect(world.hits.count('packet-queued') - before).toBe(19);
    expect(world.hits.count('packet-overflow')).toBeGreaterThan(5);
    await world.run({ forMillis: 2000 });
    expect(link.bufferedBytes()).toBe(0);
  });

  it('holds everything while it is clogged, and breaks who waits too long', async () => {
    const { world, path, delays, closed } = await talking();
    path.clog();
    world.schedule(1000, 'unclog', () => path.unclog());
    const held = await delays(1500);
    expect(most(held)).toBeGreaterThan(950);
    expect(held.length).toBeGreaterThan(130);
    expect(world.hits.count('packet-held')).toBeGreaterThan(90);
    expect(closed).toEqual([]);
    path.clog();
    await world.run({ forMillis: 6000 });
    expect(closed).toEqual([expect.stringContaining('client ETIMEDOUT')]);
    expect(world.hits.count('connection-timed-out')).toBe(1);
  });

  it('draws nothing for faults that are off (S5)', async () => {
    const one = await talking();
    await one.delays(500);
    const other = await talking();
    other.path.faults.lossProbability = 0;
    other.path.faults.slowness = 1;
    await other.delays(500);
    expect(other.world.traceHash()).toBe(one.world.traceHash());
  });
});

describe('connections', () => {
  it('that are reset break at both ends', async () => {
    const { world, path, closed } = await talking();
    world.schedule(100, 'reset', () => path.resetConnections());
    await world.run({ forMillis: 200 });
    expect(closed.toSorted()).toEqual([
      expect.stringContaining('client ECONNRESET'),
      expect.stringContaining('server ECONNRESET'),
    ]);
    expect(world.hits.count('connection-reset')).toBe(1);
  });

  it('that one end forgets are half open: who sends hears of it, who listens wonders at the silence', async () => {
    const sender = await talking();
    const { world, server, client } = sender;
    world.schedule(100, 'forget', () => world.path(server, client).forgetConnections());
    await world.run({ forMillis: 200 });
    expect(sender.closed.toSorted()).toEqual([
      expect.stringContaining('client ECONNRESET'),
      expect.stringContaining('server ECONNRESET'),
    ]);
    const listener = await talking();
    listener.world.schedule(100, 'forget', () => listener.path.forgetConnections());
    await listener.world.run({ forMillis: 5000 });
    expect(listener.closed).toEqual([expect.stringContaining('client ECONNRESET')]);
    await listener.world.run({ forMillis: 2000 });
    expect(listener.closed[1]).toContain('server ECONNRESET');
    expect(listener.world.hits.count('connection-forgotten')).toBe(1);
  });

  const lastsAfter = async (crash: (server: Host, world: World) => void): Promise<number> => {
    const { world, server, closed } = await talking();
    await world.run({ forMillis: 100 });
    const start = world.now;
    crash(server, world);
    await world.run({ until: () => closed.length > 0, forMillis: 60_000 });
    return world.now - start;
  };

  it('to a host that is gone without a word last until it answers again, or for the timeout', async () => {
    const { brokenAfterMillis, powerLossNoticedMillisMax } = defaultNetworkOptions;
    expect(await lastsAfter((server) => server.crash())).toBeLessThan(powerLossNoticedMillisMax);
    const silent = await lastsAfter((server) => server.crash({ silently: true }));
    expect(Math.abs(silent - brokenAfterMillis)).toBeLessThan(100);
    const restarted = await lastsAfter((server, world) => {
      server.crash({ silently: true });
      world.schedule(1000, 'restart', () => server.restart());
    });
    expect(Math.abs(restarted - 1000)).toBeLessThan(50);
  });
});
