import { must } from '../../base/assert.ts';
import { decodeUtf8, encodeUtf8, toHex } from '../../base/bytes.ts';
import { deferred } from '../../base/deferred.ts';
import type { Deferred } from '../../base/deferred.ts';
import { compareStrings } from '../../base/order.ts';
import type { Timer } from '../../platform/clock.ts';
import { DiskError, ProcessError } from '../../platform/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ChildProcess, ExitStatus } from '../../platform/processes.ts';
import { AddressPool } from './address-pool.ts';
import { ContainerLog, defaultLogBounds, rotatedPath } from './container-log.ts';
import type { LogBounds } from './container-log.ts';
import { listIfThere, readWhole, removeIfThere, replaceWhole } from './files.ts';
import { readContainerLog } from './log-reader.ts';
import { RuntimeError } from './runtime.ts';
import type {
  ContainerConfig,
  LogOptions,
  PodSandbox,
  PodSandboxConfig,
  Runtime,
  RuntimeContainer,
  RuntimeVersion,
} from './runtime.ts';

/**
 * The embedded runtime of isolation level "process": a container is a process group of the agent's own
 * user on the host's own files. It isolates nothing; it gives each pod a folder, an address and a log.
 *
 * The pipes of a container end in the agent, so no container outlives it usefully: `shutdown` stops
 * them, and `open` kills what a crashed agent left behind and reports it as ended.
 *
 * Disk: `directory/pods/NS_NAME_UID/` holds `state.json`, the working folder `work/`, and
 * `CONTAINER/RESTART.log` in the CRI log format.
 *
 * Invariants
 *   R1  No two sandboxes that are Ready have the same address.
 *   R2  A process is written down, with pid and startId, before its start is reported.
 *   R3  A container that is Exited never runs again; a restart is a new container.
 */
export class ProcessRuntime implements Runtime {
  readonly #platform: Platform;
  readonly #options: ProcessRuntimeOptions;
  readonly #addresses: AddressPool;
  readonly #sandboxes = new Map<string, SandboxRecord>();
  readonly #containers = new Map<string, ContainerRecord>();
  readonly #running = new Map<string, RunningContainer>();
  readonly #listeners = new Set<(podUid: string) => void>();

  /** Reads what an earlier life left on disk and ends what it left running. */
  static async open(platform: Platform, options: ProcessRuntimeOptions): Promise<ProcessRuntime> {
    const runtime = new ProcessRuntime(platform, options);
    await runtime.#recover();
    return runtime;
  }

  private constructor(platform: Platform, options: ProcessRuntimeOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#addresses = new AddressPool(options.podCidr);
  }

  version(): Promise<RuntimeVersion> {
    return Promise.resolve({ runtimeName: 'process', runtimeVersion: '0.1.0' });
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const id = `${config.namespace}_${config.name}_${config.uid}`;
    if (this.#sandboxes.has(id)) return id;
    const ip = this.#addresses.allocate();
    if (ip === undefined) {
      throw new RuntimeError('NoAddress', `all pod addresses of ${this.#options.podCidr} are in use`);
    }
    const sandbox: SandboxRecord = {
      id,
      config,
      ip,
      state: 'Ready',
      createdAtMillis: this.#platform.clock.wallMillis(),
      containers: [],
      saving: Promise.resolve(),
    };
    this.#sandboxes.set(id, sandbox);
    try {
      await this.#platform.disk.makeDirectory(`${this.#folderOf(id)}/work`);
      await this.#save(sandbox);
    } catch (error) {
      this.#sandboxes.delete(id);
      this.#addresses.release(ip);
      throw error;
    }
    return id;
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined || sandbox.state === 'NotReady') return;
    await Promise.all(sandbox.containers.map((container) => this.stopContainer(container.id, 0)));
    // Another call may have come first while the containers ended.
    if (this.#sandboxes.get(sandboxId)?.state !== 'Ready') return;
    sandbox.state = 'NotReady';
    this.#addresses.release(sandbox.ip);
    await this.#save(sandbox);
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    await this.stopPodSandbox(sandboxId);
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) return;
    await sandbox.saving.catch(ignoreDiskError);
    await this.#platform.disk.removeTree(this.#folderOf(sandboxId));
    this.#sandboxes.delete(sandboxId);
    for (const container of sandbox.containers) this.#containers.delete(container.id);
  }

