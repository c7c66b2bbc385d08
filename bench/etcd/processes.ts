import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** The clock of /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on (proc(5)). */
const millisPerTick = 10;
const logBytesKept = 4_000;
const stopMillisMax = 10_000;

/** CPU time of a process and all its threads so far, in milliseconds. */
export function cpuMillis(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The program's name in parentheses may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * millisPerTick;
}

/** Memory of a process that is in RAM now, mapped files included, in bytes. */
export function residentBytes(pid: number): { readonly total: number; readonly anonymous: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { total: field('VmRSS'), anonymous: field('RssAnon') };
}

export interface RunningProcess {
  readonly pid: number;
  /** The end of what it wrote to its standard error. */
  readonly log: () => string;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
  readonly child: ChildProcess;
}

/** The processes and folders of one run. Whatever happens, they end with it. */
export class Workplace {
  readonly #base: string;
  readonly #children = new Set<ChildProcess>();

  /** Makes a folder below `parent`, which decides the disk. */
  constructor(parent: string) {
    mkdirSync(parent, { recursive: true });
    this.#base = mkdtempSync(join(parent, 'etcd-run-'));
    process.once('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL');
      this.removeFolder(this.#base);
    });
  }

  folder(name: string): string {
    return mkdtempSync(join(this.#base, `${name}-`));
  }

  file(name: string): string {
    return join(this.#base, name);
  }

  removeFolder(path: string): void {
    // A process that was killed this moment may still finish a write.
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** Starts a process; `onLog` hears what it writes to its standard error. */
  start(program: string, args: readonly string[], onLog: (text: string) => void = () => {}): RunningProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#children.add(child);
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-logBytesKept);
      onLog(text);
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    void ended.then(() => this.#children.delete(child));
    return { pid: child.pid ?? 0, log: () => log, ended, child };
  }

  /** Runs a program to its end and returns what it wrote to its standard output. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.#children.delete(child);
    if (how !== 'exit code 0') throw new Error(`${program} failed (${how}): ${errors || output}`);
    return output;
  }

  async stop(running: RunningProcess): Promise<void> {
    running.child.kill('SIGTERM');
    const timer = setTimeout(() => running.child.kill('SIGKILL'), stopMillisMax);
    await running.ended;
    clearTimeout(timer);
  }
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
