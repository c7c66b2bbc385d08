import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

import { assert, must } from '../../src/base/assert.ts';
import { decode } from '../etcd/differential/wire.ts';
import { findTool, missingTool, startCluster, type EtcdProcess, type Flavour } from './etcd-process.ts';
import { call, eventually } from './etcd-tools.ts';

/**
 * The same `etcdctl` command against a real etcd and against drydock: stdout, stderr and exit code must be the same. What each
 * side chooses for itself (ids, ports, times, sizes, Raft's terms and indexes) gets the same name on both; everything else
 * counts, to the space.
 */

/** Whether both tools are here; says so when they are not, with what is `lost`. */
export function canCompare(lost: string): boolean {
  const missing = (['etcd', 'etcdctl'] as const).find((name) => findTool(name) === undefined);
  if (missing !== undefined) missingTool(missing, lost);
  return missing === undefined;
}

export interface Command {
  /** As in a shell: words, '…' and "…" with spaces; `$name` is what `bind` or the side calls so, $NAME is left to a shell. */
  readonly run: string;
  /** What it reads; its end is the end of this. */
  readonly input?: string;
  /** Names for what its first group finds in the output: ids in hex or decimal. */
  readonly bind?: Readonly<Record<string, RegExp>>;
  /** The output is this message in protobuf. */
  readonly message?: string;
  /** Lines, and what commas and brackets part, come in any order: of several endpoints, of members in the order of their ids. */
  readonly unordered?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: unknown;
  readonly stderr: string;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const commandMillisMax = 20_000;
const untilMillisMax = 10_000;

/** Fields of JSON, of the `fields` format and of messages that say how a server works inside. */
const ownNumbers =
  /("?(?:raft_?term|raft_?index|raft_?applied_?index|dbsize|dbsizeinuse|db_?size_?quota)"? ?: ?)\d+/gi;

/** One server, or several that are one cluster, and the names of what only they know. */
export class CtlSide {
  readonly flavour: Flavour;
  readonly members: readonly EtcdProcess[];
  readonly names = new Map<string, string>();

  constructor(flavour: Flavour, members: readonly EtcdProcess[]) {
    this.flavour = flavour;
    this.members = members;
    for (const [i, member] of members.entries()) this.#nameMember(`${i}`, member);
  }

  /** One more that a command may name: `$endpointX`, `$clientX`, `$peerX`. */
  #nameMember(suffix: string, member: EtcdProcess): void {
    this.names.set(`endpoint${suffix}`, member.endpoint);
    this.names.set(`peer${suffix}`, member.peerUrl.replace(/^https?:\/\//, ''));
  }

  /** Learns the ids of cluster and members, so that they can be named: `$cluster`, `$id0`, …, in decimal too. */
  async learnIds(): Promise<void> {
    const { code, stdout, stderr } = await this.run({ run: 'member list -w json' });
    assert(code === 0, `etcdctl member list of ${this.flavour}: ${stderr}`);
    // The ids are beyond 2^53: read as text.
    const text = stdout.toString().replace(/:(\d{16,})/g, ':"$1"');
    const { header, members } = JSON.parse(text) as {
      header: { cluster_id: string };
      members: { ID: string; name?: string }[];
    };
    this.nameId('cluster', header.cluster_id);
    for (const [i, { peerUrl }] of this.members.entries()) {
      const found = members.find((member) => JSON.stringify(member).includes(peerUrl));
      if (found !== undefined) this.nameId(`id${i}`, found.ID);
    }
  }

  /** Names an id in decimal or hex, both ways of writing it. */
  nameId(name: string, written: string): void {
    const id = /^\d{16,}$/.test(written) && BigInt(written) < 2n ** 64n ? BigInt(written) : undefined;
    // Sixteen hex digits may all be decimal ones; etcdctl writes ids in hex but for JSON, alarms and `fields`.
    this.names.set(name, id === undefined ? written : id.toString(16));
    this.names.set(`${name}.decimal`, id === undefined ? String(BigInt(`0x${written}`)) : written);
  }

  /** `etcdctl` with its input, to its end. */
  async run(command: Command): Promise<Ended> {
    const child = this.spawn(command);
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout!.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    // A command that ends without reading breaks the pipe.
    child.stdin!.on('error', () => {});
    child.stdin!.end(command.input === undefined ? '' : this.resolve(command.input));
    const timer = setTimeout(() => child.kill('SIGKILL'), commandMillisMax);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    clearTimeout(timer);
    return { code, stdout: Buffer.concat(stdout), stderr };
  }

  spawn({ run, env }: Command): ChildProcess {
    const words = splitWords(this.resolve(run));
    const endpoints = words.some((word) => word.startsWith('--endpoints'))
      ? []
      : [`--endpoints=${this.members[0]!.endpoint}`];
    return spawn(must(findTool('etcdctl')), [...endpoints, ...words], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...env },
    });
  }

