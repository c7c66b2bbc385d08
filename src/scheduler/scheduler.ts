/**
 * scheduler/: picks a node for each pod, as kube-scheduler does. Informers feed a cache (cache.ts: nodes, and what
 * the pods on them ask for) and a queue (queue.ts: pods without a node); one scheduling cycle at a time
 * (cycle.ts) asks the plugins of a profile (plugins/registry.ts); binding goes through the API.
 *
 * Boundary: the decision is a pure function of pod and snapshot, the cache and the queue are told the time; only
 * this file acts. To compare policies `drydock bench scheduler` replays workloads through the same parts.
 *
 * Invariants
 *   S1  One pod is decided at a time, on a snapshot that counts every earlier decision (assumed pods).
 *   S2  A decision is acted on only through the binding subresource, which refuses a pod that has a node:
 *       two schedulers can race, and no pod is ever bound twice.
 *   S3  A pod that was not placed is never lost: it is in the queue until it has a node or is gone. What is
 *       gone leaves queue and cache, also while its binding is on its way.
 *   S4  Who has lost the lease sends no more bindings. One that was sent before may still arrive: S2 covers it.
 *   S5  Whatever makes room (a pod leaves or ends, a node comes or changes, a binding fails) wakes the pods
 *       that wait for room; a node's heartbeat wakes nobody.
 *   S6  At most `requestsOutstandingMax` requests are on their way; a full pipe stops deciding, not the clock.
 */

import { toHex } from '../base/bytes.ts';
import { ApiError } from '../api/status.ts';
import type { Binding, Node, Pod } from '../api/types.ts';
import type { ApiClient } from '../client/api-client.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createFencedClient } from '../client/fenced-client.ts';
import type { Informer } from '../client/informer.ts';
import { LeaderElector, type LeaderElectionTiming } from '../client/leader-elector.ts';
import * as resources from '../client/resources.ts';
import { createInformer } from '../client/shared-informer.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { SchedulerCache } from './cache.ts';
import { schedulePod } from './cycle.ts';
import type { Profile } from './framework.ts';
import { defaultProfile } from './plugins/registry.ts';
import { podView, type PodView } from './pod-view.ts';
import { SchedulingQueue, type QueuedPod } from './queue.ts';

export interface SchedulerOptions {
  readonly client: ApiClient;
  /** Tells candidates for the lease kube-system/kube-scheduler apart. */
  readonly identity: string;
  readonly leaderElection?: LeaderElectionTiming;
  readonly profile?: Profile;
  /** Pods with another spec.schedulerName are somebody else's. */
  readonly schedulerName?: string;
}

/** Bindings and conditions that are still on their way to the API; further decisions wait. */
const requestsOutstandingMax = 64;

export class Scheduler {
  readonly #platform: Platform;
  readonly #options: Required<Omit<SchedulerOptions, 'leaderElection'>>;
  readonly #leaderElection: LeaderElectionTiming | undefined;
  readonly #identity: string;

  constructor(platform: Platform, options: SchedulerOptions) {
    this.#platform = platform;
    this.#options = { profile: defaultProfile, schedulerName: 'default-scheduler', ...options };
    this.#leaderElection = options.leaderElection;
    const life = toHex(platform.random.bytes(4));
    this.#identity = `${options.identity}_${life}`;
  }

  /** Campaigns and schedules, again and again, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const elector = new LeaderElector(this.#platform, this.#options.client, {
        namespace: 'kube-system',
        name: 'kube-scheduler',
        identity: this.#identity,
        ...(this.#leaderElection === undefined ? {} : { timing: this.#leaderElection }),
      });
      await elector.run({ onStartedLeading: (leading) => this.#lead(leading) }, signal);
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    await new SchedulingTerm(this.#platform, this.#options, signal).run();
  }
}

/** One term of leadership: caches are made anew, for what was learned while not leading is worth nothing. */
class SchedulingTerm {
  readonly #platform: Platform;
  readonly #options: Required<Omit<SchedulerOptions, 'leaderElection'>>;
  readonly #signal: AbortSignal;
  readonly #cache = new SchedulerCache();
  readonly #queue = new SchedulingQueue();
  readonly #recorder: EventRecorder;
  /** Sends nothing any more when the term is over. */
  readonly #client: ApiClient;
  readonly #pods: Informer<Pod>;
  #requestsOutstanding = 0;
  #wake = (): void => {};