  listPodSandbox(): Promise<readonly PodSandbox[]> {
    const sandboxes = [...this.#sandboxes.values()].toSorted((a, b) => compareStrings(a.id, b.id));
    return Promise.resolve(
      sandboxes.map(({ id, config, state, ip, createdAtMillis }) => ({
        id,
        config,
        state,
        ip,
        createdAtMillis,
      })),
    );
  }

  pullImage(image: string): Promise<string> {
    if (image === 'host') return Promise.resolve('host');
    return Promise.reject(
      new RuntimeError(
        'ImagePull',
        `image "${image}" cannot be run by the process runtime: use image "host"`,
      ),
    );
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandbox(sandboxId);
    if (sandbox.state !== 'Ready') throw new RuntimeError('NotFound', `sandbox ${sandboxId} is stopped`);
    const [program, ...rest] = config.command;
    if (program === undefined) {
      throw new RuntimeError(
        'InvalidArgument',
        'image "host" has no program of its own: the container needs a command',
      );
    }
    const imageRef = await this.pullImage(config.image);
    const container: ContainerRecord = {
      id: toHex(this.#platform.random.bytes(16)),
      sandboxId,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageRef,
      state: 'Created',
      createdAtMillis: this.#platform.clock.wallMillis(),
    };
    const folder = this.#folderOf(sandboxId);
    await this.#platform.disk.makeDirectory(`${folder}/${config.name}`);
    sandbox.containers.push(container);
    this.#containers.set(container.id, container);
    container.launch = {
      command: [program, ...rest],
      workingDirectory: config.workingDirectory ?? `${folder}/work`,
      environment: {
        PATH: this.#options.programPath,
        HOME: `${folder}/work`,
        HOSTNAME: sandbox.config.name,
        POD_IP: sandbox.ip,
        ...config.environment,
      },
    };
    return container.id;
  }

  async startContainer(containerId: string): Promise<void> {
    const { clock, disk, logger, processes } = this.#platform;
    const container = this.#container(containerId);
    const { launch } = container;
    if (container.state !== 'Created' || launch === undefined) {
      throw new RuntimeError('InvalidArgument', `container ${containerId} was started before`);
    }
    delete container.launch;
    const sandbox = this.#sandbox(container.sandboxId);
    const bounds = this.#options.logBounds ?? defaultLogBounds;
    const log = await ContainerLog.create(this.#logPath(container), { disk, clock, logger, bounds });
    let child: ChildProcess;
    try {
      child = await processes.spawn({ ...launch, output: (stream, bytes) => log.append(stream, bytes) });
    } catch (error) {
      await log.close();
      if (!(error instanceof ProcessError)) throw error;
      // The exit code and reason that containerd gives to a program which could not be started.
      this.#markExited(container, { exitCode: 128, reason: 'StartError', message: error.message });
      await this.#save(sandbox);
      throw new RuntimeError('StartFailed', error.message, { cause: error });
    }
    container.state = 'Running';
    container.startedAtMillis = clock.wallMillis();
    container.pid = child.pid;
    container.startId = child.startId;
    const running: RunningContainer = {
      child,
      log,
      ended: deferred(),
      killAtMillis: Number.POSITIVE_INFINITY,
    };
    this.#running.set(containerId, running);
    void this.#watch(container, running);
    try {
      await this.#save(sandbox);
    } catch (error) {
      child.signal('SIGKILL');
      throw error;
    }
    this.#notify(sandbox);
  }

  async stopContainer(containerId: string, timeoutMillis: number): Promise<void> {
    const running = this.#running.get(containerId);
    if (running === undefined) return;
    const { clock } = this.#platform;
    const killAtMillis = clock.monotonicMillis() + timeoutMillis;
    if (killAtMillis < running.killAtMillis) {
      if (timeoutMillis > 0 && running.killTimer === undefined) running.child.signal('SIGTERM');
      running.killTimer?.cancel();
      running.killAtMillis = killAtMillis;
      if (timeoutMillis > 0) {
        running.killTimer = clock.setTimer(timeoutMillis, () => running.child.signal('SIGKILL'));
      } else {
        running.child.signal('SIGKILL');
      }
    }
    await running.ended.promise;
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    if (container.state === 'Running') {
      throw new RuntimeError('InvalidArgument', `container ${containerId} is running`);
    }
    const sandbox = this.#sandbox(container.sandboxId);
    this.#containers.delete(containerId);
    sandbox.containers.splice(sandbox.containers.indexOf(container), 1);
    await this.#save(sandbox);
    await removeIfThere(this.#platform.disk, this.#logPath(container));
    await removeIfThere(this.#platform.disk, rotatedPath(this.#logPath(container)));
  }

  listContainers(): Promise<readonly RuntimeContainer[]> {
    return Promise.resolve([...this.#containers.values()].toSorted(compareContainers).map(publicView));
  }

  async containerStatus(containerId: string): Promise<RuntimeContainer> {
    await Promise.resolve();
    return publicView(this.#container(containerId));
  }

  async *containerLogs(
    containerId: string,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const container = this.#container(containerId);
    const { disk, clock } = this.#platform;
    const writer = this.#running.get(containerId)?.log;
    yield* readContainerLog({ disk, clock, path: this.#logPath(container), writer }, options, signal);
  }

  subscribe(changed: (podUid: string) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  async shutdown(timeoutMillis: number): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stopContainer(id, timeoutMillis)));
  }

  /** Follows a container to its end. */
  async #watch(container: ContainerRecord, running: RunningContainer): Promise<void> {
    const status: ExitStatus = await running.child.exited;
    running.killTimer?.cancel();
    const { logger } = this.#platform;
    try {
      await running.log.close();
    } catch (error) {
      logDiskError(error, (fields) => logger.warn('container log cannot be closed', fields));
    }
    const reason = status.exitCode === 0 ? 'Completed' : 'Error';
    const message = status.signal === undefined ? undefined : `ended by ${status.signal}`;
    this.#markExited(container, { exitCode: status.exitCode, reason, message });
    const sandbox = this.#sandboxes.get(container.sandboxId);
    try {
      if (sandbox !== undefined) await this.#save(sandbox);
    } catch (error) {
      // A later life then finds the process gone, and says so.
      logDiskError(error, (fields) => logger.warn('the end of a container cannot be written down', fields));
    }
    this.#running.delete(container.id);
    running.ended.resolve();
    if (sandbox !== undefined) this.#notify(sandbox);
  }

  #markExited(
    container: ContainerRecord,
    end: { exitCode: number; reason: string; message?: string | undefined },
  ): void {
    container.state = 'Exited';
    container.finishedAtMillis = this.#platform.clock.wallMillis();
    container.exitCode = end.exitCode;
    container.reason = end.reason;
    if (end.message !== undefined) container.message = end.message;
    delete container.pid;
    delete container.startId;
  }

  #notify(sandbox: SandboxRecord): void {
    for (const listener of this.#listeners) listener(sandbox.config.uid);
  }

  async #recover(): Promise<void> {
    const { disk, logger } = this.#platform;
    for (const name of await listIfThere(disk, `${this.#options.directory}/pods`)) {
      const bytes = await readWhole(disk, `${this.#folderOf(name)}/state.json`);
      if (bytes === undefined) {
        // Its agent ended before the sandbox was written down: nothing was ever started in it.
        await disk.removeTree(this.#folderOf(name));
        continue;
      }
      const stored = JSON.parse(decodeUtf8(bytes)) as StoredSandbox;
      const sandbox: SandboxRecord = { ...stored, saving: Promise.resolve() };
      if (sandbox.state === 'Ready' && !this.#addresses.claim(sandbox.ip)) {
        logger.warn('the address of a pod is not of this node any more', { pod: sandbox.id, ip: sandbox.ip });
        sandbox.state = 'NotReady';
      }
      this.#sandboxes.set(sandbox.id, sandbox);
      for (const container of sandbox.containers) {
        this.#containers.set(container.id, container);
        if (container.state === 'Running') await this.#endLeftover(container);
      }
      await this.#save(sandbox);
    }
  }

  async #endLeftover(container: ContainerRecord): Promise<void> {
    const { clock, logger, processes } = this.#platform;
    const pid = must(container.pid, 'a running container was written down with its pid');
    const startId = must(container.startId, 'a running container was written down with its startId');
    const found = await processes.isAlive(pid, startId);
    if (found) {
      await processes.signal(pid, startId, 'SIGTERM');
      const killAtMillis = clock.monotonicMillis() + this.#options.leftoverGraceMillis;
      while ((await processes.isAlive(pid, startId)) && clock.monotonicMillis() < killAtMillis) {
        await clock.sleep(leftoverPollMillis);
      }
      await processes.signal(pid, startId, 'SIGKILL');
    }
    logger.info('ended a container that an earlier agent left', { container: container.name, pid, found });
    const message = found
      ? 'the agent was restarted, and the process runtime cannot take over a running container'
      : 'the container ended while no agent was there to see how';
    this.#markExited(container, {
      exitCode: 137,
      reason: found ? 'Error' : 'ContainerStatusUnknown',
      message,
    });
  }

  /** Writes the sandbox down; calls for one sandbox take their turn. */
  #save(sandbox: SandboxRecord): Promise<void> {
    const turn = sandbox.saving.catch(ignoreDiskError).then(async () => {
      const { id, config, ip, state, createdAtMillis, containers } = sandbox;
      // A container that was only created has nothing to be found again.
      const started = containers.filter((container) => container.state !== 'Created');
      const stored: StoredSandbox = { id, config, ip, state, createdAtMillis, containers: started };
      const text = encodeUtf8(JSON.stringify(stored, undefined, 2));
      await replaceWhole(this.#platform.disk, this.#folderOf(id), 'state.json', text);
    });
    sandbox.saving = turn;
    return turn;
  }

  #sandbox(id: string): SandboxRecord {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) throw new RuntimeError('NotFound', `no sandbox ${id}`);
    return sandbox;
  }

  #container(id: string): ContainerRecord {
    const container = this.#containers.get(id);
    if (container === undefined) throw new RuntimeError('NotFound', `no container ${id}`);
    return container;
  }

  #folderOf(sandboxId: string): string {
    return `${this.#options.directory}/pods/${sandboxId}`;
  }

