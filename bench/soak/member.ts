import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { assert, must } from '../../src/base/assert.ts';
import { GrpcEtcdClient } from '../../src/etcd/grpc-client.ts';
import { HashKVRequest, HashKVResponse } from '../../src/etcd/proto/rpc.ts';
import { GrpcChannel } from '../../src/grpc/channel.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { Violation } from './history.ts';

const readyLine = 'ready to serve client requests';
const readyMillisMax = 60_000;
const requestMillisMax = 5_000;

export interface MemberOptions {
  readonly name: string;
  /** What takes etcd's flags: program and first arguments. */
  readonly command: readonly string[];
  /** Where its data directory and its log go. */
  readonly directory: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** `NAME=URL,…` of all members. */
  readonly initialCluster: string;
  readonly flags: readonly string[];
}

/** A member as a process that is killed and started again on the same data. What it prints goes to NAME.log. */
export class Member {
  readonly name: string;
  readonly address: Address;
  readonly dataDirectory: string;
  readonly #platform: Platform;
  readonly #options: MemberOptions;
  readonly #log: string;
  #child: ChildProcess | undefined;
  #expected = false;
  #client: GrpcEtcdClient | undefined;
  #channel: GrpcChannel | undefined;
  /** The newest revision that it ever told. */
  #told = 0;

  constructor(platform: Platform, options: MemberOptions) {
    this.#platform = platform;
    this.#options = options;
    this.name = options.name;
    this.address = { host: '127.0.0.1', port: options.clientPort };
    this.dataDirectory = join(options.directory, options.name);
    this.#log = join(options.directory, `${options.name}.log`);
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Calls of this member alone, in this life. */
  get client(): GrpcEtcdClient {
    return must(this.#client, 'the member does not serve');
  }

  get serves(): boolean {
    return this.#client !== undefined;
  }

  /** Starts the process; resolves when it serves, or has been killed. @throws Violation when it ends by itself */
  async start(): Promise<void> {
    assert(this.#child === undefined, `${this.name} runs already`);
    const { command, clientPort, peerPort, initialCluster, flags } = this.#options;
    const clientUrl = `http://127.0.0.1:${clientPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const own = Object.entries({
      name: this.name,
      'data-dir': this.dataDirectory,
      'listen-client-urls': clientUrl,
      'advertise-client-urls': clientUrl,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': initialCluster,
    }).flatMap(([flag, value]) => [`--${flag}`, value]);
    const [program, ...first] = command;
    const child = spawn(must(program), [...first, ...own, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#expected = false;
    appendFileSync(this.#log, `--- ${new Date().toISOString()} started as process ${child.pid}\n`);
    await new Promise<void>((resolve, reject) => {
      let begin = '';
      let ready = false;
      const timer = setTimeout(() => {
        reject(new Violation(`${this.name} does not serve within ${readyMillisMax} ms: see ${this.#log}`));
      }, readyMillisMax);
      const read = (chunk: Buffer): void => {
        const text = chunk.toString();
        appendFileSync(this.#log, text);
        if (ready) return;
        begin += text;
        if (!begin.includes(readyLine) || this.#child !== child || this.#expected) return;
        ready = true;
        clearTimeout(timer);
        this.#serve();
        resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', (error) => reject(error));
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        if (this.#child === child) this.#child = undefined;
        appendFileSync(this.#log, `--- ended: ${signal ?? `exit code ${code}`}\n`);
        if (this.#expected) resolve();
        else {
          const failure = new Violation(`${this.name} ended by itself (${signal ?? `exit code ${code}`})`);
          if (ready) this.onFailure(failure);
          else reject(failure);
        }
      });
    });
  }

  /** Hears when the process ends by itself after it served. */
  onFailure: (failure: Violation) => void = () => {};

  #serve(): void {
    this.#client = new GrpcEtcdClient(this.#platform, {
      endpoints: [this.address],
      requestTimeoutMillis: requestMillisMax,
    });
    this.#channel = new GrpcChannel(this.#platform, this.address);
  }

  /** kill -9; resolves when the process is gone. Does nothing when it does not run. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#expected = true;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
    this.#client?.close();
    this.#channel?.close();
    this.#client = undefined;
    this.#channel = undefined;
  }

  /** SIGKILL without waiting, for the end of this process. */
  abandon(): void {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
  }

  /** The revision of what it has applied, which never falls, not over its deaths either. @throws Violation, EtcdError */
  async revision(): Promise<number> {
    const { header } = await this.client.range({ key: 'none', countOnly: true, serializable: true });
    if (header.revision < this.#told) {
      throw new Violation(`${this.name} was at revision ${this.#told}, and is at ${header.revision}`);
    }
    this.#told = header.revision;
    return header.revision;
  }

  /** HashKV: hash, and what it is of. */
  async hash(revision: number): Promise<string> {
    const reply = await must(this.#channel).unary(
      '/etcdserverpb.Maintenance/HashKV',
      HashKVRequest.encode({ revision }),
      { timeoutMillis: requestMillisMax },
    );
    const { hash, compactRevision: compacted, hashRevision: of } = HashKVResponse.decode(reply);
    return `${hash.toString(16)} of ${of}, compacted at ${compacted}`;
  }
}
