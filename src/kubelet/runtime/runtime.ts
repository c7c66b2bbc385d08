/**
 * The container runtime as the kubelet sees it, in the verbs of CRI (RuntimeService and what is needed
 * of ImageService), so that an embedded runtime and a CRI socket are the same to a pod worker.
 *
 * Every method may reject with a RuntimeError or a DiskError. Ids are chosen by the runtime.
 */
export interface Runtime {
  version(): Promise<RuntimeVersion>;

  /** Makes the pod's place (folder, address). A second call for the same uid returns the same id. */
  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  /** Kills what runs in it and frees its address. Idempotent. */
  stopPodSandbox(sandboxId: string): Promise<void>;
  /** Stops it and forgets it with all its containers and logs. Idempotent. */
  removePodSandbox(sandboxId: string): Promise<void>;
  /** In order of id. */
  listPodSandbox(): Promise<readonly PodSandbox[]>;

  /** Makes an image ready and returns its reference. Rejects with 'ImagePull' when it cannot. */
  pullImage(image: string): Promise<string>;
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  /** Rejects with 'StartFailed' when the program cannot be started; the container is then Exited. */
  startContainer(containerId: string): Promise<void>;
  /**
   * SIGTERM, then SIGKILL when `timeoutMillis` have passed; SIGKILL at once for 0. Resolves when it has
   * ended. A later call may shorten the wait, never lengthen it.
   */
  stopContainer(containerId: string, timeoutMillis: number): Promise<void>;
  /** Forgets an ended container and its log. Idempotent. */
  removeContainer(containerId: string): Promise<void>;
  /** In order of sandbox, name and attempt. */
  listContainers(): Promise<readonly RuntimeContainer[]>;
  /** Rejects with 'NotFound'. */
  containerStatus(containerId: string): Promise<RuntimeContainer>;
  /** The log's lines as the container wrote them. Rejects with 'NotFound'. Ends when `signal` aborts. */
  containerLogs(containerId: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;

  /** Told the uid of the pod whose containers changed state. Returns the way to stop listening. */
  subscribe(changed: (podUid: string) => void): () => void;
  /** Stops every container: the agent ends. */
  shutdown(timeoutMillis: number): Promise<void>;
}

export interface RuntimeVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
}

export interface PodSandboxConfig {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface PodSandbox {
  readonly id: string;
  readonly config: PodSandboxConfig;
  /** NotReady once stopped: it has no address any more. */
  readonly state: 'Ready' | 'NotReady';
  readonly ip: string;
  readonly createdAtMillis: number;
}

export interface ContainerConfig {
  readonly name: string;
  /** 0 for the first start, one more for each restart. */
  readonly attempt: number;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

export interface RuntimeContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageRef: string;
  readonly state: 'Created' | 'Running' | 'Exited';
  /** Wall clock. */
  readonly createdAtMillis: number;
  readonly startedAtMillis?: number;
  readonly finishedAtMillis?: number;
  /** Present when Exited. */
  readonly exitCode?: number;
  /** Present when Exited: Completed, Error, StartError, ContainerStatusUnknown. */
  readonly reason?: string;
  readonly message?: string;
}

export interface LogOptions {
  /** Wait for more until the container ends. */
  readonly follow: boolean;
  /** Only the last lines. */
  readonly tailLines?: number;
  /** Only lines written at or after this wall clock time. */
  readonly sinceMillis?: number;
  /** Begin each line with its time. */
  readonly timestamps: boolean;
  readonly limitBytes?: number;
}

export type RuntimeErrorCode = 'NotFound' | 'InvalidArgument' | 'ImagePull' | 'StartFailed' | 'NoAddress';

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
