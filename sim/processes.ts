import { encodeUtf8 } from '../src/base/bytes.ts';
import { ProcessError } from '../src/platform/errors.ts';
import type { Platform } from '../src/platform/platform.ts';
import type { ChildProcess, ExitStatus, Processes, ProcessSpec, Signal } from '../src/platform/processes.ts';
import { Life } from './life.ts';
import type { Program, ProgramProcess } from './programs.ts';

/** How long a fork, an exec and an exit take. */
const spawnMillis = 1.5;
const signalMillis = 0.1;

const signalNumbers: Readonly<Record<Signal, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** What a process table needs of its host. */
export interface ProcessHost {
  readonly name: string;
  readonly programs: ReadonlyMap<string, Program>;
  /** A life on this host that is not the main process's. */
  newLife(name: string): Life;
  platformOf(life: Life): Platform;
}

/** Looks on. */
export type ProcessWatcher = (change: 'started' | 'ended', pid: number, spec: ProcessSpec) => void;

/** A host's running programs. They outlive the process that started them, and die with the host's power. */
export class ProcessTable {
  readonly host: ProcessHost;
  watcher: ProcessWatcher | undefined;
  readonly #processes = new Map<number, SimulatedProcess>();
  #lastPid = 100;

  constructor(host: ProcessHost) {
    this.host = host;
  }

  /** Programs that run now, by pid. */
  get running(): ReadonlyMap<number, SimulatedProcess> {
    return this.#processes;
  }

  start(parent: Life, spec: ProcessSpec, program: Program): SimulatedProcess {
    const pid = ++this.#lastPid;
    const life = this.host.newLife(`${this.host.name} pid ${pid}`);
    const child = new SimulatedProcess(pid, parent, life, spec, () => this.#remove(pid));
    this.#processes.set(pid, child);
    this.watcher?.('started', pid, spec);
    child.run(spec, program, this.host.platformOf(life));
    return child;
  }

  losePower(end: 'power' | 'silence'): void {
    for (const [pid, child] of this.#processes) {
      child.life.end(end);
      this.#remove(pid);
    }
  }

  #remove(pid: number): void {
    const child = this.#processes.get(pid);
    if (this.#processes.delete(pid)) this.watcher?.('ended', pid, child!.spec);
  }
}

class SimulatedProcess implements ChildProcess {
  readonly pid: number;
  readonly startId: string;
  readonly exited: Promise<ExitStatus>;
  readonly life: Life;
  readonly spec: ProcessSpec;
  readonly #parent: Life;
  readonly #onExit: () => void;
  readonly #handlers = new Map<Signal, () => void>();
  #resolveExited!: (status: ExitStatus) => void;

  constructor(pid: number, parent: Life, life: Life, spec: ProcessSpec, onExit: () => void) {
    this.pid = pid;
    this.startId = String(life.loop.nowMillis);
    this.life = life;
    this.spec = spec;
    this.#parent = parent;
    this.#onExit = onExit;
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
  }

  run(spec: ProcessSpec, program: Program, platform: Platform): void {
    const view: ProgramProcess = {
      arguments: spec.command,
      environment: spec.environment,
      workingDirectory: spec.workingDirectory,
      platform,
      write: (stream, text) => {
        if (this.life.alive)
          this.#parent.after(signalMillis, 'output', () => spec.output(stream, encodeUtf8(text)));
      },
      onSignal: (signal, handle) => this.#handlers.set(signal, handle),
    };
    this.life.after(0, 'program starts', () => {
      // A program that throws is a bug of the scenario, not an exit code.
      this.life.guard(Promise.resolve(program(view)).then((exitCode) => this.#exit({ exitCode })));
    });
  }

  /** The kernel delivers it: a paused host's programs still take it later. */
  signal(signal: Signal): void {
    this.life.after(signalMillis, signal, () => {
      const handle = this.#handlers.get(signal);
      if (signal !== 'SIGKILL' && handle !== undefined) handle();
      else this.#exit({ exitCode: 128 + signalNumbers[signal], signal });
    });
  }

  #exit(status: ExitStatus): void {
    if (!this.life.alive) return;
    this.life.end('exit');
    this.#onExit();
    this.#parent.after(signalMillis, 'program ended', () => this.#resolveExited(status));
  }
}

/** The host's processes as one life sees them. */
export class SimulatedProcesses implements Processes {
  readonly #life: Life;
  readonly #table: ProcessTable;

  constructor(life: Life, table: ProcessTable) {
    this.#life = life;
    this.#table = table;
  }

  spawn(spec: ProcessSpec): Promise<ChildProcess> {
    return this.#life.later(spawnMillis, 'spawn', () => {
      const name = spec.command[0].slice(spec.command[0].lastIndexOf('/') + 1);
      const program = this.#table.host.programs.get(name);
      if (program === undefined) throw new ProcessError('ENOENT', `no such program: ${spec.command[0]}`);
      return this.#table.start(this.#life, spec, program);
    });
  }

  isAlive(pid: number, startId: string): Promise<boolean> {
    return this.#life.later(signalMillis, 'process lookup', () => this.#find(pid, startId) !== undefined);
  }

  signal(pid: number, startId: string, signal: Signal): Promise<void> {
    return this.#life.later(signalMillis, 'process signal', () => this.#find(pid, startId)?.signal(signal));
  }

  #find(pid: number, startId: string): SimulatedProcess | undefined {
    const child = this.#table.running.get(pid);
    return child?.startId === startId ? child : undefined;
  }
}
