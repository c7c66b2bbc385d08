import type { ReplicationController, Scale } from '../../src/api/types.ts';
import { replicationControllers } from '../../src/client/resources.ts';
import type { Action } from './action.ts';
import { retry } from './retry.ts';

/** Sets the replicas of a ReplicationController through its scale subresource, as `kubectl scale` does. */
export const scale: Action = {
  name: 'scale',
  schema: {
    type: 'object',
    properties: {
      rc: { type: 'string' },
      replicas: { type: 'integer', minimum: 0 },
      namespace: { type: 'string' },
    },
    required: ['rc', 'replicas'],
    additionalProperties: false,
  },
  async perform(value, stage) {
    const {
      rc,
      replicas,
      namespace = 'default',
    } = value as { rc: string; replicas: number; namespace?: string };
    const client = stage.api.resource<ReplicationController>(replicationControllers);
    await retry(`scaling ${rc}`, stage, async () => {
      const current = await client.subresource<Scale>('GET', rc, 'scale', { namespace });
      const wanted = { ...current, spec: { ...current.spec, replicas } };
      await client.subresource<Scale>('PUT', rc, 'scale', { namespace, body: wanted });
    });
    return [];
  },
};
