import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeFolder } from './atomic-file.ts';

/** How long a process may take to end after SIGTERM before it is killed. */
const stopMillisMax = 8000;

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Where in the file its own log begins: a restart appends. */
  readonly logStart: number;
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
    makeFolder(logDirectory);
    // However this process ends, by a bug or a second Ctrl-C, what it started ends with it.
    process.once('exit', () => {
      for (const child of this.all)
        if (child.ended === undefined) this.#processes.get(child)!.kill('SIGKILL');
    });
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
      env: { ...process.env, NO_COLOR: '1' },
    });
    const logStart = fstatSync(log).size;
    closeSync(log);
    const exited = new Promise<string>((resolve) => {
      process_.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      process_.once('error', (error) => resolve(error.message));
    });
    const child: Child = { name, pid: process_.pid ?? 0, logFile, logStart, ended: undefined, exited };
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

/** Why a child ended, as it said so itself in its last sentence; undefined when it crashed or was killed. */
export function refusalOf(child: Child): string | undefined {
  return /^drydock: (.*)$/.exec(logOf(child).at(-1) ?? '')?.[1];
}

/** The last lines of a child's log, for an error message. */
export function tailOf(child: Child, lines = 8): string {
  return logOf(child).slice(-lines).join('\n');
}

function logOf({ logFile, logStart }: Child): readonly string[] {
  if (!existsSync(logFile)) return [];
  return readFileSync(logFile).subarray(logStart).toString().trimEnd().split('\n');
}
