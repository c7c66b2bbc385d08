import { expect, it } from 'vitest';

import { Cluster } from '../../sim/cluster.ts';
import { World } from '../../sim/world.ts';
import type { ReplicationController } from '../../src/api/types.ts';
import * as resources from '../../src/client/resources.ts';
import { engine } from './engine.ts';

const hello = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'hello' },
  spec: {
    replicas: 3,
    selector: { app: 'hello' },
    template: {
      metadata: { labels: { app: 'hello' } },
      spec: { containers: [{ name: 'hello', image: 'host', command: ['node'] }] },
    },
  },
} as unknown as ReplicationController;

it('brings pods of a ReplicationController to life on simulated hosts', async () => {
  const world = new World({ seed: 1, engine });
  const cluster = new Cluster(world, { servers: 3, agents: 3, settings: {}, observer: undefined });
  const operator = world.addHost('operator', { identity: { user: 'operator', groups: ['system:masters'] } });
  cluster.boot();
  let running = 0;
  operator.boot(async (platform) => {
    const client = cluster.apiClient(platform, 'operator');
    for (;;) {
      await platform.clock.sleep(250);
      try {
        await client.resource(resources.replicationControllers).create(hello, 'default');
        break;
      } catch (error) {
        platform.logger.info('not yet', { error: String(error) });
      }
    }
    for (;;) {
      await platform.clock.sleep(250);
      const { items } = await client.resource(resources.pods).list();
      running = items.filter((pod) => pod.status?.phase === 'Running').length;
    }
  });
  const result = await world.run({ until: () => running === 3, forMillis: 60_000 });
  if (result.failure !== undefined) throw result.failure.error;
  expect(result.reason).toBe('until');
  cluster.store.checkInvariants();
});