  constructor(
    platform: Platform,
    options: Required<Omit<SchedulerOptions, 'leaderElection'>>,
    signal: AbortSignal,
  ) {
    this.#platform = platform;
    this.#options = options;
    this.#signal = signal;
    this.#client = createFencedClient(options.client, signal);
    this.#pods = createInformer(this.#client, platform, resources.pods);
    this.#recorder = new EventRecorder(platform, this.#client, { component: 'default-scheduler' });
  }

  async run(): Promise<void> {
    const pods = this.#pods;
    const nodes = createInformer(this.#client, this.#platform, resources.nodes);
    pods.addHandler({
      added: (pod) => this.#podChanged(pod),
      updated: (_, pod) => this.#podChanged(pod),
      deleted: (pod) => this.#podGone(pod),
    });
    nodes.addHandler({
      added: (node) => this.#nodeChanged(node),
      updated: (before, node) => {
        if (mayMakeRoom(before, node)) this.#nodeChanged(node);
      },
      deleted: (node) => this.#cache.removeNode(node.metadata.name),
    });
    const schedule = async (): Promise<void> => {
      if ((await nodes.waitForSync(this.#signal)) && (await pods.waitForSync(this.#signal)))
        await this.#scheduleAll();
    };
    this.#signal.addEventListener('abort', () => this.#wake(), { once: true });
    await Promise.all([
      pods.run(this.#signal),
      nodes.run(this.#signal),
      this.#recorder.run(this.#signal),
      schedule(),
    ]);
  }

  async #scheduleAll(): Promise<void> {
    const { clock } = this.#platform;
    while (!this.#signal.aborted) {
      if (this.#requestsOutstanding >= requestsOutstandingMax) {
        await this.#wait(undefined);
        continue;
      }
      const entry = this.#queue.pop(clock.monotonicMillis());
      if (entry === undefined) await this.#wait(this.#queue.nextWakeMillis());
      else this.#scheduleOne(entry);
    }
  }

  /** Until something happens, or it is `untilMillis`. */
  async #wait(untilMillis: number | undefined): Promise<void> {
    const { clock } = this.#platform;
    await new Promise<void>((resolve) => {
      const timer =
        untilMillis === undefined
          ? undefined
          : clock.setTimer(Math.max(0, untilMillis - clock.monotonicMillis()), () => this.#wake());
      this.#wake = () => {
        timer?.cancel();
        this.#wake = () => {};
        resolve();
      };
      if (this.#signal.aborted) this.#wake();
    });
  }

  #scheduleOne(entry: QueuedPod): void {
    const { pod } = entry;
    const decision = schedulePod(pod, this.#cache.snapshot(), this.#options.profile, (bound) =>
      this.#platform.random.integer(bound),
    );
    if (decision.type === 'scheduled') {
      this.#cache.assume(pod, decision.node);
      this.#send(this.#bind(entry, decision.node));
    } else {
      this.#queue.returnUnschedulable(entry, this.#now());
      this.#send(this.#tellUnschedulable(pod, decision.message));
    }
  }

  /** Counts a request until it has ended. A rejection is a bug, and left to stop the program. */
  #send(request: Promise<void>): void {
    this.#requestsOutstanding++;
    void request.finally(() => {
      this.#requestsOutstanding--;
      this.#wake();
    });
  }

  async #bind(entry: QueuedPod, node: string): Promise<void> {
    const { pod } = entry;
    const { name, namespace, uid } = pod;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { kind: 'Node', name: node },
    } satisfies Pick<Binding, 'apiVersion' | 'kind' | 'target'> & { metadata: unknown };
    try {
      await this.#client
        .resource(resources.pods)
        .subresource('POST', name, 'binding', { namespace, body: binding });
      const message = `Successfully assigned ${pod.key} to ${node}`;
      this.#recorder.record(eventSubject(pod), 'Normal', 'Scheduled', message);
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof NetworkError)) throw error;
      this.#platform.logger.info('binding failed', { pod: pod.key, node, error: error.message });
      this.#bindingFailed(entry);
    }
  }

