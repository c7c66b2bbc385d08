import { describe, expect, it } from 'vitest';

import type { ApiClient } from '../../src/client/api-client.ts';
import type { Stage } from '../../sim/actions/action.ts';
import {
  drawBytes,
  drawBytesPerSecond,
  drawCount,
  drawMillis,
  drawNumber,
  drawShare,
} from '../../sim/actions/ranges.ts';
import { actions } from '../../sim/actions/registry.ts';
import type { Host } from '../../sim/host.ts';
import { RandomStream } from '../../sim/random-streams.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

/** Booted hosts `a`, `b`, … each its own role; `servers` are all of them but the last, which is a client. */
function stage(count = 4, seed = 1) {
  const world = new World({ seed, engine });
  const names = Array.from({ length: count }, (_, i) => String.fromCodePoint(97 + i));
  const hosts = names.map((name) => world.addHost(name));
  for (const host of hosts) host.boot();
  const servers = hosts.slice(0, -1);
  world.atlas.protect(servers);
  const on: Stage = {
    world,
    api: {} as ApiClient,
    hosts: (role) => (role === 'servers' ? servers : [world.host(role)]),
    objects: [],
    sleep: async () => {},
  };
  return { world, hosts, servers, on };
}

function perform(name: string, value: unknown, on: Stage): readonly Host[] {
  return actions.find((one) => one.name === name)!.perform(value, on) as readonly Host[];
}

/** The ways of which something holds: `ab` is from a to b. */
function ways(world: World, holds: (from: Host, to: Host) => boolean): string {
  const found = world.hosts.flatMap((from) =>
    world.hosts.filter((to) => to !== from && holds(from, to)).map((to) => `${from.name}${to.name}`),
  );
  return found.join(' ');
}

const cuts = (world: World): string => ways(world, (from, to) => world.path(from, to).isCut);
const clogs = (world: World): string => ways(world, (from, to) => world.path(from, to).isClogged);

describe('ranges', () => {
  const random = new RandomStream('ranges');

  it('draw between their ends, and single values draw nothing', () => {
    const draws: number[] = [];
    const counting = new RandomStream('x', (value) => draws.push(value));
    expect([
      drawMillis('1.5s', counting),
      drawMillis('-10s', counting),
      drawShare('5%', counting),
      drawBytesPerSecond('1Mbit', counting),
      drawBytes('64KiB', counting),
      drawCount(3, counting),
      drawNumber(1.1, counting),
    ]).toEqual([1500, -10_000, 0.05, 125_000, 65_536, 3, 1.1]);
    expect(draws).toEqual([]);
    for (let i = 0; i < 100; i++) {
      const millis = drawMillis('100ms..2s', random);
      expect(millis >= 100 && millis < 2000).toBe(true);
    }
    const counts = new Set(Array.from({ length: 100 }, () => drawCount('1..3', random)));
    expect([...counts].toSorted()).toEqual([1, 2, 3]);
  });

  it('are drawn from streams of their own: a step that is gone changes no other', () => {
    const rateAfter = (values: readonly object[]): number => {
      const { world, on } = stage();
      for (const value of values) perform('clock', value, on);
      return world.host('b').clock.rate;
    };
    const [a, b] = [
      { host: 'a', rate: '0.9..1.1' },
      { host: 'b', rate: '0.9..1.1' },
    ] as const;
    expect(rateAfter([a, b])).toBe(rateAfter([b]));
    expect(rateAfter([b])).not.toBe(1);
  });
});

