import { builtinResources } from '../api/resources.ts';
import { isApiError } from '../api/status.ts';
import type { ApiObject, Namespace } from '../api/types.ts';
import type { ResourceRef } from '../client/api-client.ts';
import { keyOf } from '../client/informer.ts';
import { namespaces } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { forEachParallel, runReconcileLoop } from './reconcile-loop.ts';

const workers = 5;
const finalizer = 'kubernetes';

/** How soon a namespace whose pods are still ending is looked at again. */
const remainingMillis = 1_000;

/** Everything that can live in a namespace. Owners come before what they own, or they would make more. */
const contents: readonly ResourceRef<ApiObject>[] = builtinResources
  .filter(({ namespaced, verbs }) => namespaced && verbs.includes('list') && verbs.includes('delete'))
  .toSorted((a, b) => Number(a.resource === 'pods') - Number(b.resource === 'pods'));

/** Empties namespaces that are being deleted, and then lets them go. */
export const namespace: Controller = {
  name: 'namespace-controller',
  start(context) {
    const queue = new WorkQueue(context.platform.clock);
    const informer = context.informers.get(namespaces);
    informer.addHandler({
      added: (each) => queue.add(keyOf(each)),
      updated: (_before, each) => queue.add(keyOf(each)),
    });
    const reconcile = async (key: string): Promise<void> => {
      const target = informer.lister.get(key);
      if (target?.metadata.deletionTimestamp === undefined) return;
      if (!(target.spec?.finalizers ?? []).includes(finalizer)) return;
      if (await empty(context, key)) await finalize(context, target);
      else queue.addAfter(key, remainingMillis);
    };
    return (signal) => runReconcileLoop({ queue, workers, logger: context.logger, reconcile }, signal);
  },
};

/** Deletes what is there, read from the server and not from a cache; true when nothing was left to delete. */
async function empty({ client }: ControllerContext, name: string): Promise<boolean> {
  let found = false;
  for (const ref of contents) {
    const resource = client.resource(ref);
    const { items } = await resource.list({ namespace: name });
    found ||= items.length > 0;
    const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await forEachParallel(live, async ({ metadata }) => {
      try {
        const { uid } = metadata;
        await resource.delete(metadata.name, { namespace: name, uid, propagationPolicy: 'Background' });
      } catch (error) {
        if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
      }
    });
  }
  return !found;
}

async function finalize({ client }: ControllerContext, target: Namespace): Promise<void> {
  const finalizers = (target.spec?.finalizers ?? []).filter((each) => each !== finalizer);
  const body: Namespace = { ...target, spec: { ...target.spec, finalizers } };
  try {
    await client.resource(namespaces).subresource('PUT', target.metadata.name, 'finalize', { body });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}
