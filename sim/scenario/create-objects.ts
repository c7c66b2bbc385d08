import type { ApiObject, NewObject } from '../../src/api/types.ts';
import { must } from '../../src/base/assert.ts';
import { isApiError } from '../../src/api/status.ts';
import type { ApiClient, ResourceRef } from '../../src/client/api-client.ts';
import * as resources from '../../src/client/resources.ts';
import { retry, type Sleeper } from '../actions/retry.ts';

/** The kinds that a scenario can create. */
export const creatableKinds: readonly ResourceRef<ApiObject>[] = Object.values(
  resources,
) as readonly ResourceRef<ApiObject>[];

/** Creates a scenario's objects as an operator does: again and again until the API has them. */
export async function createObjects(
  objects: readonly NewObject<ApiObject>[],
  stage: { readonly api: ApiClient } & Sleeper,
): Promise<void> {
  for (const object of objects) {
    const ref = must(creatableKinds.find(({ kind }) => kind === object.kind));
    await retry(`creating ${object.kind} ${object.metadata.name}`, stage, async () => {
      try {
        await stage.api
          .resource(ref)
          .create(object, ref.namespaced ? (object.metadata.namespace ?? 'default') : undefined);
      } catch (error) {
        // An attempt whose answer was lost may have been heard.
        if (!isApiError(error, 'AlreadyExists')) throw error;
      }
    });
  }
}
