import { isApiError } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { Pod, ReplicationController } from '../api/types.ts';
import type { ResourceClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import { keyOf } from '../client/informer.ts';
import type { Lister } from '../client/informer.ts';
import { listNamespace } from '../client/object-store.ts';
import { pods as podResource, replicationControllers } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { Platform } from '../platform/platform.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { expectationExpiryMillis, Expectations } from './expectations.ts';
import { controllerOf, controllerReference, ownersPatch, selectsLabels } from './ownership.ts';
import { isPodActive } from './pod-state.ts';
import { forEachParallel, isRefusal, runReconcileLoop } from './reconcile-loop.ts';
import {
  claimPods,
  nextAvailabilityMillis,
  nextStatus,
  podFromTemplate,
  scale,
} from './replication-decision.ts';
import type { Scaling, ScalingFailure } from './replication-decision.ts';

const workers = 5;

/** Keeps as many pods of a template alive as a ReplicationController asks for. */
export const replication: Controller = {
  name: 'replicationcontroller-controller',
  start(context) {
    const reconciler = new ReplicationReconciler(context);
    return (signal) =>
      runReconcileLoop(
        {
          queue: reconciler.queue,
          workers,
          logger: context.logger,
          reconcile: (key) => reconciler.reconcile(key),
        },
        signal,
      );
  },
};

class ReplicationReconciler {
  readonly queue: WorkQueue;
  readonly #platform: Platform;
  readonly #recorder: EventRecorder;
  readonly #expectations: Expectations;
  readonly #controllers: ResourceClient<ReplicationController>;
  readonly #pods: ResourceClient<Pod>;
  readonly #controllerLister: Lister<ReplicationController>;
  readonly #podLister: Lister<Pod>;

  constructor({ platform, client, informers, recorder }: ControllerContext) {
    this.queue = new WorkQueue(platform.clock);
    this.#platform = platform;
    this.#recorder = recorder;
    this.#expectations = new Expectations(platform.clock);
    this.#controllers = client.resource(replicationControllers);
    this.#pods = client.resource(podResource);
    const controllerInformer = informers.get(replicationControllers);
    const podInformer = informers.get(podResource);
    this.#controllerLister = controllerInformer.lister;
    this.#podLister = podInformer.lister;
    controllerInformer.addHandler({
      added: (controller) => this.queue.add(keyOf(controller)),
      updated: (_before, controller) => this.queue.add(keyOf(controller)),
      deleted: (controller) => {
        this.#expectations.forget(keyOf(controller));
        this.queue.add(keyOf(controller));
      },
    });
    podInformer.addHandler({
      added: (pod) => this.#podAdded(pod),
      updated: (before, after) => this.#podUpdated(before, after),
      deleted: (pod) => this.#podGone(pod),
    });
  }

  /** Level-triggered: reads the cache, decides, acts. Throws what should be tried again. */
  async reconcile(key: string): Promise<void> {
    const controller = this.#controllerLister.get(key);
    if (controller === undefined) return this.#expectations.forget(key);
    const { namespace = '' } = controller.metadata;
    // Asked before the cache is read: what arrives in between is then counted.
    const mayScale = this.#expectations.satisfied(key);
    // A pod that came and went within a gap of the watch is never seen: nothing else would wake us then.
    if (!mayScale) this.queue.addAfter(key, expectationExpiryMillis);
    const claims = claimPods(controller, listNamespace(this.#podLister, namespace));
    await forEachParallel(claims.release, (pod) => this.#release(controller, pod));
    const adopted = await this.#adopt(controller, claims.adopt);
    const pods = [...claims.owned, ...adopted];
    const { clock } = this.#platform;
    const failure = mayScale
      ? await this.#scale(key, controller, scale(controller, pods, clock.wallMillis()))
      : undefined;
    await this.#writeStatus(controller, pods, failure?.failure);
    const waitMillis = nextAvailabilityMillis(controller, pods, clock.wallMillis());
    if (waitMillis !== undefined) this.queue.addAfter(key, waitMillis);
    if (failure !== undefined) throw failure.cause;
  }

  /** Only if the owner still exists by the server's word: the cache may not yet know of its end. */
  async #adopt(controller: ReplicationController, orphans: readonly Pod[]): Promise<readonly Pod[]> {
    if (orphans.length === 0) return [];
    const { name, namespace = '', uid } = controller.metadata;
    const fresh = await this.#controllers.get(name, namespace);
    if (fresh.metadata.uid !== uid || fresh.metadata.deletionTimestamp !== undefined) return [];
    const adopted: Pod[] = [];
    await forEachParallel(orphans, async (pod) => {
      const owners = [...(pod.metadata.ownerReferences ?? []), controllerReference(controller)];
      try {
        adopted.push(await this.#patchOwners(pod, owners));
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    });
    return adopted;
  }

  async #release(controller: ReplicationController, pod: Pod): Promise<void> {
    const owners = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== controller.metadata.uid);
    try {
      await this.#patchOwners(pod, owners);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  async #patchOwners(pod: Pod, owners: Parameters<typeof ownersPatch>[1]): Promise<Pod> {
    const { name, namespace = '' } = pod.metadata;
    return this.#pods.patch(name, ownersPatch(pod, owners), { type: 'merge', namespace });
  }

  async #scale(
    key: string,
    controller: ReplicationController,
    { createCount, deletions }: Scaling,
  ): Promise<{ failure: ScalingFailure; cause: unknown } | undefined> {
    try {
      if (createCount > 0) await this.#create(key, controller, createCount);
      if (deletions.length > 0) await this.#delete(key, controller, deletions);
      return undefined;
    } catch (cause) {
      if (!isRefusal(cause)) throw cause;
      const reason = createCount > 0 ? 'FailedCreate' : 'FailedDelete';
      return { failure: { reason, message: cause.message }, cause };
    }
  }

  /** Slow start: 1, 2, 4, 8, … at a time, so that a template the server refuses costs one request. */
  async #create(key: string, controller: ReplicationController, count: number): Promise<void> {
    const pod = podFromTemplate(controller);
    if (pod === undefined) return;
    this.#expectations.expectCreations(key, count);
    let remaining = count;
    for (let batch = 1; remaining > 0; batch = Math.min(2 * batch, remaining)) {
      const failures: unknown[] = [];
      const createOne = async (): Promise<void> => {
        try {
          const { metadata } = await this.#pods.create(pod);
          this.#recorder.record(controller, 'Normal', 'SuccessfulCreate', `Created pod: ${metadata.name}`);
        } catch (error) {
          this.#expectations.creationObserved(key);
          failures.push(error);
        }
      };
      await Promise.all(Array.from({ length: batch }, createOne));
      remaining -= batch;
      if (failures.length === 0) continue;
      for (let skipped = 0; skipped < remaining; skipped++) this.#expectations.creationObserved(key);
      const cause = failures[0];
      if (isNamespaceTerminating(cause)) return;
      if (isRefusal(cause)) {
        this.#recorder.record(controller, 'Warning', 'FailedCreate', `Error creating: ${cause.message}`);
      }
      throw cause;
    }
  }

  async #delete(key: string, controller: ReplicationController, pods: readonly Pod[]): Promise<void> {
    this.#expectations.expectDeletions(
      key,
      pods.map(({ metadata }) => metadata.uid),
    );
    await forEachParallel(pods, async (pod) => {
      const { name, namespace = '', uid } = pod.metadata;
      try {
        await this.#pods.delete(name, { namespace, uid });
        this.#recorder.record(controller, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
      } catch (error) {
        this.#expectations.deletionObserved(key, uid);
        // Gone, or replaced by a namesake: either way it does not count any more.
        if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
      }
    });
  }

  async #writeStatus(
    controller: ReplicationController,
    pods: readonly Pod[],
    failure: ScalingFailure | undefined,
  ): Promise<void> {
    const nowMillis = this.#platform.clock.wallMillis();
    const write = async (target: ReplicationController): Promise<void> => {
      const status = nextStatus(target, pods, failure, nowMillis, formatTime(nowMillis));
      if (status === undefined) return;
      // The spec that was acted upon, not the one that is written back unseen.
      const { generation } = controller.metadata;
      const observed = generation === undefined ? {} : { observedGeneration: generation };
      await this.#controllers.updateStatus({ ...target, status: { ...status, ...observed } });
    };
    try {
      await write(controller);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return;
      if (!isApiError(error, 'Conflict')) throw error;
      const { name, namespace = '' } = controller.metadata;
      await write(await this.#controllers.get(name, namespace));
    }
  }

  #podAdded(pod: Pod): void {
    // After a restart a pod may be seen for the first time while it goes.
    if (pod.metadata.deletionTimestamp !== undefined) return this.#podGone(pod);
    const owner = this.#ownerOf(pod);
    if (owner !== undefined) {
      this.#expectations.creationObserved(owner);
      this.queue.add(owner);
    } else if (controllerOf(pod) === undefined) {
      this.#addMatching(pod);
    }
  }

  #podUpdated(before: Pod, after: Pod): void {
    if (after.metadata.deletionTimestamp !== undefined && isPodActive(before)) return this.#podGone(after);
    const ownerBefore = this.#ownerOf(before);
    const owner = this.#ownerOf(after);
    if (ownerBefore !== undefined && ownerBefore !== owner) this.queue.add(ownerBefore);
    if (owner !== undefined) this.queue.add(owner);
    else if (controllerOf(after) === undefined) this.#addMatching(after);
  }

  #podGone(pod: Pod): void {
    const owner = this.#ownerOf(pod);
    if (owner === undefined) return;
    this.#expectations.deletionObserved(owner, pod.metadata.uid);
    this.queue.add(owner);
  }

  /** The key of the pod's controller, if it is a ReplicationController we know by that uid. */
  #ownerOf(pod: Pod): string | undefined {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicationController') return undefined;
    const key = `${pod.metadata.namespace ?? ''}/${owner.name}`;
    return this.#controllerLister.get(key)?.metadata.uid === owner.uid ? key : undefined;
  }

  #addMatching(pod: Pod): void {
    for (const controller of listNamespace(this.#controllerLister, pod.metadata.namespace ?? '')) {
      if (selectsLabels(controller.spec.selector, pod.metadata.labels)) this.queue.add(keyOf(controller));
    }
  }
}

function isNamespaceTerminating(error: unknown): boolean {
  return (
    isApiError(error, 'Forbidden') &&
    (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
  );
}
