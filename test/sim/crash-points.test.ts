import { describe, expect, it } from 'vitest';

import { crashPoints, rareBranches, type RareBranch } from '../../src/platform/fault-points.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

const ignore = { message: () => {}, closed: () => {} };

/**
 * A host writes, talks to a peer and comes by a crash point, the third time in the middle of it all; `after` is what its stack
 * and its microtasks still do then.
 */
async function dying(after: (platform: Platform, link: { send(message: unknown): void }) => unknown) {
  const world = new World({ seed: 5, engine, trace: { recordDraws: true } });
  const peer = world.addHost('peer');
  const host = world.addHost('host');
  const heard: unknown[] = [];
  peer.boot(async ({ network }) => {
    await network.links.listen({ host: 'peer', port: 1 }, () => ({
      message: (message) => {
        world.trace('heard', peer, String(message));
        heard.push(message);
      },
      closed: () => world.trace('closed', peer, ''),
    }));
  });
  host.points.arm('wal.append.before-sync', 3);
  host.boot(async (platform) => {
    const { clock, disk, network, faults } = platform;
    // The second life does nothing: the first one is what this is about.
    if (host.epoch > 1) return;
    const file = await disk.open('/log', 'create');
    await disk.syncDirectory('/');
    await clock.sleep(5);
    const link = await network.links.connect({ host: 'peer', port: 1 }, ignore);
    for (let i = 0; ; i++) {
      await file.write(0, Uint8Array.of(i));
      link.send(i);
      faults.reach('wal.append.before-sync');
      if (!host.hasPower) void after(platform, link);
      await file.sync();
      await clock.sleep(10);
    }
  });
  world.schedule(500, 'restart', () => host.restart());
  const { failure } = await world.run({ forMillis: 5000 });
  expect(failure).toBeUndefined();
  return { record: world.record(), heard, world, host };
}

describe('a crash point', () => {
  it('ends the host when it is reached for the nth time, and only then', async () => {
    const { heard, world } = await dying(() => {});
    expect(heard).toEqual([0, 1, 2]);
    expect(world.hits.count('crash-at-point')).toBe(1);
    expect(world.hits.points.get('wal.append.before-sync')).toBe(3);
  });

  it('lets nothing that the dead stack still does reach disk, network, trace or anybody (S3)', async () => {
    const { record } = await dying(() => {});
    const { record: same, host } = await dying(async (platform, link) => {
      const { clock, disk, network, random, processes, logger, faults } = platform;
      const address = { host: 'peer', port: 1 };
      const body = new Uint8Array(1);
      link.send('from beyond');
      logger.error('from beyond');
      random.integer(6);
      random.bytes(100);
      clock.setTimer(1, () => link.send('a timer'));
      faults.reach('wal.append.before-sync');
      faults.rare('peers.twice');
      queueMicrotask(() => {
        link.send('a microtask');
        void disk.open('/beyond', 'create');
      });
      void network.links.connect(address, ignore);
      void network.links.listen({ host: 'host', port: 9 }, () => ignore);
      void network.streams.connect(address, { data() {}, drained() {}, ended() {}, closed() {} });
      void network.http.request(address, { method: 'GET', path: '/', headers: {}, body }, { tls: 'none' });
      void processes.spawn({ command: ['echo'], environment: {}, workingDirectory: '/', output: () => {} });
      void disk.removeTree('/');
      void disk.makeDirectory('/beyond');
      void disk.lock('/');
      try {
        await disk.rename('/log', '/beyond');
        link.send('after an await');
      } finally {
        link.send('finally');
      }
    });
    expect(same).toEqual(record);
    expect(host.disk.fileSystem.list('/')).toEqual(['log']);
  });

  it('is disarmed by mending', async () => {
    const world = new World({ seed: 1, engine });
    const host = world.addHost('a');
    host.points.arm('ready.written', 1);
    world.mend(host);
    host.boot(({ faults }) => faults.reach('ready.written'));
    await world.run({ forMillis: 10 });
    expect(host.isUp).toBe(true);
  });
});

describe('a crash after some events', () => {
  it('comes between two events, wherever that is', async () => {
    const lastOf = new Set<string>();
    for (let events = 0; events < 12; events++) {
      const world = new World({ seed: 1, engine });
      const host = world.addHost('a');
      const done: string[] = [];
      host.boot(async ({ disk }) => {
        done.push('boot');
        const file = await disk.open('/f', 'create');
        done.push('open');
        await file.write(0, Uint8Array.of(1));
        done.push('write');
        await file.sync();
        done.push('sync');
      });
      host.crashAfterEvents(events);
      await world.run({ forMillis: 100 });
      expect(host.hasPower).toBe(events >= 4);
      expect(world.hits.count('crash-at-event')).toBe(events >= 4 ? 0 : 1);
      expect(done.length).toBe(Math.min(events, 4));
      lastOf.add(done.at(-1) ?? 'nothing');
    }
    expect([...lastOf]).toEqual(['nothing', 'boot', 'open', 'write', 'sync']);
  });
});

describe('rare branches', () => {
  const branches = Object.keys(rareBranches) as RareBranch[];

  /** What each branch of a host drew in a thousand questions. */
  function ask(seed: number, activeProbability: number, asked = branches) {
    const world = new World({ seed, engine });
    const host = world.addHost('a');
    host.boot();
    const { faults } = host.platform;
    if (activeProbability > 0) host.points.beRare({ activeProbability });
    const taken = new Map(
      asked.map((branch) => [branch, Array.from({ length: 1000 }, () => faults.rare(branch))] as const),
    );
    return { world, taken };
  }

  it('are never taken, and draw nothing, unless they are asked for (S5)', () => {
    const { world, taken } = ask(1, 0);
    expect([...taken.values()].flat()).not.toContain(true);
    expect(world.traceHash()).toBe(ask(1, 0, []).world.traceHash());
  });

  it('are active by their chance, and fire by the registry', () => {
    for (const [branch, drawn] of ask(1, 1).taken) {
      const share = drawn.filter(Boolean).length / drawn.length;
      expect(Math.abs(share - rareBranches[branch])).toBeLessThan(0.05);
    }
    let active = 0;
    const seeds = 40;
    for (let seed = 0; seed < seeds; seed++) active += ask(seed, 0.25).world.hits.branches.size;
    expect(active / seeds / branches.length).toBeGreaterThan(0.15);
    expect(active / seeds / branches.length).toBeLessThan(0.3);
  });

  it('do not depend on each other', () => {
    const all = ask(3, 1).taken;
    const one = ask(3, 1, ['peers.twice']).taken;
    expect(one.get('peers.twice')).toEqual(all.get('peers.twice'));
  });
});

it('the registry names each point once', () => {
  expect(new Set(crashPoints).size).toBe(crashPoints.length);
});