  #logPath(container: ContainerRecord): string {
    return `${this.#folderOf(container.sandboxId)}/${container.name}/${container.attempt}.log`;
  }
}

export interface ProcessRuntimeOptions {
  /** Absolute. */
  readonly directory: string;
  /** The addresses of this node's pods. On one machine: a block of 127.0.0.0/8. */
  readonly podCidr: string;
  /** PATH of containers that set none. */
  readonly programPath: string;
  /** What a leftover of an earlier agent may take to end before it is killed. */
  readonly leftoverGraceMillis: number;
  readonly logBounds?: LogBounds;
}

const leftoverPollMillis = 20;

interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageRef: string;
  readonly createdAtMillis: number;
  state: RuntimeContainer['state'];
  startedAtMillis?: number;
  finishedAtMillis?: number;
  exitCode?: number;
  reason?: string;
  message?: string;
  /** While Running. */
  pid?: number;
  startId?: string;
  /** While Created. */
  launch?: {
    readonly command: readonly [string, ...string[]];
    readonly workingDirectory: string;
    readonly environment: Readonly<Record<string, string>>;
  };
}

interface StoredSandbox {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly ip: string;
  readonly createdAtMillis: number;
  state: PodSandbox['state'];
  readonly containers: ContainerRecord[];
}

interface SandboxRecord extends StoredSandbox {
  saving: Promise<void>;
}

interface RunningContainer {
  readonly child: ChildProcess;
  readonly log: ContainerLog;
  readonly ended: Deferred<void>;
  killTimer?: Timer;
  killAtMillis: number;
}

function publicView(container: ContainerRecord): RuntimeContainer {
  const { pid: _pid, startId: _startId, launch: _launch, ...visible } = container;
  return visible;
}

function compareContainers(a: RuntimeContainer, b: RuntimeContainer): number {
  return compareStrings(a.sandboxId, b.sandboxId) || compareStrings(a.name, b.name) || a.attempt - b.attempt;
}

function ignoreDiskError(error: unknown): void {
  // Whoever asked for that write was told of its failure; the next write stands on its own.
  if (!(error instanceof DiskError)) throw error;
}

function logDiskError(error: unknown, log: (fields: { code: string; problem: string }) => void): void {
  if (!(error instanceof DiskError)) throw error;
  log({ code: error.code, problem: error.message });
}
