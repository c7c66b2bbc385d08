import { isApiError } from '../api/status.ts';
import type { Node, Pod } from '../api/types.ts';
import { keyOf } from '../client/informer.ts';
import type { Lister } from '../client/informer.ts';
import { nodes as nodeResource, pods as podResource } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { isPodTerminating } from './pod-state.ts';
import { runReconcileLoop } from './reconcile-loop.ts';
import { stayMillis } from './tolerations.ts';

const workers = 8;

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
export const taintEviction: Controller = {
  name: 'taint-eviction-controller',
  start(context) {
    const evictor = new TaintEvictor(context);
    const { queue } = evictor;
    return (signal) =>
      runReconcileLoop(
        { queue, workers, logger: context.logger, reconcile: (key) => evictor.reconcile(key) },
        signal,
      );
  },
};

class TaintEvictor {
  readonly queue: WorkQueue;
  readonly #context: ControllerContext;
  readonly #nodeLister: Lister<Node>;
  readonly #podLister: Lister<Pod>;
  /** By pod key: since when, by our own clock, a pod stands beside a taint. */
  readonly #since = new Map<string, { readonly uid: string; readonly millis: number }>();

  constructor(context: ControllerContext) {
    const { informers, platform } = context;
    this.#context = context;
    this.queue = new WorkQueue(platform.clock);
    const nodes = informers.get(nodeResource);
    const pods = informers.get(podResource);
    this.#nodeLister = nodes.lister;
    this.#podLister = pods.lister;
    nodes.addHandler({
      added: (node) => this.#addPodsOf(node),
      updated: (before, after) => {
        if (JSON.stringify(before.spec.taints) !== JSON.stringify(after.spec.taints)) this.#addPodsOf(after);
      },
    });
    pods.addHandler({
      added: (pod) => this.queue.add(keyOf(pod)),
      updated: (_before, pod) => this.queue.add(keyOf(pod)),
      deleted: (pod) => this.#since.delete(keyOf(pod)),
    });
  }

  async reconcile(key: string): Promise<void> {
    const pod = this.#podLister.get(key);
    const taints = this.#nodeLister.get(pod?.spec.nodeName ?? '')?.spec.taints ?? [];
    const { client, platform, timing, recorder } = this.#context;
    const millis =
      pod === undefined || isPodTerminating(pod)
        ? undefined
        : stayMillis(pod.spec.tolerations ?? [], taints, timing.evictionAfterMillis);
    if (pod === undefined || millis === undefined) {
      this.#since.delete(key);
      return;
    }
    const { name, namespace = '', uid } = pod.metadata;
    const nowMillis = platform.clock.monotonicMillis();
    const known = this.#since.get(key);
    const since = known?.uid === uid ? known : { uid, millis: nowMillis };
    this.#since.set(key, since);
    const leftMillis = since.millis + millis - nowMillis;
    if (leftMillis > 0) return this.queue.addAfter(key, leftMillis);
    recorder.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    try {
      await client.resource(podResource).delete(name, { namespace, uid });
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  }

  #addPodsOf(node: Node): void {
    for (const pod of this.#podLister.list()) {
      if (pod.spec.nodeName === node.metadata.name) this.queue.add(keyOf(pod));
    }
  }
}