describe('partition', () => {
  const partitioned = (kind: string, count: number, seed: number, more: object = {}) => {
    const { world, on } = stage(count + 1, seed);
    const first = perform('partition', { kind, ...more }, on);
    return { cut: cuts(world).split(' ').filter(Boolean), first, client: world.hosts.at(-1)!.name, world };
  };

  it('cuts as many ways as its kind says, both ways, and none of clients', () => {
    const sizes: readonly (readonly [
      kind: string,
      servers: number,
      ways: readonly number[],
      first: readonly number[],
    ])[] = [
      ['halves', 5, [12], [2]],
      ['uniform', 5, [8, 12], [1, 2, 3, 4]],
      ['isolate', 5, [8], [1]],
      ['bridge', 5, [8], [1]],
      ['ring', 5, [10], [5]],
      ['ring', 3, [2], [3]],
      ['ring', 2, [0], [2]],
      ['random', 3, [2, 4, 6], [3]],
      ['halves', 1, [0], [1]],
    ];
    for (const [kind, servers, wanted, first] of sizes) {
      const seen = new Set<number>();
      const named = new Set<number>();
      for (let seed = 0; seed < 40; seed++) {
        const { cut, first: hosts, client } = partitioned(kind, servers, seed);
        seen.add(cut.length);
        named.add(hosts.length);
        for (const way of cut) {
          expect(cut).toContain([...way].toReversed().join(''));
          expect(way).not.toContain(client);
        }
      }
      expect([...seen].toSorted((x, y) => x - y)).toEqual(wanted);
      expect([...named].toSorted()).toEqual(first);
    }
  });

  it('lets the bridge see everyone, and ring neighbours two', () => {
    const bridged = partitioned('bridge', 5, 1);
    expect(bridged.cut.join('')).not.toContain(bridged.first[0]!.name);
    const ring = partitioned('ring', 5, 1).cut;
    for (const name of 'abcde') expect(ring.filter((way) => way.startsWith(name))).toHaveLength(2);
  });

  it('may cut one direction of each pair', () => {
    const { cut } = partitioned('halves', 5, 1, { 'one-way': true });
    expect(cut).toHaveLength(6);
    for (const way of cut) expect(cut).not.toContain([...way].toReversed().join(''));
  });
});

describe('ways', () => {
  it('are all of a host, both between two, one, or all that lead from or to one', () => {
    const clogged = (value: object): string => {
      const { world, on } = stage(3);
      perform('clog', value, on);
      return clogs(world);
    };
    expect(clogged({ host: 'a' })).toBe('ab ac ba ca');
    expect(clogged({ host: 'servers' })).toBe('ac bc ca cb');
    expect(clogged({ between: ['a', 'b'] })).toBe('ab ba');
    expect(clogged({ from: 'a', to: 'b' })).toBe('ab');
    expect(clogged({ from: 'a' })).toBe('ab ac');
    expect(clogged({ to: 'a' })).toBe('ba ca');
  });
});

describe('the network', () => {
  it('is spoilt and healed', async () => {
    const { world, on } = stage(3);
    const value = { from: 'a', to: 'b', loss: '10%', latency: '5ms..2s', bandwidth: '1Mbit', slow: 10 };
    perform('network', value, on);
    const { faults } = world.path(world.host('a'), world.host('b'));
    expect(faults).toEqual({
      lossProbability: 0.1,
      latencyMillis: [5, 2000],
      bytesPerSecond: 125_000,
      slowness: 10,
    });
    perform('heal', 'b', on);
    expect(faults).toEqual({
      lossProbability: undefined,
      latencyMillis: undefined,
      bytesPerSecond: undefined,
      slowness: 1,
    });
  });

  it('is clogged for a time', async () => {
    const { world, on } = stage(3);
    perform('clog', { from: 'a', to: 'b', for: '2s' }, on);
    await world.run({ forMillis: 1999 });
    expect(clogs(world)).toBe('ab');
    await world.run({ forMillis: 2 });
    expect(clogs(world)).toBe('');
  });

  it('is swizzled: some hosts clog one after another, and unclog in another order', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { world, on } = stage(5, seed);
      const hosts = perform('swizzle', { host: 'servers', for: '10s' }, on);
      expect(hosts.length).toBeGreaterThan(0);
      const order: string[] = [];
      let before = '';
      for (let i = 0; i < 100; i++) {
        await world.run({ forMillis: 100 });
        const now = clogs(world);
        if (now !== before) order.push(now);
        before = now;
      }
      await world.run({ forMillis: 1 });
      expect(clogs(world)).toBe('');
      orders.add(order.join());
    }
    expect(orders.size).toBeGreaterThan(10);
  });

  it('flaps, and is whole at the end or when it is healed', async () => {
    const { world, on } = stage(3);
    perform('flap', { between: ['a', 'b'], every: '100ms', for: '1s' }, on);
    const seen: string[] = [];
    for (let i = 0; i < 12; i++) {
      seen.push(cuts(world));
      await world.run({ forMillis: 100 });
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => (i < 10 && i % 2 === 0 ? 'ab ba' : '')));
    perform('flap', { host: 'c', every: '100ms', for: '60s' }, on);
    await world.run({ forMillis: 150 });
    perform('heal', 'all', on);
    for (let i = 0; i < 10; i++) {
      await world.run({ forMillis: 50 });
      expect(cuts(world)).toBe('');
    }
  });
});

