/**
 * scheduler/: picks a node for each pod, as kube-scheduler does: informers feed a cache and a queue; one pure
 * cycle at a time decides; binding goes through the API.
 *
 * Boundary: the decision (cycle.ts, plugins/) is a pure function of pod and snapshot. Only this file acts.
 *
 * Invariants
 *   S1  One pod is decided at a time, on a snapshot that counts every earlier decision (assumed pods).
 *   S2  A decision is acted on only through the binding subresource, which refuses a pod that has a node:
 *       two schedulers can race, and no pod is ever bound twice.
 *   S3  A pod that was not placed is never lost: it is in the queue until it has a node or is gone.
 *   S4  Who has lost the lease binds no more.
 */

import { isApiError, ApiError } from '../api/status.ts';
import type { Binding, Node, Pod } from '../api/types.ts';
import type { ApiClient } from '../client/api-client.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { LeaderElector, type LeaderElectionTiming } from '../client/leader-elector.ts';
import * as resources from '../client/resources.ts';
import { createInformer } from '../client/shared-informer.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { SchedulerCache } from './cache.ts';
import { schedulePod } from './cycle.ts';
import type { Profile } from './framework.ts';
import { defaultProfile } from './plugins/registry.ts';
import { podView } from './pod-view.ts';
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

/** Decisions whose binding is still on its way; more wait. */
const bindingsOutstandingMax = 64;

export class Scheduler {
  readonly #platform: Platform;
  readonly #options: Required<Omit<SchedulerOptions, 'leaderElection'>>;
  readonly #leaderElection: LeaderElectionTiming | undefined;
  readonly #identity: string;

  constructor(platform: Platform, options: SchedulerOptions) {
    this.#platform = platform;
    this.#options = { profile: defaultProfile, schedulerName: 'default-scheduler', ...options };
    this.#leaderElection = options.leaderElection;
    const life = [...platform.random.bytes(4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
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
  #bindingsOutstanding = 0;
  #wake = (): void => {};

  constructor(
    platform: Platform,
    options: Required<Omit<SchedulerOptions, 'leaderElection'>>,
    signal: AbortSignal,
  ) {
    this.#platform = platform;
    this.#options = options;
    this.#signal = signal;
    this.#recorder = new EventRecorder(platform, options.client, { component: 'default-scheduler' });
  }

  async run(): Promise<void> {
    const { client } = this.#options;
    const pods = createInformer(client, this.#platform, resources.pods);
    const nodes = createInformer(client, this.#platform, resources.nodes);
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
      const entry =
        this.#bindingsOutstanding < bindingsOutstandingMax
          ? this.#queue.pop(clock.monotonicMillis())
          : undefined;
      if (entry === undefined) await this.#wait();
      else this.#scheduleOne(entry);
    }
  }

  /** Until something happens, or a pod's back-off ends. */
  async #wait(): Promise<void> {
    const { clock } = this.#platform;
    const next = this.#queue.nextWakeMillis();
    await new Promise<void>((resolve) => {
      const timer =
        next === undefined
          ? undefined
          : clock.setTimer(Math.max(0, next - clock.monotonicMillis()), () => this.#wake());
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
    if (decision.type === 'unschedulable') {
      this.#queue.returnUnschedulable(entry, this.#platform.clock.monotonicMillis());
      void this.#tellUnschedulable(entry, decision.message);
      return;
    }
    this.#cache.assume(pod, decision.node);
    this.#bindingsOutstanding++;
    void this.#bind(entry, decision.node).finally(() => {
      this.#bindingsOutstanding--;
      this.#wake();
    });
  }

  async #bind(entry: QueuedPod, node: string): Promise<void> {
    const { pod } = entry;
    const name = pod.key.slice(pod.namespace.length + 1);
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace: pod.namespace, uid: pod.uid },
      target: { kind: 'Node', name: node },
    } satisfies Pick<Binding, 'apiVersion' | 'kind' | 'target'> & { metadata: unknown };
    try {
      await this.#options.client
        .resource(resources.pods)
        .subresource('POST', name, 'binding', { namespace: pod.namespace, body: binding });
      this.#recorder.record(
        eventSubject(entry),
        'Normal',
        'Scheduled',
        `Successfully assigned ${pod.key} to ${node}`,
      );
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof NetworkError)) throw error;
      // The outcome may be unknown: if the pod is bound after all, its watch event confirms it.
      this.#cache.forget(pod.uid);
      if (isApiError(error, 'NotFound') || this.#cache.has(pod.uid)) return;
      this.#platform.logger.info('binding failed', { pod: pod.key, node, error: error.message });
      this.#queue.returnFailed(entry, this.#platform.clock.monotonicMillis());
    }
  }

  /** An event, and the PodScheduled condition that `kubectl describe` shows. */
  async #tellUnschedulable(entry: QueuedPod, message: string): Promise<void> {
    const { pod } = entry;
    this.#recorder.record(eventSubject(entry), 'Warning', 'FailedScheduling', message);
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    const patch = { metadata: { uid: pod.uid }, status: { conditions: [condition] } };
    const name = pod.key.slice(pod.namespace.length + 1);
    try {
      await this.#options.client
        .resource(resources.pods)
        .patch(name, patch, { type: 'strategic', namespace: pod.namespace, subresource: 'status' });
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
      this.#cache.confirm(view);
    } else if (pod.metadata.deletionTimestamp !== undefined) {
      this.#queue.remove(view.uid);
    } else if (view.schedulerName === this.#options.schedulerName && !this.#cache.has(view.uid)) {
      // Our own condition on it changes nothing; what waits goes on waiting.
      if (!this.#queue.holds(view)) this.#queue.add(view, this.#platform.clock.monotonicMillis());
    }
    this.#wake();
  }

  #podGone(pod: Pod): void {
    this.#queue.remove(pod.metadata.uid);
    if (!this.#cache.has(pod.metadata.uid)) return;
    this.#cache.remove(pod.metadata.uid);
    this.#queue.moveAll(this.#platform.clock.monotonicMillis());
    this.#wake();
  }

  #nodeChanged(node: Node): void {
    this.#cache.setNode(node);
    this.#queue.moveAll(this.#platform.clock.monotonicMillis());
    this.#wake();
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

function eventSubject({ pod }: QueuedPod): Pod {
  const name = pod.key.slice(pod.namespace.length + 1);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: pod.namespace, uid: pod.uid, resourceVersion: '', creationTimestamp: '' },
    spec: { containers: [] },
  };
}
