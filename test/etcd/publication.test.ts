import { expect, it } from 'vitest';

import { World } from '../../sim/world.ts';
import { must } from '../../src/base/assert.ts';
import { emptyBytes } from '../../src/base/bytes.ts';
import { engine } from '../sim/engine.ts';
import { ServedCluster } from './served-cluster.ts';

it('serves nobody before it has what it told of in an earlier life', async () => {
  const world = new World({ seed: 1, engine });
  const cluster = new ServedCluster(world);
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const { reason, failure } = await world.run({ until: condition, forMillis: 20_000 });
    if (failure !== undefined) throw failure.error;
    expect(reason, what).toBe('until');
  };
  await until('all serve', () => cluster.whole);
  const follower = must(cluster.hosts.find((host) => host !== cluster.leader));
  let written = 0;
  const { member } = must(cluster.service(must(cluster.leader)));
  world.schedule(0, 'writes', () => {
    for (let i = 0; i < 50; i++) {
      const request = { key: `k${i}`, value: emptyBytes };
      void member.propose({ type: 'put', request }).then(() => written++);
    }
  });
  const toldBy = (): number => must(cluster.service(follower)).member.store.revision;
  await until('the follower has all', () => written === 50 && toldBy() === 51);
  // What it has applied need not be on its disk yet: the log has it, and knows not that it is committed.
  follower.crash();
  for (const host of cluster.hosts) if (host !== follower) world.cut(host, follower);
  follower.restart();
  await world.run({ forMillis: 5000 });
  expect(cluster.service(follower)).toBeUndefined();
  world.healAll();
  await until('it serves again', () => cluster.service(follower) !== undefined);
  expect(toldBy()).toBe(51);
});
