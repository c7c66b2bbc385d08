import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { ApiClient } from '../../src/client/api-client.ts';
import { durationMillis, type Stage } from '../../sim/actions/action.ts';
import { actions } from '../../sim/actions/registry.ts';
import type { Host } from '../../sim/host.ts';
import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

describe('parseScenario', () => {
  it('reads the scenario that is shipped', () => {
    const read = (path: string): string => readFileSync(`scenarios/${path}`, 'utf8');
    const parsed = parseScenario(read('leader-crash.yaml'), 'scenarios/leader-crash.yaml', read);
    if (!parsed.ok) throw new Error(parsed.error.join('\n'));
    const { cluster, objects, timeline, expect: expected, durationMillis: duration } = parsed.value;
    expect(cluster).toMatchObject({ servers: 3, agents: 3 });
    expect(objects.map(({ kind }) => kind)).toEqual(['ReplicationController', 'Service']);
    expect(timeline.map(({ action }) => action.name)).toEqual(['scale', 'crash', 'cut', 'heal', 'restart']);
    expect(timeline[1]).toMatchObject({
      moment: { type: 'after', millis: 100 },
      value: 'leader',
      as: 'lost',
    });
    expect(expected.always).toHaveLength(9);
    expect(expected.finally).toEqual([
      { type: 'pods-running', options: { count: 10, labels: { app: 'hello' } } },
      { type: 'processes-running', options: { count: 10 } },
    ]);
    expect([duration, expected.withinMillis]).toEqual([30_000, 60_000]);
  });

  it('knows three units of time', () => {
    expect(['250ms', '10s', '1.5m'].map(durationMillis)).toEqual([250, 10_000, 90_000]);
    expect(() => durationMillis('10h')).toThrow('write 250ms, 10s or 1.5m');
  });
});

describe('actions', () => {
  /** Three booted hosts, each its own role. */
  function stage(): Stage & { readonly a: Host; readonly b: Host; readonly c: Host } {
    const world = new World({ seed: 1, engine });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => world.addHost(name)) as [Host, Host, Host];
    for (const host of world.hosts) host.boot();
    return {
      world,
      a,
      b,
      c,
      api: {} as ApiClient,
      hosts: (role) => [world.host(role)],
      objects: [],
      sleep: async () => {},
    };
  }

  function perform(name: string, value: unknown, on: Stage): readonly Host[] {
    const action = actions.find((one) => one.name === name)!;
    return action.perform(value, on) as readonly Host[];
  }

  it('crash, kill and restart hosts, and say which', () => {
    const on = stage();
    expect(perform('crash', ['a', 'b'], on)).toEqual([on.a, on.b]);
    expect([on.a.hasPower, on.b.hasPower, on.c.hasPower]).toEqual([false, false, true]);
    perform('kill', 'c', on);
    expect([on.c.isUp, on.c.hasPower]).toEqual([false, true]);
    perform('restart', ['a', 'c'], on);
    expect([on.a.isUp, on.b.isUp, on.c.isUp]).toEqual([true, false, true]);
  });

  it('cut a host off, a pair, or one direction, and heal', () => {
    const on = stage();
    const cuts = (): string[] =>
      on.world.hosts.flatMap((from) =>
        on.world.hosts.filter((to) => on.world.path(from, to).isCut).map((to) => `${from.name}${to.name}`),
      );
    perform('cut', { from: 'a', to: 'b' }, on);
    expect(cuts()).toEqual(['ab']);
    perform('cut', ['b', 'c'], on);
    expect(cuts()).toEqual(['ab', 'bc', 'cb']);
    perform('heal', 'c', on);
    expect(cuts()).toEqual(['ab']);
    perform('cut', 'a', on);
    expect(cuts()).toEqual(['ab', 'ac', 'ba', 'ca']);
    perform('heal', 'all', on);
    expect(cuts()).toEqual([]);
  });

  it('spoil disks and clocks, and put them right', () => {
    const on = stage();
    const { faults } = on.b.disk;
    perform('disk', { host: 'b', 'slow-sync': '2s', full: true }, on);
    expect(faults).toMatchObject({ slowSyncMillis: 2000, capacityBytes: on.b.disk.usedBytes });
    perform('disk', { host: 'b', 'slow-sync': '0s', full: false }, on);
    expect(faults).toMatchObject({ slowSyncMillis: 0, capacityBytes: undefined });
    const before = on.c.clock.offsetMillis;
    perform('clock', { host: 'c', jump: '-30s', rate: 1.1 }, on);
    expect(on.c.clock.offsetMillis - before).toBe(-30_000);
    expect(on.c.clock.rate).toBe(1.1);
  });

  it('pause a host', () => {
    const on = stage();
    perform('pause', { host: 'b', for: '2s' }, on);
    expect(on.b.pausedUntilMillis).toBe(2000);
  });
});
