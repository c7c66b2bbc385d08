/** Child processes of this host: what the process runtime turns containers into. */
export interface Processes {
  /**
   * Starts a program in a process group of its own, so that a signal reaches its children too.
   * Rejects with a ProcessError when it cannot be started (ENOENT: no such program, EACCES: not executable).
   */
  spawn(spec: ProcessSpec): Promise<ChildProcess>;
  /**
   * Finds a group that an earlier life of this host started: true while it runs. `startId` is what
   * ChildProcess.startId gave, so that a reused pid is not mistaken for it.
   */
  isAlive(pid: number, startId: string): Promise<boolean>;
  /** Signals a group found that way; nothing if it is gone. */
  signal(pid: number, startId: string, signal: Signal): Promise<void>;
}

export type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGINT';

export interface ProcessSpec {
  /** The program and its arguments; the program is looked up in `environment.PATH`. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Called with output as it comes, in order per stream. Both end before `exited` resolves. */
  readonly output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

export interface ChildProcess {
  readonly pid: number;
  /** Tells this process from a later one with the same pid. */
  readonly startId: string;
  /** Resolves when the program has ended. */
  readonly exited: Promise<ExitStatus>;
  /** Signals the whole group; nothing after the end. */
  signal(signal: Signal): void;
}

export interface ExitStatus {
  /** 0..255; 128 + signal number when a signal ended it, as a shell reports it. */
  readonly exitCode: number;
  readonly signal?: string;
}
