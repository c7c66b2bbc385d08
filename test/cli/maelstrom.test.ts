import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Body, Envelope } from '../../src/cli/maelstrom/node.ts';

const drydock = resolve(import.meta.dirname, '../../dist/src/cli/drydock.js');

/** Maelstrom's network in small: lines from one process to another, and clients of it. */
class Network {
  readonly #nodes = new Map<string, ChildProcess>();
  readonly #waiting = new Map<string, (body: Body) => void>();
  /** Whose messages to other nodes are lost, and theirs to it. */
  isolated: string | undefined;
  #next = 1;

  start(names: readonly string[]): void {
    for (const name of names) {
      const child = spawn(process.execPath, [drydock, 'maelstrom'], { stdio: ['pipe', 'pipe', 'inherit'] });
      this.#nodes.set(name, child);
      createInterface({ input: child.stdout }).on('line', (line) =>
        this.#route(JSON.parse(line) as Envelope),
      );
    }
  }

  #route(message: Envelope): void {
    const { src, dest, body } = message;
    const waiting = this.#waiting.get(`${dest}/${body.in_reply_to}`);
    if (waiting !== undefined) {
      waiting(body);
      return;
    }
    if (src === this.isolated || dest === this.isolated) return;
    this.#nodes.get(dest)?.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  /** The answer to a request of a new client; a timeout is none. */
  async ask(dest: string, body: Body, timeoutMillis = 6000): Promise<Body> {
    const id = this.#next++;
    const client = `c${id}`;
    return await new Promise((settle) => {
      const timer = setTimeout(() => settle({ type: 'error', code: 0 }), timeoutMillis);
      this.#waiting.set(`${client}/${id}`, (answer) => {
        clearTimeout(timer);
        settle(answer);
      });
      const message: Envelope = { src: client, dest, body: { ...body, msg_id: id } };
      this.#nodes.get(dest)!.stdin!.write(`${JSON.stringify(message)}\n`);
    });
  }

  /** Again until it is no refusal of the moment. */
  async insist(dest: string, body: Body): Promise<Body> {
    for (;;) {
      const answer = await this.ask(dest, body);
      if (answer.type !== 'error' || ![0, 11, 13].includes(answer['code'] as number)) return answer;
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }

  async stop(): Promise<number[]> {
    return await Promise.all(
      [...this.#nodes.values()].map(
        (child) =>
          new Promise<number>((done) => {
            child.once('exit', (code) => done(code ?? -1));
            child.stdin!.end();
          }),
      ),
    );
  }
}

describe('drydock maelstrom', () => {
  const names = ['n1', 'n2', 'n3'];
  const network = new Network();

  beforeAll(async () => {
    network.start(names);
    for (const name of names) {
      expect(await network.ask(name, { type: 'init', node_id: name, node_ids: names })).toMatchObject({
        type: 'init_ok',
      });
    }
  }, 30_000);

  afterAll(async () => {
    expect(await network.stop()).toEqual([0, 0, 0]);
  });

  it('answers lin-kv with its codes', { timeout: 30_000 }, async () => {
    expect(await network.insist('n1', { type: 'read', key: 7 })).toMatchObject({ type: 'error', code: 20 });
    expect(await network.insist('n1', { type: 'cas', key: 7, from: 1, to: 2 })).toMatchObject({ code: 20 });
    expect(await network.insist('n1', { type: 'write', key: 7, value: 1 })).toMatchObject({
      type: 'write_ok',
    });
    expect(await network.insist('n2', { type: 'read', key: 7 })).toMatchObject({ type: 'read_ok', value: 1 });
    expect(await network.insist('n3', { type: 'cas', key: 7, from: 5, to: 2 })).toMatchObject({ code: 22 });
    expect(await network.insist('n3', { type: 'cas', key: 7, from: 1, to: 2 })).toMatchObject({
      type: 'cas_ok',
    });
    expect(await network.insist('n1', { type: 'read', key: 7 })).toMatchObject({ value: 2 });
    expect(await network.insist('n1', { type: 'dance' })).toMatchObject({ type: 'error', code: 10 });
  });

  it('runs transactions that nobody sees in part', { timeout: 60_000 }, async () => {
    const appends = Array.from({ length: 30 }, (_, i) =>
      network.insist(names[i % 3]!, {
        type: 'txn',
        txn: [
          ['append', 'a', i],
          ['r', 'a', null],
          ['append', 'b', i],
        ],
      }),
    );
    const answers = await Promise.all(appends);
    const done = answers.flatMap((body, i) => (body.type === 'txn_ok' ? [i] : []));
    expect(done.length).toBeGreaterThan(0);
    const { txn } = (await network.insist('n2', {
      type: 'txn',
      txn: [
        ['r', 'a', null],
        ['r', 'b', null],
      ],
    })) as unknown as { txn: [string, string, number[]][] };
    const [a, b] = txn.map(([, , list]) => list);
    expect(a).toEqual(b);
    expect(new Set(a).size).toBe(a!.length);
    expect(a).toEqual(expect.arrayContaining(done));
    for (const body of answers) {
      if (body.type !== 'txn_ok') continue;
      const [, read] = body['txn'] as [string, string, number[]][];
      expect(a!.slice(0, read![2].length)).toEqual(read![2]);
    }
  });

  it('serves on through the loss of a node, and brings it up to date', { timeout: 60_000 }, async () => {
    await network.insist('n1', { type: 'write', key: 1, value: 'before' });
    network.isolated = 'n1';
    expect(await network.insist('n2', { type: 'write', key: 1, value: 'after' })).toMatchObject({
      type: 'write_ok',
    });
    // Cut off, it must not answer from what it remembers.
    expect(await network.ask('n1', { type: 'read', key: 1 }, 8000)).toMatchObject({ type: 'error' });
    network.isolated = undefined;
    expect(await network.insist('n1', { type: 'read', key: 1 })).toMatchObject({ value: 'after' });
  });
});
