import { toHex } from '../base/bytes.ts';
import type { ApiClient } from '../client/api-client.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createFencedClient } from '../client/fenced-client.ts';
import { LeaderElector } from '../client/leader-elector.ts';
import type { LeaderElectionTiming } from '../client/leader-elector.ts';
import { runTogether } from '../client/run-together.ts';
import { Informers } from '../client/shared-informer.ts';
import type { Platform } from '../platform/platform.ts';
import type { Controller } from './controller.ts';
import { controllers } from './registry.ts';
import type { ControllerTiming } from './timing.ts';

/**
 * controllers/: the loops that make what is into what should be (kube-controller-manager).
 *
 * Boundary: sees the API through `client` and the host through `platform`; knows no other part. What to do
 * is decided by pure functions (`*-decision.ts`, node-health, tolerations, pod-collection) from a snapshot
 * of the caches; the files named after controllers act on it.
 *
 * Invariants
 *   M1  Level-triggered: a reconcile reads the whole state and may run at any time, any number of times.
 *       reconcile(apply(reconcile(state))) does nothing.
 *   M2  A controller never creates or deletes on a cache that does not yet show what it did before
 *       (expectations), so stale caches cannot make it exceed the wanted number of replicas.
 *   M3  Objects are meant by uid: deletions and owner patches carry it as a precondition, and the absence
 *       of an owner or a node is taken from the server, not from a cache.
 *   M4  Time limits are measured on our own monotonic clock from when we saw a change. Times that other
 *       hosts wrote are shown and ranked by, and for minReadySeconds counted from; never a reason to evict.
 *   M5  Only the leader runs controllers; when it stops leading nothing new is written.
 */

export interface ControllerManagerOptions {
  /** Its request timeout should not exceed half of the election's renew deadline. */
  readonly client: ApiClient;
  /** Names this process among the candidates; made unique to this life of it. */
  readonly identity: string;
  readonly timing: ControllerTiming;
  /** Default Kubernetes' own: 15 s, 10 s, 2 s. */
  readonly leaderElection?: LeaderElectionTiming;
  /** Default `kube-system/kube-controller-manager`. */
  readonly lease?: { readonly namespace: string; readonly name: string };
  /** Default all that there are. */
  readonly controllers?: readonly Controller[];
}

export class ControllerManager {
  readonly #platform: Platform;
  readonly #options: ControllerManagerOptions;
  readonly #identity: string;
  #elector: LeaderElector | undefined;

  constructor(platform: Platform, options: ControllerManagerOptions) {
    this.#platform = platform;
    this.#options = options;
    const life = toHex(platform.random.bytes(4));
    this.#identity = `${options.identity}_${life}`;
  }

  get isLeader(): boolean {
    return this.#elector?.isLeader === true;
  }

  /** Campaigns and leads, again and again, until `signal` aborts. Rejects only for bugs. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, leaderElection, lease } = this.#options;
    while (!signal.aborted) {
      this.#elector = new LeaderElector(this.#platform, client, {
        ...(lease ?? { namespace: 'kube-system', name: 'kube-controller-manager' }),
        identity: this.#identity,
        ...(leaderElection === undefined ? {} : { timing: leaderElection }),
      });
      await this.#elector.run({ onStartedLeading: (leading) => this.#lead(leading) }, signal);
    }
  }

  /** Caches are made anew for each term: what was learned while not leading is worth nothing. */
  async #lead(signal: AbortSignal): Promise<void> {
    const platform = this.#platform;
    const { timing } = this.#options;
    // M5: a reconcile that is under way when leadership ends gets no further.
    const client = createFencedClient(this.#options.client, signal);
    const informers = new Informers(client, platform, timing.informerBackoff);
    const recorder = new EventRecorder(platform, client, { component: 'controller-manager' });
    const runs = (this.#options.controllers ?? controllers).map((controller) => {
      const logger = platform.logger.with({ controller: controller.name });
      return controller.start({ platform, client, informers, recorder, timing, logger });
    });
    const control = async (controlling: AbortSignal): Promise<void> => {
      if (await informers.waitForSync(controlling)) await runTogether(runs, controlling);
    };
    await runTogether([(each) => informers.run(each), (each) => recorder.run(each), control], signal);
  }
}
