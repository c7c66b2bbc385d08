import { must } from '../base/assert.ts';
import { isApiError } from '../api/status.ts';
import type { ConfigMap, Container, Pod, PodStatus, Service } from '../api/types.ts';
import type { ResourceClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Lister } from '../client/informer.ts';
import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { ContainerProber } from './container-prober.ts';
import { problemOf } from './failures.ts';
import type { KubeletTiming } from './kubelet-options.ts';
import { latestAttempts, planPod, wantsRestart } from './pod-actions.ts';
import type { PodAction } from './pod-actions.ts';
import { configMapsOf, expandVariables, resolveEnvironment, serviceEnvironment } from './pod-environment.ts';
import { buildPodStatus } from './pod-status.ts';
import type { Waiting } from './pod-status.ts';
import { PodStatusWriter } from './pod-status-writer.ts';
import { RestartBackoff } from './restart-backoff.ts';
import { RuntimeError } from './runtime/runtime.ts';
import type { PodSandbox, Runtime, RuntimeContainer } from './runtime/runtime.ts';
import { unsupportedBy } from './unsupported.ts';
import { Wakeup } from './wakeup.ts';

/** What all pod workers of a node share. */
export interface PodWorkerContext {
  readonly platform: Platform;
  readonly pods: ResourceClient<Pod>;
  readonly configMaps: ResourceClient<ConfigMap>;
  readonly services: Lister<Service>;
  readonly events: EventRecorder;
  readonly runtime: Runtime;
  readonly hostIP: string;
  readonly serviceAddress: (clusterIP: string) => string;
  readonly timing: KubeletTiming;
}

/** Why a container (or, under the name '', the sandbox) is not started now. */
interface Hold extends Waiting {
  readonly untilMillis: number;
  readonly delayMillis: number;
}

/**
 * Brings one pod of this node from what it is to what it should be, one step at a time: reads the
 * runtime, asks `planPod`, acts, reports, sleeps until something changes.
 */
export class PodWorker {
  readonly #context: PodWorkerContext;
  readonly #logger: Logger;
  readonly #wakeup: Wakeup;
  readonly #writer: PodStatusWriter;
  readonly #backoff: RestartBackoff;
  readonly #holds = new Map<string, Hold>();
  /** Monotonic time at which the end of a container was seen, by id. */
  readonly #ends = new Map<string, number>();
  readonly #probers = new Map<string, ContainerProber>();
  /** Grace asked for, by container id. */
  readonly #stopping = new Map<string, number>();
  readonly #announcedBackoffs = new Set<string>();
  #pod: Pod;
  #status: PodStatus | undefined;
  #vanished = false;

  constructor(context: PodWorkerContext, pod: Pod) {
    const { platform, pods, timing } = context;
    this.#context = context;
    this.#pod = pod;
    this.#status = pod.status;
    this.#logger = platform.logger.with({ pod: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}` });
    this.#wakeup = new Wakeup(platform.clock);
    this.#writer = new PodStatusWriter(platform, pods, timing, pod);
    this.#backoff = new RestartBackoff(timing.restartBackoff);
  }

  /** The API has a newer version. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.#writer.observe(pod.status);
    this.#wakeup.notify();
  }

  /** The API has it no more; `last` is what it was. */
  vanish(last: Pod): void {
    this.#pod = last;
    this.#vanished = true;
    this.#wakeup.notify();
  }

  /** Something happened to its containers. */
  wake(): void {
    this.#wakeup.notify();
  }

