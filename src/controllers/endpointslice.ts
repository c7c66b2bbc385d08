import { isApiError } from '../api/status.ts';
import type { EndpointSlice, Pod, Service } from '../api/types.ts';
import { keyOf } from '../client/informer.ts';
import type { Lister } from '../client/informer.ts';
import { listNamespace } from '../client/object-store.ts';
import { endpointSlices, pods as podResource, services } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { managedBy, managedByLabel, reconcileSlices, serviceNameLabel } from './endpointslice-decision.ts';
import { expectationExpiryMillis, Expectations } from './expectations.ts';
import { selectsLabels } from './ownership.ts';
import { runReconcileLoop } from './reconcile-loop.ts';

const workers = 5;

/** Writes down which pods stand behind each Service that has a selector. */
export const endpointSlice: Controller = {
  name: 'endpointslice-controller',
  start(context) {
    const reconciler = new EndpointSliceReconciler(context);
    const { queue } = reconciler;
    return (signal) =>
      runReconcileLoop(
        { queue, workers, logger: context.logger, reconcile: (key) => reconciler.reconcile(key) },
        signal,
      );
  },
};

class EndpointSliceReconciler {
  readonly queue: WorkQueue;
  readonly #context: ControllerContext;
  readonly #expectations: Expectations;
  readonly #serviceLister: Lister<Service>;
  readonly #podLister: Lister<Pod>;
  readonly #sliceLister: Lister<EndpointSlice>;

  constructor(context: ControllerContext) {
    const { informers, platform } = context;
    this.#context = context;
    this.queue = new WorkQueue(platform.clock);
    this.#expectations = new Expectations(platform.clock);
    const serviceInformer = informers.get(services);
    const podInformer = informers.get(podResource);
    const sliceInformer = informers.get(endpointSlices);
    this.#serviceLister = serviceInformer.lister;
    this.#podLister = podInformer.lister;
    this.#sliceLister = sliceInformer.lister;
    serviceInformer.addHandler({
      added: (service) => this.queue.add(keyOf(service)),
      updated: (_before, service) => this.queue.add(keyOf(service)),
      deleted: (service) => this.#expectations.forget(keyOf(service)),
    });
    podInformer.addHandler({
      added: (pod) => this.#addServicesOf(pod),
      updated: (before, after) => {
        this.#addServicesOf(before);
        this.#addServicesOf(after);
      },
      deleted: (pod) => this.#addServicesOf(pod),
    });
    sliceInformer.addHandler({
      added: (slice) => this.#sliceSeen(slice, (key) => this.#expectations.creationObserved(key)),
      updated: (_before, slice) => this.#sliceSeen(slice, () => {}),
      deleted: (slice) =>
        this.#sliceSeen(slice, (key) => this.#expectations.deletionObserved(key, slice.metadata.uid)),
    });
  }

  async reconcile(key: string): Promise<void> {
    const service = this.#serviceLister.get(key);
    if (service === undefined || service.spec.selector === undefined) return;
    if (service.metadata.deletionTimestamp !== undefined || service.spec.type === 'ExternalName') return;
    // Each expected slice brings the key back when it is seen; the expiry does if it never is.
    if (!this.#expectations.satisfied(key)) return this.queue.addAfter(key, expectationExpiryMillis);
    const { namespace = '' } = service.metadata;
    const slices = listNamespace(this.#sliceLister, namespace).filter((slice) => serviceKeyOf(slice) === key);
    const changes = reconcileSlices(service, listNamespace(this.#podLister, namespace), slices);
    const client = this.#context.client.resource(endpointSlices);
    for (const slice of changes.update) await client.update(slice);
    if (changes.create.length > 0) this.#expectations.expectCreations(key, changes.create.length);
    let created = 0;
    try {
      for (; created < changes.create.length; created++) await client.create(changes.create[created]!);
    } finally {
      for (; created < changes.create.length; created++) this.#expectations.creationObserved(key);
    }
    for (const slice of changes.delete) {
      const { name, uid, resourceVersion } = slice.metadata;
      try {
        await client.delete(name, { namespace, uid, resourceVersion });
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
  }

  #addServicesOf(pod: Pod): void {
    for (const service of listNamespace(this.#serviceLister, pod.metadata.namespace ?? '')) {
      if (selectsLabels(service.spec.selector, pod.metadata.labels)) this.queue.add(keyOf(service));
    }
  }

  #sliceSeen(slice: EndpointSlice, observe: (key: string) => void): void {
    const key = serviceKeyOf(slice);
    if (key === undefined) return;
    observe(key);
    this.queue.add(key);
  }
}

/** The service whose slice this is, if it is one of ours. */
function serviceKeyOf({ metadata }: EndpointSlice): string | undefined {
  const { labels = {}, namespace = '' } = metadata;
  return labels[managedByLabel] === managedBy ? `${namespace}/${labels[serviceNameLabel] ?? ''}` : undefined;
}
