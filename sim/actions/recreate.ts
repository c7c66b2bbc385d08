import type { ApiObject, NewObject, Pod } from '../../src/api/types.ts';
import { isApiError } from '../../src/api/status.ts';
import { must } from '../../src/base/assert.ts';
import { pods } from '../../src/client/resources.ts';
import type { Action, Stage } from './action.ts';
import { retry } from './retry.ts';

const lookMillis = 200;

/**
 * `recreate: {pod: db-0}`: what a StatefulSet does to a pod that is to be another one under the same name: deletes it, waits
 * until it is really gone, and makes it anew from `objects`. Goes on by itself: the next step does not wait for it.
 */
export const recreate: Action = {
  name: 'recreate',
  schema: {
    type: 'object',
    description: '{pod: db-0}',
    properties: { pod: { type: 'string' } },
    required: ['pod'],
    additionalProperties: false,
  },
  roles: () => [],
  check(value, { objects }) {
    const { pod } = value as { readonly pod: string };
    if (objects === undefined || podIn(objects, pod) !== undefined) return undefined;
    return `names ${pod}, but \`objects\` has no such Pod; add it there`;
  },
  perform(value, stage) {
    const { pod: name } = value as { readonly pod: string };
    const object = must(podIn(stage.objects, name)) as NewObject<Pod>;
    recreatePod(object, name, stage).catch((error: unknown) => stage.world.loop.fail(undefined, error));
    return [];
  },
};

async function recreatePod(object: NewObject<Pod>, name: string, stage: Stage): Promise<void> {
  const client = stage.api.resource<Pod>(pods);
  const namespace = object.metadata.namespace ?? 'default';
  const old = await retry(`reading ${name}`, stage, () => client.get(name, namespace));
  await retry(`deleting ${name}`, stage, async () => {
    try {
      await client.delete(name, { namespace, uid: old.metadata.uid });
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  });
  for (;;) {
    const gone = await retry(`waiting for the end of ${name}`, stage, async () => {
      try {
        const found = await client.get(name, namespace);
        return found.metadata.uid !== old.metadata.uid;
      } catch (error) {
        if (isApiError(error, 'NotFound')) return true;
        throw error;
      }
    });
    if (gone) break;
    await stage.sleep(lookMillis);
  }
  await retry(`creating ${name}`, stage, async () => {
    try {
      await client.create(object, namespace);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  });
}

function podIn(objects: readonly NewObject<ApiObject>[], name: string): NewObject<ApiObject> | undefined {
  return objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === name);
}