  /** Ends when nothing of the pod is left on this node, or `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { platform, timing } = this.#context;
    const ended = new AbortController();
    const onAbort = (): void => ended.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    const writing = this.#writer.run(ended.signal);
    try {
      while (!signal.aborted) {
        let wakeAtMillis: number;
        try {
          const next = await this.#sync();
          if (next === 'gone') return;
          wakeAtMillis = next;
        } catch (error) {
          this.#logger.warn('pod not brought forward, will try again', { problem: problemOf(error) });
          wakeAtMillis = platform.clock.monotonicMillis() + timing.podSyncRetryMillis;
        }
        const delayMillis = Math.min(wakeAtMillis - platform.clock.monotonicMillis(), timing.syncMillis);
        await this.#wakeup.wait(delayMillis, signal);
      }
    } finally {
      for (const prober of this.#probers.values()) prober.stop();
      signal.removeEventListener('abort', onAbort);
      ended.abort();
      await writing;
    }
  }

  /** One pass; returns when the next is due. */
  async #sync(): Promise<number | 'gone'> {
    const { clock } = this.#context.platform;
    for (let pass = 0; ; pass++) {
      const { sandbox, containers } = await this.#observe();
      const nowMillis = clock.monotonicMillis();
      const plan = planPod({
        pod: this.#pod,
        vanished: this.#vanished,
        finished: this.#status?.phase === 'Succeeded' || this.#status?.phase === 'Failed',
        sandbox,
        containers,
        unhealthy: new Set([...this.#probers].filter(([, prober]) => !prober.healthy).map(([id]) => id)),
        startableAtMillis: (name) => this.#startableAtMillis(name, containers),
        nowMillis,
      });
      if (plan.gone) return 'gone';
      this.#announceBackoffs(containers, nowMillis);
      if (!this.#vanished) this.#report(sandbox, containers, plan.terminated);
      for (const action of plan.actions) await this.#act(action, sandbox, containers);
      // Whatever was changed here is looked at again, but a pod never keeps its worker from waiting.
      const changed = plan.actions.some((action) => action.type !== 'stopContainer');
      if (!changed) return plan.wakeAtMillis;
      if (pass === passesMax) return nowMillis + this.#context.timing.podSyncRetryMillis;
    }
  }

  /** What the runtime has of this pod. */
  async #observe(): Promise<{ sandbox: PodSandbox | undefined; containers: RuntimeContainer[] }> {
    const { runtime, platform } = this.#context;
    const { uid } = this.#pod.metadata;
    const sandbox = (await runtime.listPodSandbox()).find((candidate) => candidate.config.uid === uid);
    const all = sandbox === undefined ? [] : await runtime.listContainers();
    const containers = all.filter((container) => container.sandboxId === sandbox?.id);
    const nowMillis = platform.clock.monotonicMillis();
    for (const container of containers) {
      if (container.state === 'Exited' && !this.#ends.has(container.id))
        this.#ends.set(container.id, nowMillis);
    }
    this.#matchProbers(containers, sandbox);
    return { sandbox, containers };
  }

  #matchProbers(containers: readonly RuntimeContainer[], sandbox: PodSandbox | undefined): void {
    const running = new Map(
      containers.filter(({ state }) => state === 'Running').map((each) => [each.id, each]),
    );
    for (const [id, prober] of this.#probers) {
      if (running.has(id)) continue;
      prober.stop();
      this.#probers.delete(id);
    }
    for (const [id, { name }] of running) {
      const container = this.#pod.spec.containers.find((candidate) => candidate.name === name);
      if (container === undefined || sandbox === undefined || this.#probers.has(id)) continue;
      const prober = new ContainerProber(this.#context.platform, container, sandbox.ip, {
        changed: () => this.#wakeup.notify(),
        failed: (kind, message) => this.#event('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
      });
      this.#probers.set(id, prober);
    }
  }

  #startableAtMillis(name: string, containers: readonly RuntimeContainer[]): number {
    const holdMillis = this.#holds.get(name)?.untilMillis ?? 0;
    const current = latestAttempts(containers).get(name);
    return Math.max(holdMillis, current?.state === 'Exited' ? this.#restartAt(current).atMillis : 0);
  }

  #restartAt(container: RuntimeContainer): { readonly atMillis: number; readonly delayMillis: number } {
    const endedAtMillis = must(this.#ends.get(container.id), 'the end of an ended container was noted');
    return this.#backoff.readyAt(container.name, endedAtMillis);
  }

  #waiting(containers: readonly RuntimeContainer[]): Map<string, Waiting> {
    const nowMillis = this.#context.platform.clock.monotonicMillis();
    const latest = latestAttempts(containers);
    const { name: podName, namespace, uid } = this.#pod.metadata;
    const waiting = new Map<string, Waiting>();
    for (const { name } of this.#pod.spec.containers) {
      const hold = this.#holds.get(name);
      const current = latest.get(name);
      if (hold !== undefined) {
        waiting.set(name, { reason: hold.reason, message: hold.message });
      } else if (current?.state === 'Exited' && wantsRestart(this.#pod, current.exitCode ?? 0)) {
        const { atMillis, delayMillis } = this.#restartAt(current);
        if (atMillis <= nowMillis) continue;
        const message = `back-off ${delayMillis / 1000}s restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
        waiting.set(name, { reason: 'CrashLoopBackOff', message });
      }
    }
    return waiting;
  }

  #announceBackoffs(containers: readonly RuntimeContainer[], nowMillis: number): void {
    for (const container of latestAttempts(containers).values()) {
      if (container.state !== 'Exited' || this.#announcedBackoffs.has(container.id)) continue;
      if (!wantsRestart(this.#pod, container.exitCode ?? 0)) continue;
      if (this.#restartAt(container).atMillis <= nowMillis) continue;
      this.#announcedBackoffs.add(container.id);
      this.#event('Warning', 'BackOff', `Back-off restarting failed container ${container.name}`);
    }
  }

  #report(
    sandbox: PodSandbox | undefined,
    containers: readonly RuntimeContainer[],
    terminated: boolean,
  ): void {
    const ready = new Set([...this.#probers].filter(([, prober]) => prober.ready).map(([id]) => id));
    this.#status = buildPodStatus({
      pod: this.#pod,
      hostIP: this.#context.hostIP,
      sandbox,
      containers,
      waiting: this.#waiting(containers),
      ready,
      terminated,
      previous: this.#status,
      nowMillis: this.#context.platform.clock.wallMillis(),
    });
    this.#writer.report(this.#status, terminated);
  }

  async #act(
    action: PodAction,
    sandbox: PodSandbox | undefined,
    containers: readonly RuntimeContainer[],
  ): Promise<void> {
    const { runtime } = this.#context;
    switch (action.type) {
      case 'runSandbox':
        return await this.#runSandbox();
      case 'removeSandbox':
        return await runtime.removePodSandbox(must(sandbox).id);
      case 'stopSandbox':
        return await runtime.stopPodSandbox(must(sandbox).id);
      case 'startContainer':
        return await this.#startContainer(action.container, action.attempt, must(sandbox), containers);
      case 'stopContainer':
        return this.#stopContainer(action);
    }
  }

  async #runSandbox(): Promise<void> {
    const { name, namespace, uid } = this.#pod.metadata;
    try {
      await this.#context.runtime.runPodSandbox({ name, namespace: namespace ?? 'default', uid });
      this.#holds.delete('');
    } catch (error) {
      const message = `Failed to create pod sandbox: ${problemOf(error)}`;
      this.#event('Warning', 'FailedCreatePodSandBox', message);
      this.#hold('', 'ContainerCreating', message, this.#context.timing.podSyncRetryMillis);
    }
  }

  async #startContainer(
    container: Container,
    attempt: number,
    sandbox: PodSandbox,
    containers: readonly RuntimeContainer[],
  ): Promise<void> {
    const { runtime, platform, timing } = this.#context;
    const { name } = container;
    const refused = unsupportedBy(this.#pod);
    if (refused !== undefined) {
      this.#event('Warning', 'Failed', `Error: ${refused}`);
      return this.#hold(name, 'CreateContainerConfigError', refused, timing.podSyncRetryMillis);
    }
    if (!(await this.#pullImage(container))) return;
    const environment = await this.#environment(container, sandbox);
    if (!environment.ok) {
      this.#event('Warning', 'Failed', `Error: ${environment.error}`);
      return this.#hold(name, 'CreateContainerConfigError', environment.error, timing.podSyncRetryMillis);
    }
    const words = [...(container.command ?? []), ...(container.args ?? [])];
    let id: string;
    try {
      id = await runtime.createContainer(sandbox.id, {
        name,
        attempt,
        image: container.image,
        command: words.map((word) => expandVariables(word, environment.value)),
        environment: environment.value,
        ...(container.workingDir === undefined ? {} : { workingDirectory: container.workingDir }),
      });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#event('Warning', 'Failed', `Error: ${error.message}`);
      return this.#hold(name, 'CreateContainerError', error.message, timing.podSyncRetryMillis);
    }
    this.#holds.delete(name);
    const before = latestAttempts(containers).get(name);
    if (before !== undefined) {
      this.#backoff.restarted(name, must(this.#ends.get(before.id)), platform.clock.monotonicMillis());
    }
    try {
      await runtime.startContainer(id);
      this.#event('Normal', 'Started', `Container ${name} started`);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      // The runtime shows it as ended; the restart policy and the back-off say what follows.
      this.#event('Warning', 'Failed', `Error: ${error.message}`);
    }
    await this.#forgetOld(containers.filter((old) => old.name === name && old.attempt < attempt - 1));
  }

  /** Keeps the container before the current one, for its log and its last state. */
  async #forgetOld(containers: readonly RuntimeContainer[]): Promise<void> {
    for (const { id } of containers) {
      await this.#context.runtime.removeContainer(id);
      this.#ends.delete(id);
      this.#stopping.delete(id);
      this.#announcedBackoffs.delete(id);
    }
  }

  async #pullImage(container: Container): Promise<boolean> {
    const { runtime, timing } = this.#context;
    try {
      await runtime.pullImage(container.image);
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const before = this.#holds.get(container.name);
      const again = before?.reason === 'ErrImagePull' || before?.reason === 'ImagePullBackOff';
      const delayMillis = again
        ? Math.min(before.delayMillis * 2, timing.imagePullBackoffMaxMillis)
        : timing.imagePullBackoffMillis;
      this.#event('Warning', 'Failed', `Failed to pull image "${container.image}": ${error.message}`);
      if (again) {
        const message = `Back-off pulling image "${container.image}": ${error.message}`;
        this.#hold(container.name, 'ImagePullBackOff', message, delayMillis);
      } else {
        this.#hold(container.name, 'ErrImagePull', error.message, delayMillis);
      }
      return false;
    }
  }

  async #environment(
    container: Container,
    sandbox: PodSandbox,
  ): Promise<ReturnType<typeof resolveEnvironment>> {
    const { services, serviceAddress, hostIP, configMaps } = this.#context;
    const { namespace } = this.#pod.metadata;
    const found = new Map<string, ConfigMap>();
    for (const name of configMapsOf(container)) {
      try {
        found.set(name, await configMaps.get(name, namespace));
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
    return resolveEnvironment(container, {
      pod: this.#pod,
      podIP: sandbox.ip,
      hostIP,
      configMaps: found,
      services: serviceEnvironment(this.#pod, services.list(), serviceAddress),
    });
  }

  /** Not awaited: the worker stays awake for a deletion that shortens the grace. */
  #stopContainer(action: Extract<PodAction, { type: 'stopContainer' }>): void {
    const asked = this.#stopping.get(action.id);
    if (asked !== undefined && asked <= action.graceMillis) return;
    this.#stopping.set(action.id, action.graceMillis);
    const message =
      action.why === 'unhealthy'
        ? `Container ${action.name} failed liveness probe, will be restarted`
        : `Stopping container ${action.name}`;
    this.#event('Normal', 'Killing', message);
    void this.#stopInBackground(action.id, action.graceMillis);
  }

  async #stopInBackground(containerId: string, graceMillis: number): Promise<void> {
    try {
      await this.#context.runtime.stopContainer(containerId, graceMillis);
    } catch (error) {
      this.#logger.warn('container not stopped, will try again', { problem: problemOf(error) });
      this.#stopping.delete(containerId);
    }
  }

  #hold(name: string, reason: string, message: string, delayMillis: number): void {
    const untilMillis = this.#context.platform.clock.monotonicMillis() + delayMillis;
    this.#holds.set(name, { reason, message, delayMillis, untilMillis });
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.record(this.#pod, type, reason, message);
  }
}

/** Steps that one sync may take before it waits: sandbox away, sandbox, containers, and some to spare. */
const passesMax = 8;
