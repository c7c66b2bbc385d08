import type { ReplicationController, Scale } from '../../src/api/types.ts';
import { suggestion } from '../../src/base/nearest.ts';
import { replicationControllers } from '../../src/client/resources.ts';
import type { Action } from './action.ts';
import { retry } from './retry.ts';

interface ScaleTo {
  readonly rc: string;
  readonly replicas: number;
  readonly namespace?: string;
}

/** Sets the replicas of a ReplicationController through its scale subresource, as `kubectl scale` does. */
export const scale: Action = {
  name: 'scale',
  schema: {
    type: 'object',
    description: '{rc: hello, replicas: 10}',
    properties: {
      rc: { type: 'string' },
      replicas: { type: 'integer', minimum: 0 },
      namespace: { type: 'string' },
    },
    required: ['rc', 'replicas'],
    additionalProperties: false,
  },
  roles: () => [],
  check(value, { objects }) {
    const { rc, namespace = 'default' } = value as ScaleTo;
    if (objects === undefined) return undefined;
    const names = objects
      .filter(({ kind, metadata }) => {
        return kind === 'ReplicationController' && (metadata.namespace ?? 'default') === namespace;
      })
      .flatMap(({ metadata }) => metadata.name ?? []);
    if (names.includes(rc)) return undefined;
    const others = names.length === 0 ? '; add it there' : `; it has ${names.join(', ')}`;
    return `names ${rc}, but \`objects\` has no such ReplicationController in namespace ${namespace}${others}${suggestion(rc, names)}`;
  },
  async perform(value, stage) {
    const { rc, replicas, namespace = 'default' } = value as ScaleTo;
    const client = stage.api.resource<ReplicationController>(replicationControllers);
    await retry(`scaling ${rc}`, stage, async () => {
      const current = await client.subresource<Scale>('GET', rc, 'scale', { namespace });
      const wanted = { ...current, spec: { ...current.spec, replicas } };
      await client.subresource<Scale>('PUT', rc, 'scale', { namespace, body: wanted });
    });
    return [];
  },
};
