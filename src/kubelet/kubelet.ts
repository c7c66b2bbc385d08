/**
 * kubelet/: the agent of one node. Registers it, renews its lease, runs the pods that are bound to it,
 * tells the API what became of them, and serves their logs.
 *
 * Boundary: talks to the API server through client/, to the host through platform/, to containers through
 * runtime/ alone (CRI's verbs). It decides nothing about other nodes and reads nothing but its own pods,
 * its Node, its Lease, Services, and the ConfigMaps its pods name.
 *
 * Invariants
 *   K1  One worker per pod uid, and it takes one step at a time.
 *   K2  What a worker does is a function of the pod, the runtime and the clock (`planPod`), never of an event.
 *   K3  A container runs only for a pod that the API has bound to this node; one that vanished is stopped.
 *   K4  An API that does not answer stops no container and delays no restart.
 *   K5  A pod is deleted from the API only after all of it has ended, and only if it is still that pod (uid).
 *   K6  A pod that was reported Succeeded or Failed never runs again.
 *   K7  What this kubelet cannot do is refused by name, never left out silently.
 */

import type { Node, Pod, Service } from '../api/types.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import type { Informer } from '../client/informer.ts';
import { configMaps, nodes, pods, services } from '../client/resources.ts';
import { createInformer } from '../client/shared-informer.ts';
import type { Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { problemOf } from './failures.ts';
import type { KubeletOptions } from './kubelet-options.ts';
import { LogServer } from './log-server.ts';
import { NodeLease } from './node-lease.ts';
import { NodeRegistrar } from './node-registrar.ts';
import { PodWorker } from './pod-worker.ts';
import type { PodWorkerContext } from './pod-worker.ts';
import { ProcessRuntime } from './runtime/process-runtime.ts';
import type { Runtime } from './runtime/runtime.ts';
import { TaskScope } from './task-scope.ts';

const defaultProgramPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * @example
 * const kubelet = new Kubelet(platform, options);
 * await kubelet.run(signal);
 */
export class Kubelet {
  readonly #platform: Platform;
  readonly #options: KubeletOptions;
  readonly #workers = new Map<string, PodWorker>();

  constructor(platform: Platform, options: KubeletOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  /**
   * Runs until `signal` aborts; then stops the containers, whose log pipes would end with it. Rejects if
   * the log server's address cannot be had or the data folder cannot be read.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#platform;
    const { client, nodeName, timing } = this.#options;
    const runtime = this.#options.runtime ?? (await this.#openProcessRuntime());
    const podInformer = createInformer(client, this.#platform, pods, {
      fieldSelector: `spec.nodeName=${nodeName}`,
    });
    const nodeInformer = createInformer(client, this.#platform, nodes, {
      fieldSelector: `metadata.name=${nodeName}`,
    });
    const serviceInformer = createInformer(client, this.#platform, services);
    const events = new EventRecorder(this.#platform, client, { component: 'kubelet', host: nodeName });
    const { runtimeName, runtimeVersion } = await runtime.version();
    const registrar = this.#registrar(nodeInformer, `${runtimeName}://${runtimeVersion}`);
    const server = new LogServer(this.#platform, {
      listen: this.#options.listen,
      tls: this.#options.tls,
      runtime,
      pods: podInformer.lister,
    });
    const listener: Listener = await server.listen();
    logger.info('kubelet runs', {
      node: nodeName,
      logs: `${listener.address.host}:${listener.address.port}`,
    });

    const scope = new TaskScope(signal);
    const unsubscribe = runtime.subscribe((podUid) => this.#workers.get(podUid)?.wake());
    scope.add((ended) => podInformer.run(ended));
    scope.add((ended) => nodeInformer.run(ended));
    scope.add((ended) => serviceInformer.run(ended));
    scope.add((ended) => events.run(ended));
    scope.add((ended) => registrar.run(ended));
    scope.add((ended) => new NodeLease(this.#platform, this.#options).run(ended));
    const context: PodWorkerContext = {
      platform: this.#platform,
      pods: client.resource(pods),
      configMaps: client.resource(configMaps),
      services: serviceInformer.lister,
      events,
      runtime,
      hostIP: this.#options.advertise.host,
      serviceAddress: this.#options.serviceAddress,
      timing,
    };
    scope.add((ended) => this.#runPods(context, podInformer, serviceInformer, scope, ended));
    try {
      await scope.join();
    } finally {
      unsubscribe();
      await listener.close();
      const startedAtMillis = clock.monotonicMillis();
      await runtime.shutdown(timing.shutdownGraceMillis);
      logger.info('kubelet stopped', { stopMillis: Math.round(clock.monotonicMillis() - startedAtMillis) });
    }
  }

  #openProcessRuntime(): Promise<Runtime> {
    return ProcessRuntime.open(this.#platform, {
      directory: this.#options.dataDirectory,
      podCidr: this.#options.podCidr,
      programPath: this.#options.programPath ?? defaultProgramPath,
      leftoverGraceMillis: this.#options.timing.shutdownGraceMillis,
    });
  }

  #registrar(informer: Informer<Node>, runtimeVersion: string): NodeRegistrar {
    return new NodeRegistrar(this.#platform, this.#options, informer, runtimeVersion);
  }

  /** Waits until it is known which pods are this node's, then gives each a worker. */
  async #runPods(
    context: PodWorkerContext,
    podInformer: Informer<Pod>,
    serviceInformer: Informer<Service>,
    scope: TaskScope,
    signal: AbortSignal,
  ): Promise<void> {
    // Services first: a container's environment names those that exist when it starts.
    if (!(await serviceInformer.waitForSync(signal)) || !(await podInformer.waitForSync(signal))) return;
    await this.#removeOrphans(context.runtime, podInformer.lister.list());
    if (signal.aborted) return;
    podInformer.addHandler({
      added: (pod) => this.#startWorker(context, pod, scope),
      updated: (_before, pod) => this.#workers.get(pod.metadata.uid)?.update(pod),
      deleted: (pod) => this.#workers.get(pod.metadata.uid)?.vanish(pod),
    });
  }

  #startWorker(context: PodWorkerContext, pod: Pod, scope: TaskScope): void {
    const { uid } = pod.metadata;
    if (this.#workers.has(uid)) return;
    const worker = new PodWorker(context, pod);
    this.#workers.set(uid, worker);
    scope.add(async (signal) => {
      await worker.run(signal);
      this.#workers.delete(uid);
    });
  }

  /** Sandboxes of an earlier life whose pods the API has no more. */
  async #removeOrphans(runtime: Runtime, known: readonly Pod[]): Promise<void> {
    const uids = new Set(known.map((pod) => pod.metadata.uid));
    for (const sandbox of await runtime.listPodSandbox()) {
      if (uids.has(sandbox.config.uid)) continue;
      try {
        await runtime.removePodSandbox(sandbox.id);
      } catch (error) {
        this.#platform.logger.warn('leftover of a deleted pod not removed', {
          sandbox: sandbox.id,
          problem: problemOf(error),
        });
      }
    }
  }
}
