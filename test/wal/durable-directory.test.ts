import { expect, it } from 'vitest';

import { World } from '../../sim/world.ts';
import { makeDurableDirectory } from '../../src/wal/durable-directory.ts';
import { engine } from '../sim/engine.ts';

it('makes the names of all folders on the way survive a power loss', async () => {
  const world = new World({ seed: 1, engine, disk: { keptProbability: 0 } });
  const host = world.addHost('server');
  let found: boolean | undefined;
  host.boot(async ({ disk }) => {
    found = await disk.exists('/var/lib/drydock/etcd');
    await makeDurableDirectory(disk, '/var/lib/drydock/etcd');
    // A second time it is there already.
    await makeDurableDirectory(disk, '/var/lib/drydock/etcd');
  });
  await world.run({ forMillis: 100 });
  expect(found).toBe(false);
  host.restart();
  await world.run({ forMillis: 100 });
  expect(found).toBe(true);
});

it('makes durable also what an attempt that was killed has left', async () => {
  for (let micros = 0; micros < 4000; micros += 50) {
    const world = new World({ seed: micros, engine, disk: { keptProbability: 0 } });
    const host = world.addHost('server');
    let done = false;
    host.boot(async ({ disk }) => {
      await makeDurableDirectory(disk, '/var/lib/drydock/etcd');
      done = true;
    });
    await world.run({ forMillis: micros / 1000 });
    done = false;
    host.kill();
    host.restart();
    await world.run({ until: () => done, forMillis: 100 });
    host.crash();
    expect(host.disk.fileSystem.exists('/var/lib/drydock/etcd')).toBe(true);
  }
});
