import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long a process may take to end after SIGTERM before it is killed. */
const stopMillisMax = 8000;

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Set when it has ended: "exit code 1", "SIGKILL". */
  ended: string | undefined;
  readonly exited: Promise<string>;
}

/** The processes that one `drydock up` started; each writes its log to a file of its own. */
export class Children {
  readonly all: Child[] = [];
  readonly #processes = new Map<Child, ChildProcess>();
  readonly #logDirectory: string;

  constructor(logDirectory: string) {
    this.#logDirectory = logDirectory;
    mkdirSync(logDirectory, { recursive: true, mode: 0o700 });
  }

  /** Starts `drydock ...args` as a process of its own. */
  start(name: string, args: readonly string[]): Child {
    const logFile = join(this.#logDirectory, `${name}.log`);
    const log = openSync(logFile, 'a', 0o600);
    const entry = join(import.meta.dirname, 'drydock.js');
    // A group of its own: Ctrl-C on the terminal reaches `up` alone, which then stops the rest in order.
    const process_ = spawn(process.execPath, [entry, ...args], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    const exited = new Promise<string>((resolve) => {
      process_.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      process_.once('error', (error) => resolve(error.message));
    });
    const child: Child = { name, pid: process_.pid ?? 0, logFile, ended: undefined, exited };
    void exited.then((how) => {
      child.ended = how;
    });
    this.all.push(child);
    this.#processes.set(child, process_);
    return child;
  }

  /** Asks every process to end, newest first, and kills those that do not. */
  async stopAll(): Promise<void> {
    const stop = async (child: Child): Promise<void> => {
      if (child.ended !== undefined) return;
      const process_ = this.#processes.get(child)!;
      process_.kill('SIGTERM');
      const timer = setTimeout(() => process_.kill('SIGKILL'), stopMillisMax);
      await child.exited;
      clearTimeout(timer);
    };
    // Agents first: they stop their pods and say so to API servers that are still there.
    await Promise.all(this.all.filter((child) => child.name.startsWith('agent')).map(stop));
    await Promise.all(this.all.filter((child) => !child.name.startsWith('agent')).map(stop));
  }
}

/** The last lines of a log file, for an error message. */
export function tailOf(logFile: string, lines = 8): string {
  if (!existsSync(logFile)) return '';
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
