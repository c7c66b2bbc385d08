import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { assert, must } from '../../src/base/assert.ts';

const root = resolve(import.meta.dirname, '../..');

/** What may serve: a real etcd, or this checkout's build of `drydock etcd`. Both take etcd's flags. */
export type Flavour = 'etcd' | 'drydock';

const drydock = join(root, 'dist/src/cli/drydock.js');
const readyLine = 'ready to serve client requests';
const readyMillisMax = 30_000;
/** Of what a process prints, the end is kept: enough to say why it stopped. */
const outputCharsMax = 20_000;

/** Where a tool is, if anywhere: $ETCD or $ETCDCTL, the PATH, or where .ci/fetch-etcd puts it. */
export function findTool(name: 'etcd' | 'etcdctl'): string | undefined {
  const named = process.env[name.toUpperCase()];
  if (named !== undefined) return named;
  const folders = [...(process.env['PATH'] ?? '').split(':'), join(root, 'node_modules/.cache/drydock')];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Says on stderr, for everyone to see, that a suite of tests does not run and how it could. */
export function missingTool(name: 'etcd' | 'etcdctl', lost: string): void {
  const lines = [
    `${name} is not here: ${lost}`,
    `Run .ci/fetch-etcd, or put it on the PATH, or name it in $${name.toUpperCase()}.`,
  ];
  const width = Math.max(...lines.map((line) => line.length));
  console.warn(`\n${lines.map((line) => `*** ${line.padEnd(width)} ***`).join('\n')}\n`);
}

export interface EtcdOptions {
  readonly flavour: Flavour;
  readonly name?: string;
  /** A folder to go on with; without one it gets a new one, removed in `close`. */
  readonly dataDirectory?: string;
  readonly ports?: Ports;
  /** `NAME=URL,…` of all first members; without it this one alone. */
  readonly initialCluster?: string;
  readonly initialClusterState?: 'new' | 'existing';
  readonly scheme?: 'http' | 'https';
  /** Of the peers' side; default http. */
  readonly peerScheme?: 'http' | 'https';
  /** More flags, as on the command line. */
  readonly flags?: readonly string[];
}

export interface Ports {
  readonly client: number;
  readonly peer: number;
}

/** One member as a real process: started, killed, started again on the same data. */
export class EtcdProcess {
  readonly name: string;
  readonly ports: Ports;
  readonly dataDirectory: string;
  readonly #options: EtcdOptions;
  readonly #folder: string | undefined;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(options: EtcdOptions, ports: Ports) {
    this.#options = options;
    this.name = options.name ?? 'default';
    this.ports = ports;
    if (options.dataDirectory === undefined) this.#folder = mkdtempSync(join(tmpdir(), 'drydock-etcd-'));
    this.dataDirectory = options.dataDirectory ?? join(must(this.#folder), 'data');
  }

  /** Made, and not started. */
  static async create(options: EtcdOptions): Promise<EtcdProcess> {
    return new EtcdProcess(options, options.ports ?? (await freePorts()));
  }

  /** Made, started and ready. @throws with its output when it ends instead */
  static async start(options: EtcdOptions): Promise<EtcdProcess> {
    const member = await EtcdProcess.create(options);
    await member.start();
    return member;
  }

  /** `127.0.0.1:PORT` of the clients' side. */
  get endpoint(): string {
    return `127.0.0.1:${this.ports.client}`;
  }

  get clientUrl(): string {
    return `${this.#options.scheme ?? 'http'}://${this.endpoint}`;
  }

  get peerUrl(): string {
    return `${this.#options.peerScheme ?? 'http'}://127.0.0.1:${this.ports.peer}`;
  }

  get pid(): number {
    return must(this.#child?.pid, `${this.name} does not run`);
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How its last life ended; undefined while it runs, and null when a signal ended it. */
  get exitCode(): number | null | undefined {
    return this.running ? undefined : this.#child?.exitCode;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output;
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(must(found)[1]) * 1024;
  }

  /** Starts the process and resolves when it says it serves. @throws with its output when it ends before */
  async start(): Promise<void> {
    assert(!this.running, `${this.name} runs already`);
    const { flavour, flags = [], initialCluster, initialClusterState } = this.#options;
    const own = Object.entries({
      name: this.name,
      'data-dir': this.dataDirectory,
      'listen-client-urls': this.clientUrl,
      'advertise-client-urls': this.clientUrl,
      'listen-peer-urls': this.peerUrl,
      'initial-advertise-peer-urls': this.peerUrl,
      'initial-cluster': initialCluster ?? `${this.name}=${this.peerUrl}`,
      'initial-cluster-state': initialClusterState ?? 'new',
    }).flatMap(([flag, value]) => [`--${flag}`, value]);
    own.push(...flags);
    const [command, args] =
      flavour === 'etcd'
        ? [must(findTool('etcd'), 'etcd is not here'), own]
        : [process.execPath, [drydock, 'etcd', ...own]];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#output = '';
    await new Promise<void>((resolve_, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.name} is not ready after ${readyMillisMax} ms:\n${this.#output}`));
      }, readyMillisMax);
      const read = (chunk: Buffer): void => {
        this.#output = (this.#output + chunk.toString()).slice(-outputCharsMax);
        if (!this.#output.includes(readyLine)) return;
        clearTimeout(timer);
        resolve_();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`${this.name} ended with ${code ?? signal}:\n${this.#output}`));
      });
    });
  }

  /** Sends a signal and waits for the end. Does nothing when it has ended. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const ended = new Promise<void>((resolve_) => child.once('exit', () => resolve_()));
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL');
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Makes a cluster of `count` members, started together. */
export async function startCluster(
  flavour: Flavour,
  count: number,
  flags: readonly string[] = [],
): Promise<EtcdProcess[]> {
  const ports = await Promise.all(Array.from({ length: count }, () => freePorts()));
  const initialCluster = ports.map(({ peer }, i) => `m${i}=http://127.0.0.1:${peer}`).join(',');
  const members = await Promise.all(
    ports.map((own, i) => EtcdProcess.create({ flavour, name: `m${i}`, ports: own, initialCluster, flags })),
  );
  try {
    await Promise.all(members.map((member) => member.start()));
  } catch (error) {
    await Promise.all(members.map((member) => member.close()));
    throw error;
  }
  return members;
}

/** Two ports of 127.0.0.1 that nothing listens on at the moment. */
export async function freePorts(): Promise<Ports> {
  const probes = [createServer(), createServer()];
  const ports = await Promise.all(
    probes.map(
      (probe) =>
        new Promise<number>((resolve_, reject) => {
          probe.once('error', reject);
          probe.listen(0, '127.0.0.1', () => {
            const address = probe.address();
            resolve_(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(probes.map((probe) => new Promise((resolve_) => probe.close(resolve_))));
  return { client: ports[0]!, peer: ports[1]! };
}

/** Whether the build can serve: `dist` is there and knows the command. */
export function drydockServes(): boolean {
  if (!existsSync(drydock)) return false;
  try {
    return execFileSync(process.execPath, [drydock, 'etcd', '--help']).includes('--listen-client-urls');
  } catch {
    return false;
  }
}