  /** The outcome may be unknown: if the pod is bound after all, its watch event confirms it, now or later. */
  #bindingFailed(entry: QueuedPod): void {
    this.#cache.forget(entry.pod.uid);
    const pod = this.#stillWaiting(entry.pod);
    if (pod !== undefined) this.#queue.returnFailed({ ...entry, pod }, this.#now());
    // What was assumed is free again, for others too.
    this.#queue.moveAll(this.#now());
  }

  /** The pod as the API shows it now, or undefined if it has a node, is gone, or another has its name. */
  #stillWaiting({ key, uid }: PodView): PodView | undefined {
    const pod = this.#pods.lister.get(key);
    if (pod === undefined || pod.metadata.uid !== uid || pod.metadata.deletionTimestamp !== undefined) {
      return undefined;
    }
    const view = podView(pod);
    return view.nodeName === undefined ? view : undefined;
  }

  /** An event, and the PodScheduled condition that `kubectl describe` shows. */
  async #tellUnschedulable(pod: PodView, message: string): Promise<void> {
    const { name, namespace, uid } = pod;
    this.#recorder.record(eventSubject(pod), 'Warning', 'FailedScheduling', message);
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    const shown = this.#pods.lister.get(pod.key)?.status?.conditions ?? [];
    if (shown.some((each) => each.type === condition.type && each.message === message)) return;
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await this.#client
        .resource(resources.pods)
        .patch(name, patch, { type: 'strategic', namespace, subresource: 'status' });
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof NetworkError)) throw error;
      this.#platform.logger.debug('could not write a pod condition', { pod: pod.key, error: error.message });
    }
  }

  #podChanged(pod: Pod): void {
    const view = podView(pod);
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (ended) {
      this.#podGone(pod);
    } else if (view.nodeName !== undefined) {
      this.#queue.remove(view.uid);
      const assumedOn = this.#cache.nodeOf(view.uid);
      this.#cache.confirm(view);
      // Somebody else bound it elsewhere: the room that was kept for it is free.
      if (assumedOn !== undefined && assumedOn !== view.nodeName) this.#queue.moveAll(this.#now());
    } else if (pod.metadata.deletionTimestamp !== undefined) {
      this.#queue.remove(view.uid);
    } else if (view.schedulerName === this.#options.schedulerName && !this.#cache.has(view.uid)) {
      // Our own condition on it changes nothing; what waits goes on waiting.
      if (!this.#queue.holds(view)) this.#queue.add(view, this.#now());
    }
    this.#wake();
  }

  #podGone(pod: Pod): void {
    this.#queue.remove(pod.metadata.uid);
    if (!this.#cache.has(pod.metadata.uid)) return;
    this.#cache.remove(pod.metadata.uid);
    this.#queue.moveAll(this.#now());
    this.#wake();
  }

  #nodeChanged(node: Node): void {
    this.#cache.setNode(node);
    this.#queue.moveAll(this.#now());
    this.#wake();
  }

  #now(): number {
    return this.#platform.clock.monotonicMillis();
  }
}

/** Whether a change of a node can matter to scheduling: a heartbeat does not. */
function mayMakeRoom(before: Node, after: Node): boolean {
  const relevant = (node: Node): string =>
    JSON.stringify([
      node.metadata.labels,
      node.spec.taints,
      node.spec.unschedulable,
      node.status?.allocatable,
    ]);
  return relevant(before) !== relevant(after);
}

/** As much of the pod as an event names. */
function eventSubject({ name, namespace, uid }: PodView): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid, resourceVersion: '', creationTimestamp: '' },
    spec: { containers: [] },
  };
}