describe('hosts', () => {
  it('crash silently, after some events, or at a point, and may come back', async () => {
    const { world, on } = stage(4);
    const [a, b, c] = world.hosts as [Host, Host, Host];
    perform('crash', { host: 'a', silently: true }, on);
    perform('crash', { host: 'b', 'after-events': '1..5' }, on);
    perform('crash-point', { host: 'c', point: 'ready.written', nth: 2, 'restart-after': '1s' }, on);
    for (let i = 0; i < 10; i++) b.platform.clock.setTimer(i + 1, () => {});
    for (let i = 0; i < 2; i++)
      c.platform.clock.setTimer(i + 1, () => c.platform.faults.reach('ready.written'));
    await world.run({ forMillis: 500 });
    expect([a.isUp, b.isUp, c.isUp]).toEqual([false, false, false]);
    const { hits } = world;
    expect(hits.count('crash-silent')).toBe(1);
    expect([hits.count('crash-at-event'), hits.count('crash-at-point')]).toEqual([1, 1]);
    await world.run({ forMillis: 1000 });
    expect([c.isUp, c.epoch]).toEqual([true, 2]);
  });

  it('are mended', () => {
    const { world, on } = stage(3);
    const [a] = world.hosts as [Host];
    const before = { faults: { ...a.disk.faults }, rate: a.clock.rate };
    perform('rare', { host: 'a', active: '100%', fires: '100%' }, on);
    perform('clock', { host: 'a', rate: 1.5 }, on);
    perform('crash', { host: 'a', 'after-events': 3 }, on);
    perform('disk', { host: 'a', 'slow-read': '1s', stall: '1s', 'sync-error': 'once', room: '1KiB' }, on);
    expect(a.platform.faults.rare('peers.twice')).toBe(true);
    perform('mend', 'all', on);
    expect(a.platform.faults.rare('peers.twice')).toBe(false);
    expect({ faults: a.disk.faults, rate: a.clock.rate, fuse: a.fuseEvents }).toEqual({ ...before, fuse: 0 });
  });
});

describe('disks', () => {
  it('are slowed down, fail and fill up', () => {
    const { world, on } = stage(3);
    const { disk } = world.host('a');
    const value = {
      host: 'a',
      'slow-write': '20ms',
      'read-error': '5%',
      'write-error': 'once',
      'sync-error': '10%',
      room: '2KiB',
    };
    perform('disk', value, on);
    expect(disk.faults).toMatchObject({
      slowWriteMillis: 20,
      readErrorProbability: 0.05,
      failWrites: 1,
      syncErrorProbability: 0.1,
      capacityBytes: 2048,
    });
  });

  it('rot and misdirect on a minority only, unless the atlas is off', async () => {
    const { world, servers, on } = stage(4);
    for (const { platform } of servers) {
      platform.clock.setTimer(0, () => {
        void platform.disk.open('/f', 'create').then(async (file) => {
          await file.write(0, new Uint8Array(1000).fill(1));
          await file.write(1000, new Uint8Array(1000).fill(1));
        });
      });
    }
    await world.run({ forMillis: 100 });
    const rotten = (): number => world.hits.count('rot');
    perform('disk', { host: 'servers', rot: 'any', misdirect: '10%' }, on);
    expect([rotten(), world.hits.count('spared')]).toEqual([1, 2]);
    const [a, b] = [servers[0]!, servers[1]!];
    expect([a.disk.faults.misdirectProbability, b.disk.faults.misdirectProbability]).toEqual([0.1, 0]);
    perform('wipe', 'b', on);
    expect([b.isUp, world.hits.count('disk-wiped')]).toEqual([true, 0]);
    perform('atlas', 'off', on);
    perform('disk', { host: 'servers', rot: 'f' }, on);
    perform('wipe', 'b', on);
    expect([rotten(), b.isUp, world.hits.count('disk-wiped')]).toEqual([4, false, 1]);
  });

  it('are copied, taken back and swapped', async () => {
    const { world, on } = stage(4);
    perform('atlas', 'off', on);
    expect(() => perform('old-disk', 'a', on)).toThrow('put `copy-disk: a` before');
    perform('copy-disk', 'a', on);
    perform('old-disk', 'a', on);
    perform('swap-disks', ['a', 'b'], on);
    expect([world.hits.count('disk-restored'), world.hits.count('disk-swapped')]).toEqual([1, 1]);
    expect(() => perform('swap-disks', ['b', 'b'], on)).toThrow('name two hosts');
  });
});
