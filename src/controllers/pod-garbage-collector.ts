import { isApiError } from '../api/status.ts';
import type { Node, Pod } from '../api/types.ts';
import type { Lister } from '../client/informer.ts';
import { nodes as nodeResource, pods as podResource } from '../client/resources.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { isStranded, podsToCollect } from './pod-collection.ts';
import { forEachParallel, isRefusal } from './reconcile-loop.ts';

/** Deletes by force the pods whose kubelet will never report their end. */
export const podGarbageCollector: Controller = {
  name: 'pod-garbage-collector-controller',
  start(context) {
    const collector = new PodCollector(context);
    return async (signal) => {
      const { platform, timing, logger } = context;
      while (await platform.clock.sleep(timing.podCollectPeriodMillis, signal)) {
        try {
          await collector.collect();
        } catch (error) {
          if (!isRefusal(error)) throw error;
          logger.debug('pods not collected', { error: error.message });
        }
      }
    };
  },
};

class PodCollector {
  readonly #context: ControllerContext;
  readonly #nodeLister: Lister<Node>;
  readonly #podLister: Lister<Pod>;
  /** By node name: since when we miss it. */
  #missingSince = new Map<string, number>();
  /** By pod uid: since when we see it stranded. */
  #strandedSince = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodeLister = context.informers.get(nodeResource).lister;
    this.#podLister = context.informers.get(podResource).lister;
  }

  async collect(): Promise<void> {
    const { client, logger, platform, timing } = this.#context;
    const nowMillis = platform.clock.monotonicMillis();
    const pods = this.#podLister.list();
    const nodes = new Map(this.#nodeLister.list().map((node) => [node.metadata.name, node]));
    const absent = pods.flatMap(({ spec: { nodeName } }) =>
      nodeName === undefined || nodes.has(nodeName) ? [] : [nodeName],
    );
    this.#missingSince = timestamps(absent, this.#missingSince, nowMillis);
    const stranded = pods.filter((pod) => isStranded(pod, nodes)).map(({ metadata }) => metadata.uid);
    this.#strandedSince = timestamps(stranded, this.#strandedSince, nowMillis);
    const missingNodes = new Set<string>();
    for (const name of olderThan(this.#missingSince, nowMillis - timing.missingNodeQuarantineMillis)) {
      if (await this.#isGone(name)) missingNodes.add(name);
    }
    const giveUpMillis = timing.forceDeleteUnreachableAfterMillis ?? Infinity;
    const givenUp = new Set(olderThan(this.#strandedSince, nowMillis - giveUpMillis));
    await forEachParallel(podsToCollect({ pods, nodes, missingNodes, givenUp }), async ({ pod, reason }) => {
      const { name, namespace = '', uid } = pod.metadata;
      logger.info('deleting pod by force', { pod: name, namespace, reason });
      try {
        await client.resource(podResource).delete(name, { namespace, uid, gracePeriodSeconds: 0 });
      } catch (error) {
        if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
      }
    });
  }

  /** By the server's word: the cache of nodes may be behind that of pods. */
  async #isGone(nodeName: string): Promise<boolean> {
    try {
      await this.#context.client.resource(nodeResource).get(nodeName);
      return false;
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
      return true;
    }
  }
}

/** Keeps the time of those that were there before, forgets the others. */
function timestamps(
  names: readonly string[],
  before: ReadonlyMap<string, number>,
  now: number,
): Map<string, number> {
  return new Map(names.map((name) => [name, before.get(name) ?? now]));
}

function olderThan(since: ReadonlyMap<string, number>, limitMillis: number): string[] {
  return [...since].filter(([, millis]) => millis <= limitMillis).map(([name]) => name);
}
