import { spawn } from 'node:child_process';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { assert, must } from '../../src/base/assert.ts';
import { findTool, type EtcdProcess } from './etcd-process.ts';

const drydock = join(resolve(import.meta.dirname, '../..'), 'dist/src/cli/drydock.js');

/** How a command ended; `output` is what it printed on both streams. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** Runs a command to its end; one that goes on too long is ended. */
export function run(
  command: string,
  args: readonly string[],
  { millisMax = 30_000, env = process.env }: { millisMax?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((resolve_, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let stdout = '';
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), millisMax);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve_({ code, stdout, output });
    });
  });
}

/** `drydock ARGS`, run to its end. */
export function runDrydock(args: readonly string[], options?: Parameters<typeof run>[2]): Promise<Ended> {
  return run(process.execPath, [drydock, ...args], options);
}

/** etcdctl against a member. */
export function etcdctl(member: EtcdProcess, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, ETCDCTL_API: '3' };
  return run(must(findTool('etcdctl')), [`--endpoints=${member.clientUrl}`, ...args], { env });
}

/** The same, which must go well; what it printed. */
export async function etcdctlOk(member: EtcdProcess, ...args: readonly string[]): Promise<string> {
  const { code, stdout, output } = await etcdctl(member, ...args);
  assert(code === 0, `etcdctl ${args.join(' ')} of ${member.name}: ${output}`);
  return stdout;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export interface CallOptions {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly millisMax?: number;
}

const plainAgent = new PlainAgent({ keepAlive: true });

/** One request over HTTP/1.1, plain or over TLS. Rejects when there is no answer. */
export function call(url: string, options: CallOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', body, tls, headers, millisMax = 10_000 } = options;
  return new Promise((resolve_, reject) => {
    const settings = { method, headers: { ...headers }, signal: AbortSignal.timeout(millisMax) };
    const sent = url.startsWith('https:')
      ? request(url, { ...settings, agent: new Agent({ ...tls }) })
      : plainRequest(url, { ...settings, agent: plainAgent });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => resolve_({ status: response.statusCode ?? 0, text }));
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A call of the JSON gateway. @throws when it is not answered with 200 */
export async function gateway<T = Readonly<Record<string, unknown>>>(
  member: EtcdProcess,
  path: string,
  body: unknown,
  options: CallOptions = {},
): Promise<T> {
  const { status, text } = await call(`${member.clientUrl}${path}`, { ...options, method: 'POST', body });
  if (status !== 200) throw new Error(`${path} of ${member.name}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export interface GatewayHeader {
  readonly revision: string;
}

interface Ranged {
  readonly header: GatewayHeader;
  readonly kvs?: readonly {
    readonly key: string;
    readonly value: string;
    readonly mod_revision: string;
  }[];
}

/** Everything that a member has below a prefix, linearizable: values and revisions by key. */
export async function readAll(
  member: EtcdProcess,
  prefix: string,
): Promise<Map<string, { readonly value: string; readonly revision: number }>> {
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  const { kvs = [] } = await gateway<Ranged>(member, '/v3/kv/range', {
    key: base64(prefix),
    range_end: base64(end),
  });
  return new Map(
    kvs.map(({ key, value, mod_revision: revision }) => [
      Buffer.from(key, 'base64').toString(),
      { value: Buffer.from(value, 'base64').toString(), revision: Number(revision) },
    ]),
  );
}

interface Hashed {
  readonly header: GatewayHeader;
  readonly hash: number;
  readonly compact_revision?: string;
}

/** Waits until all members have applied the same, and tells their hashes of it, by name. */
export async function hashesOf(members: readonly EtcdProcess[]): Promise<ReadonlyMap<string, string>> {
  const { header } = await gateway<Ranged>(must(members[0]), '/v3/kv/range', { key: base64('x') });
  const hashes = new Map<string, string>();
  for (const member of members) {
    const { hash, compact_revision: compacted } = await eventually(`the hash of ${member.name}`, () =>
      gateway<Hashed>(member, '/v3/maintenance/hashkv', { revision: header.revision }),
    );
    hashes.set(member.name, `${hash} compacted ${compacted ?? 0}`);
  }
  return hashes;
}

/** Tries until it goes well; fails with the last error. */
export async function eventually<T>(what: string, attempt: () => Promise<T>, millisMax = 30_000): Promise<T> {
  const until = performance.now() + millisMax;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > until) throw new Error(`${what}: not within ${millisMax} ms`, { cause: error });
      await sleep(100);
    }
  }
}

const keysPerClient = 5;
/** A client that got no answer turns to another member; not faster than this. */
const retryMillis = 50;

/**
 * Clients that write all the time, each to keys of its own, to any of `members` that answers. A value is written once: a write
 * whose outcome is unknown is followed by a newer one, so what is found later is the newest that was acknowledged or newer.
 */
export class Writers {
  acknowledged = 0;
  unanswered = 0;
  readonly #newest = new Map<string, { readonly count: number; readonly revision: number }>();
  readonly #prefix: string;
  readonly #clients: readonly Promise<void>[];
  #members: readonly EtcdProcess[];
  #stopped = false;

  constructor(members: readonly EtcdProcess[], { clients = 8, prefix = 'w/' } = {}) {
    this.#members = members;
    this.#prefix = prefix;
    this.#clients = Array.from({ length: clients }, (_, i) => this.#write(i));
  }

  /** Writes to these from now on. */
  turnTo(members: readonly EtcdProcess[]): void {
    this.#members = members;
  }

  /** Resolves when `count` more writes have been acknowledged. */
  async progress(count = 50, millisMax = 30_000): Promise<void> {
    const goal = this.acknowledged + count;
    const until = performance.now() + millisMax;
    while (this.acknowledged < goal) {
      assert(
        performance.now() < until,
        `${goal - this.acknowledged} writes are missing after ${millisMax} ms`,
      );
      await sleep(20);
    }
  }

  /** @throws AssertionError when revisions fell */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  /** Holds what `member` has to what was acknowledged. @throws AssertionError */
  async check(member: EtcdProcess): Promise<void> {
    const found = await readAll(member, this.#prefix);
    assert(this.#newest.size > 0, 'something was acknowledged');
    for (const [key, { count, revision }] of this.#newest) {
      const now = found.get(key);
      assert(now !== undefined, `${key} was acknowledged at revision ${revision} and is lost`);
      assert(
        now.revision > revision
          ? Number(now.value) > count
          : now.revision === revision && Number(now.value) === count,
        `${key} was ${count} at revision ${revision}, and is ${now.value} at ${now.revision}`,
      );
    }
  }

  async #write(client: number): Promise<void> {
    let newest = 0;
    for (let count = 0; !this.#stopped; count++) {
      const key = `${this.#prefix}${client}/${count % keysPerClient}`;
      const member = must(this.#members[(client + count) % this.#members.length]);
      try {
        const { header } = await gateway<{ header: GatewayHeader }>(
          member,
          '/v3/kv/put',
          { key: base64(key), value: base64(String(count)) },
          { millisMax: 8000 },
        );
        const revision = Number(header.revision);
        assert(revision > newest, `revisions fell from ${newest} to ${revision} at ${member.name}`);
        newest = revision;
        this.#newest.set(key, { count, revision });
        this.acknowledged++;
      } catch (error) {
        if ((error as Error).name === 'AssertionError') throw error;
        this.unanswered++;
        await sleep(retryMillis);
      }
    }
  }
}