  /** Resolves when so many watchers are there: a watch says nothing when it begins. */
  async watchersAre(count: number): Promise<void> {
    await eventually(`${count} watchers of ${this.flavour}`, async () => {
      const { text } = await call(`${this.members[0]!.clientUrl}/metrics`);
      const found = /^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(text)?.[1];
      assert(Number(found) === count, `there are ${found} watchers`);
    });
  }

  /** Puts values for `$names`. */
  resolve(text: string): string {
    return text.replace(/\$([a-z]\w*(?:\.decimal)?)/g, (_, name: string) =>
      must(this.names.get(name), `nothing is called $${name}`),
    );
  }

  /** Puts names for values, and masks what may differ. */
  mask(text: string): string {
    let masked = text;
    // The latest name of a value counts.
    const longestFirst = [...this.names].toReversed().toSorted(([, a], [, b]) => b.length - a.length);
    for (const [name, value] of longestFirst) masked = masked.replaceAll(value, `<${name}>`);
    return (
      masked
        // Short ids are filled up with spaces or zeros.
        .replace(/Member +</g, 'Member <')
        .replace(/\b0+</g, '<')
        // What remains of a long lease, to ten seconds: two servers are never asked at the same moment.
        .replace(/("ttl"\s*:\s*|remaining\()(\d{3,})/gi, (_, before: string, seconds: string) => {
          return `${before}${Math.ceil(Number(seconds) / 10) * 10}`;
        })
        .replace(ownNumbers, '$1#')
        .replace(/"ts":"[^"]*"/g, '"ts":"#"')
        .replace(/0xc[0-9a-f]{9}/g, '0x#')
        // etcd's own version, and the one of etcd that drydock is like.
        .replace(/("version"\s*:\s*"|, )3\.[56]\.\d+/gi, '$1#')
        .replace(/\b\d+(\.\d+)?(ns|µs|ms)\b|\b(\d+m)?\d+\.\d+s\b/g, '#s')
        .replace(/"size":"[^"]*"/g, '"size":"#"')
        .replace(/"took":\d+(\.\d+)?(e-\d+)?/g, '"took":#')
    );
  }

  bind({ run, bind = {} }: Command, stdout: string, stderr: string): void {
    for (const [name, pattern] of Object.entries(bind)) {
      const found = pattern.exec(stdout)?.[1];
      assert(
        found !== undefined,
        () => `etcdctl ${run} of ${this.flavour}: no ${name} in ${stdout}${stderr}`,
      );
      this.nameId(name, found);
    }
  }

  outcome(command: Command, { code, stdout, stderr }: Ended): Outcome {
    const text = stdout.toString();
    this.bind(command, text, stderr);
    if (command.message !== undefined) {
      return { code, stdout: maskHeader(decode(command.message, stdout)), stderr: this.mask(stderr) };
    }
    const order = (masked: string): string =>
      command.unordered === true
        ? masked
            .split(/[\n,"{}[\]]+/)
            .toSorted()
            .join('\n')
        : masked;
    return { code, stdout: order(this.mask(text)), stderr: order(this.mask(stderr)) };
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }
}

/** A real etcd and drydock, asked by the same commands. */
export class CtlPair {
  readonly etcd: CtlSide;
  readonly drydock: CtlSide;
  /** What has been compared: a suite that compares nothing must not look like one that finds nothing. */
  comparisons = 0;
  readonly #running = new Set<RunningPair>();

  private constructor(etcd: CtlSide, drydock: CtlSide) {
    this.etcd = etcd;
    this.drydock = drydock;
  }

  static async start({ members = 1, flags = [] as readonly string[] } = {}): Promise<CtlPair> {
    const started = await Promise.allSettled(
      (['etcd', 'drydock'] as const).map(async (flavour) => {
        const side = new CtlSide(flavour, await startCluster(flavour, members, flags));
        try {
          await side.learnIds();
        } catch (error) {
          await side.close();
          throw error;
        }
        return side;
      }),
    );
    const sides = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(sides.map((side) => side.close()));
      throw failed.reason;
    }
    return new CtlPair(sides[0]!, sides[1]!);
  }

  get sides(): readonly [CtlSide, CtlSide] {
    return [this.etcd, this.drydock];
  }

  /** Runs commands one after the other on both, and compares; fails softly, so that all that differs is seen at once. */
  async same(...commands: readonly (string | Command)[]): Promise<void> {
    for (const one of commands) {
      const command = typeof one === 'string' ? { run: one } : one;
      const [etcd, drydock] = await this.outcomes(command);
      this.compare(command.run, etcd, drydock);
    }
  }

  /** The same of commands that have to go well, on the real one already: a setup that fails would compare refusals only. */
  async well(...commands: readonly (string | Command)[]): Promise<void> {
    for (const one of commands) {
      const command = typeof one === 'string' ? { run: one } : one;
      const [etcd, drydock] = await this.outcomes(command);
      this.compare(command.run, etcd, drydock);
      assert(etcd.code === 0, () => `etcdctl ${command.run} of etcd: ${etcd.stderr}`);
    }
  }

  /** How a command ended on both, for a test to look at. */
  async outcomes(command: Command): Promise<[Outcome, Outcome]> {
    const [etcd, drydock] = await Promise.all(
      this.sides.map(async (side) => side.outcome(command, await side.run(command))),
    );
    return [etcd!, drydock!];
  }

  compare(what: string, etcd: Outcome, drydock: Outcome): void {
    this.comparisons++;
    expect.soft(drydock, `etcdctl ${what}`).toEqual(etcd);
  }

  async watchersAre(count: number): Promise<void> {
    await Promise.all(this.sides.map((side) => side.watchersAre(count)));
  }

  /** Starts a command that goes on, on both. */
  start(command: string | Command): RunningPair {
    const pair = new RunningPair(this, typeof command === 'string' ? { run: command } : command);
    this.#running.add(pair);
    return pair;
  }

  async close(): Promise<void> {
    for (const pair of this.#running) pair.kill();
    await Promise.all(this.sides.map((side) => side.close()));
  }
}

/** A command that goes on until it is stopped, on both sides. */
export class RunningPair {
  readonly #pair: CtlPair;
  readonly #command: Command;
  readonly #children: readonly Running[];

  constructor(pair: CtlPair, command: Command) {
    this.#pair = pair;
    this.#command = command;
    this.#children = pair.sides.map((side) => new Running(side, command));
  }

  /** Resolves when both have printed something that matches, since they started. */
  async until(pattern: RegExp): Promise<this> {
    const waited = await Promise.allSettled(this.#children.map((child) => child.until(pattern)));
    const failed = waited.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    assert(failed.length === 0, () => failed.join('\n'));
    return this;
  }

  /** The first group of what matches gets a name on each side. */
  async bind(name: string, pattern: RegExp): Promise<this> {
    await this.until(pattern);
    for (const child of this.#children) child.bind(name, pattern);
    return this;
  }

  /** Lines to read, as if typed. */
  type(text: string): this {
    for (const child of this.#children) child.type(text);
    return this;
  }

  /** Ends both, if they have not ended by themselves, and compares all that they printed. */
  async stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<void> {
    const [etcd, drydock] = await Promise.all(this.#children.map((child) => child.end(signal)));
    this.#pair.compare(this.#command.run, etcd!, drydock!);
  }

  kill(): void {
    for (const child of this.#children) child.kill();
  }
}

class Running {
  readonly #side: CtlSide;
  readonly #command: Command;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #stderr = '';

  constructor(side: CtlSide, command: Command) {
    this.#side = side;
    this.#command = command;
    this.#child = side.spawn(command);
    this.#child.stdin!.on('error', () => {});
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  async until(pattern: RegExp): Promise<void> {
    const until = performance.now() + untilMillisMax;
    while (!pattern.test(this.#stdout)) {
      assert(
        performance.now() < until,
        `etcdctl ${this.#command.run} of ${this.#side.flavour}: no ${pattern} in ${this.#stdout}${this.#stderr}`,
      );
      await sleep(10);
    }
  }

  bind(name: string, pattern: RegExp): void {
    this.#side.bind({ ...this.#command, bind: { [name]: pattern } }, this.#stdout, this.#stderr);
  }

  type(text: string): void {
    this.#child.stdin!.write(this.#side.resolve(text));
  }

  async end(signal: NodeJS.Signals | undefined): Promise<Outcome> {
    if (signal !== undefined) this.#child.kill(signal);
    const timer = setTimeout(() => this.kill(), commandMillisMax);
    const code = await this.#ended;
    clearTimeout(timer);
    const ended = { code, stdout: Buffer.from(this.#stdout), stderr: this.#stderr };
    return this.#side.outcome(this.#command, ended);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Words of a command line, with quotes; a backslash is nothing special. */
export function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}

function maskHeader<T extends object>(message: T): T {
  const { header } = message as { header?: object };
  return header === undefined
    ? message
    : { ...message, header: { ...header, cluster_id: '#', member_id: '#', raft_term: '#' } };
}
