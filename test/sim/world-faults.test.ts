import { expect, it } from 'vitest';

import type { ApiClient } from '../../src/client/api-client.ts';
import { actions } from '../../sim/actions/registry.ts';
import type { Stage } from '../../sim/actions/action.ts';
import type { Engine } from '../../sim/event-loop.ts';
import { compareRuns } from '../../sim/trace.ts';
import { World } from '../../sim/world.ts';
import { engine, slowEngine } from './engine.ts';

const names = ['a', 'b', 'c'];

/** What goes wrong, a moment each; every value that may be a range is one. */
const timeline: readonly (readonly [action: string, value: unknown])[] = [
  ['rare', { host: 'servers', active: '50%' }],
  ['network', { host: 'a', loss: '1%..20%', latency: '1ms..30ms', bandwidth: '64kbit..1Mbit' }],
  ['clog', { between: ['a', 'b'], for: '10ms..200ms' }],
  ['swizzle', { host: 'servers', for: '100ms..500ms' }],
  ['flap', { from: 'a', to: 'c', every: '5ms..50ms', for: '200ms' }],
  ['disk', { host: 'servers', 'sync-error': '5%..20%', 'slow-sync': '1ms..20ms', stall: '10ms..50ms' }],
  ['disk', { host: 'b', rot: 'any', misdirect: '50%', 'read-rot': '1%..50%' }],
  ['clock', { host: 'a', rate: '0.5..2', jump: '-10s..10s' }],
  ['clock', { host: 'b', strobe: { by: '1s..5s', every: '5ms..20ms', for: '300ms' } }],
  ['crash-point', { host: 'c', point: 'wal.append.before-sync', nth: '1..4', 'restart-after': '1ms..100ms' }],
  ['crash', { host: 'a', 'after-events': '1..40' }],
  ['half-open', { host: 'b' }],
  ['reset', { host: 'c' }],
  ['partition', { kind: 'random', 'one-way': true }],
  ['atlas', 'off'],
  ['copy-disk', 'a'],
  ['pause', { host: 'b', for: '10ms..100ms' }],
  ['old-disk', 'a'],
  ['swap-disks', ['a', 'b']],
  ['restart', 'servers'],
  ['heal', 'all'],
  ['mend', 'all'],
];

/** Three hosts write, sync and gossip while all of it happens to them. */
async function storm(seed: number, runOn: Engine) {
  const world = new World({ seed, engine: runOn, trace: { recordDraws: true } });
  const hosts = names.map((name) => world.addHost(name));
  const on: Stage = {
    world,
    api: {} as ApiClient,
    hosts: (role) => (role === 'servers' ? hosts : [world.host(role)]),
    sleep: async () => {},
    objects: [],
  };
  for (const host of hosts) {
    host.boot(async ({ network, disk, clock, random, faults }) => {
      await network.links.listen({ host: host.name, port: 1 }, () => ({
        message: (message) => world.trace('got', host, String(message)),
        closed: () => {},
      }));
      const file = await ((await disk.exists('/log'))
        ? disk.open('/log', 'update')
        : disk.open('/log', 'create'));
      for (let round = 0; ; round++) {
        await clock.sleep(2 + random.integer(5));
        try {
          await file.write(await file.size(), random.bytes(50));
          faults.reach('wal.append.before-sync');
          await file.sync();
          const peer = names[random.integer(names.length)]!;
          const link = await network.links.connect(
            { host: peer, port: 1 },
            { message: () => {}, closed: () => {} },
          );
          for (let i = 0; i < (faults.rare('peers.twice') ? 2 : 1); i++) link.send(`${host.name} ${round}`);
          world.trace('wall', host, clock.wallMillis());
        } catch {
          // Disks and networks fail here.
        }
      }
    });
  }
  for (const [i, [name, value]] of timeline.entries()) {
    world.schedule(100 + 50 * i, name, () => {
      void actions.find((action) => action.name === name)!.perform(value, on);
    });
  }
  const result = await world.run({ forMillis: 2000 });
  expect(result.failure).toBeUndefined();
  return { record: world.record(), hits: new Map(world.hits.counts) };
}

it('repeats a run with every fault to the draw, however microtasks are drained (S1)', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 6; seed++) {
    const { record, hits } = await storm(seed, engine);
    const again = await storm(seed, seed % 2 === 0 ? engine : slowEngine);
    expect(compareRuns(record, again.record)).toBeUndefined();
    expect(again.record).toEqual(record);
    expect(again.hits).toEqual(hits);
    for (const kind of hits.keys()) seen.add(kind);
  }
  // Nearly all kinds of faults are in it: none of them is left out of the comparison.
  expect(seen.size).toBeGreaterThan(20);
});
