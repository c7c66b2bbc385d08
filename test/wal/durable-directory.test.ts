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
