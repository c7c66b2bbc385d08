import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import { Store } from '../../src/mvcc/store.ts';
import type { LeaseId, RequestOp } from '../../src/mvcc/types.ts';
import { EtcdProcess, findTool, missingTool } from '../e2e/etcd-process.ts';

const etcdPath = findTool('etcd');
if (etcdPath === undefined) missingTool('etcd', 'HashKV is not compared with the real one.');

/** The same commands to a real etcd, by its JSON gateway, and to a store. */
class Both {
  readonly etcd: EtcdProcess;
  readonly store = new Store(new MemoryBackend());
  /** etcd answers the newest ten of these from what it remembers of the compaction itself (storage/mvcc/hash.go, hashStorage). */
  readonly compactions: number[] = [];
  /** How many of these have been compared. */
  known = 0;

  constructor(etcd: EtcdProcess) {
    this.etcd = etcd;
  }

  async ask(path: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.etcd.clientUrl}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  }

  async put(key: string, value: string, lease = 0n): Promise<void> {
    await this.ask('kv/put', { key: btoa(key), value: btoa(value), lease: String(lease) });
    must(this.store.put({ key, value: bytesOf(value), lease: lease as LeaseId }).ok || undefined);
  }

  async delete(key: string, rangeEnd: string): Promise<void> {
    await this.ask('kv/deleterange', { key: btoa(key), range_end: btoa(rangeEnd) });
    this.store.deleteRange({ key, rangeEnd });
  }

  /** Puts all of `keys` and deletes all of `deleted`, in one revision. */
  async txn(keys: readonly string[], deleted: readonly string[], value: string): Promise<void> {
    await this.ask('kv/txn', {
      success: [
        ...keys.map((key) => ({ request_put: { key: btoa(key), value: btoa(value) } })),
        ...deleted.map((key) => ({ request_delete_range: { key: btoa(key) } })),
      ],
    });
    const success = [
      ...keys.map((key): RequestOp => ({ type: 'put', request: { key, value: bytesOf(value) } })),
      ...deleted.map((key): RequestOp => ({ type: 'delete-range', request: { key } })),
    ];
    this.store.txn({ compare: [], success, failure: [] });
  }

  async compact(at: number): Promise<void> {
    await this.ask('kv/compaction', { revision: String(at), physical: true });
    if (this.store.compact(at).ok) this.compactions.push(at);
    this.store.scrub(3);
    if (at % 3 > 0) while (this.store.scrub(3));
  }

  async compare(revision: number): Promise<void> {
    const known = this.store.compactionHash(revision);
    // The store has not scrubbed every compaction to its end, so it remembers others.
    if ((known !== undefined) !== this.compactions.slice(-10).includes(revision)) return;
    const theirs = await this.ask('maintenance/hashkv', { revision: String(revision) });
    const wanted = {
      hash: Number(theirs['hash'] ?? 0),
      compact: Number(theirs['compact_revision'] ?? 0),
      revision: revision === 0 && known === undefined ? this.store.revision : revision,
    };
    if (known !== undefined) {
      this.known++;
      expect({ hash: known.hash, compact: known.compactRevision, revision: known.revision }).toEqual(wanted);
      return;
    }
    const begun = this.store.hashKv(revision);
    expect(Number(theirs['code'] ?? 0)).toBe(begun.ok ? 0 : 11);
    if (!begun.ok) return;
    const run = begun.value;
    while (run.step(2));
    const ours = { hash: run.hash, compact: run.compactRevision, revision: run.revision };
    run.close();
    expect(ours).toEqual(wanted);
  }

  async compareAll(): Promise<void> {
    await this.compare(0);
    // Before the compaction there is nothing but what compactions have hashed.
    for (let at = Math.max(-1, this.store.compactRevision - 20); at <= this.store.revision + 1; at++) {
      await this.compare(at);
    }
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

describe.skipIf(etcdPath === undefined)('HashKV of a real etcd', () => {
  let etcd: EtcdProcess;

  beforeAll(async () => {
    etcd = await EtcdProcess.start({ flavour: 'etcd' });
  });

  afterAll(() => etcd.close());

  it('is ours, for any history, at every revision', async () => {
    const both = new Both(etcd);
    for (const id of [1n, -3n]) {
      await both.ask('lease/grant', { TTL: '1000', ID: String(id) });
      both.store.leaseGrant(id as LeaseId, 1000);
    }
    await both.compareAll();

    const key = fc.constantFrom('a', 'b', 'c\0', '\xff');
    const value = fc.constantFrom('', 'x', 'y'.repeat(200));
    const keys = fc.uniqueArray(key, { maxLength: 3 });
    const step: fc.Arbitrary<() => Promise<void>> = fc.oneof(
      fc.tuple(key, value, fc.constantFrom(0n, 0n, 1n, -3n)).map((args) => () => both.put(...args)),
      fc.tuple(key, fc.constantFrom('', 'c', '\0')).map((args) => () => both.delete(...args)),
      fc.constant(() => both.delete('\0', '\0')),
      fc.tuple(keys, keys, value).map(
        ([put, gone, text]) =>
          () =>
            both.txn(
              put,
              gone.filter((one) => !put.includes(one)),
              text,
            ),
      ),
      fc.nat(4).map((back) => () => both.compact(both.store.revision - back)),
    );
    // One history, for it is one etcd.
    const steps = fc.sample(step, { numRuns: 300, seed: 20 });
    for (const [i, take] of steps.entries()) {
      await take();
      await both.compare(0);
      if (i % 10 === 0) await both.compareAll();
    }
    await both.compareAll();
    expect(both.known).toBeGreaterThan(30);
  }, 60_000);
});
