import { describe, expect, it } from 'vitest';

import { assert, must } from '../../src/base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import {
  type EtcdClient,
  type Event,
  prefixEnd,
  type Revision,
  type Watch,
  type WatchRequest,
} from '../../src/etcd/client.ts';
import type { LeaseId, RequestOp } from '../../src/mvcc/types.ts';

/** What a watch has told, in order, and a way to wait for more. */
export class WatchLog {
  readonly calls: string[] = [];
  readonly events: Event[] = [];
  /** The revisions of each call of `events`. */
  readonly batches: (readonly number[])[] = [];
  readonly progress: number[] = [];
  created: Revision | undefined;
  closed: { readonly compactRevision?: number; readonly reason: string } | undefined;
  watch!: Watch;

  static start(client: EtcdClient, request: WatchRequest): WatchLog {
    const log = new WatchLog();
    log.watch = client.watch(request, {
      created: (revision) => {
        log.calls.push('created');
        log.created = revision;
      },
      events: (events, revision) => {
        log.calls.push('events');
        const revisions = events.map(({ kv }) => kv.modRevision);
        expect(revisions.at(-1)).toBe(revision);
        log.batches.push(revisions);
        log.events.push(...events);
      },
      progress: (revision) => {
        log.calls.push('progress');
        log.progress.push(revision);
      },
      closed: (end) => {
        log.calls.push('closed');
        log.closed = end;
      },
    });
    return log;
  }

  /** Starts, and resolves when the watch stands. */
  static async stand(client: EtcdClient, request: WatchRequest): Promise<WatchLog> {
    const log = WatchLog.start(client, request);
    await eventually('the watch stands', () => log.created !== undefined);
    return log;
  }

  get changes(): string[] {
    return this.events.map(({ type, kv }) => `${type} ${kv.key}=${decodeUtf8(kv.value)}`);
  }
}

export async function eventually(what: string, condition: () => boolean, millisMax = 10_000): Promise<void> {
  const until = performance.now() + millisMax;
  while (!condition()) {
    assert(performance.now() < until, () => `${what}: not within ${millisMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Long enough for what should not come to come. */
const quietMillis = 150;
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, quietMillis));
const bytes = encodeUtf8;
const put = (key: string, value: string): RequestOp => ({
  type: 'put',
  request: { key, value: bytes(value) },
});

let cases = 0;

/** What every EtcdClient promises, whatever stands behind it. Cases share a store; each has keys of its own. */
export function describeEtcdClient(name: string, client: () => EtcdClient): void {
  describe(name, () => {
    const own = (): { etcd: EtcdClient; at: string; all: { key: string; rangeEnd: string } } => {
      const at = `case-${++cases}/`;
      return { etcd: client(), at, all: { key: at, rangeEnd: prefixEnd(at) } };
    };

    it('writes, reads and deletes, and tells revisions', async () => {
      const { etcd, at } = own();
      const first = await etcd.put({ key: `${at}a`, value: bytes('1') });
      const second = await etcd.put({ key: `${at}a`, value: bytes('2'), prevKv: true });
      expect(second.header.revision).toBe(first.header.revision + 1);
      expect(decodeUtf8(must(second.prevKv).value)).toBe('1');
      const { kvs, count, more, header } = await etcd.range({ key: `${at}a` });
      expect([count, more]).toEqual([1, false]);
      expect(kvs[0]).toMatchObject({
        key: `${at}a`,
        createRevision: first.header.revision,
        modRevision: second.header.revision,
        version: 2,
        lease: 0n,
      });
      expect(decodeUtf8(must(kvs[0]).value)).toBe('2');
      expect(header.revision).toBe(second.header.revision);
      const { memberId, clusterId } = await etcd.status();
      expect(header).toMatchObject({ memberId, clusterId });
      const deleted = await etcd.deleteRange({ key: `${at}a`, prevKv: true });
      expect([deleted.deleted, deleted.prevKvs.length]).toEqual([1, 1]);
      const nothing = await etcd.deleteRange({ key: `${at}a` });
      expect([nothing.deleted, nothing.header.revision]).toEqual([0, deleted.header.revision]);
    });

    it('keeps every byte of keys and values', async () => {
      const { etcd, at } = own();
      const key = `${at}\0\x7f\x80\xff`;
      const value = Uint8Array.from({ length: 256 }, (_, i) => i);
      await etcd.put({ key, value });
      const { kvs } = await etcd.range({ key: `${at}\0`, rangeEnd: `${at}\x01` });
      expect(kvs.map((kv) => kv.key)).toEqual([key]);
      expect([...must(kvs[0]).value]).toEqual([...value]);
    });

    it('reads ranges: limits, orders, filters, the past', async () => {
      const { etcd, at, all } = own();
      const revisions: number[] = [];
      for (const key of ['c', 'a', 'b']) {
        revisions.push((await etcd.put({ key: at + key, value: bytes(key) })).header.revision);
      }
      const keys = async (more: Parameters<EtcdClient['range']>[0] | object): Promise<string> => {
        const { kvs } = await etcd.range({ ...all, ...more });
        return kvs.map((kv) => kv.key.slice(at.length)).join('');
      };
      expect(await keys({})).toBe('abc');
      expect(await keys({ serializable: true })).toBe('abc');
      expect(await keys({ sort: { target: 'mod', order: 'descend' } })).toBe('bac');
      expect(await keys({ revision: must(revisions[1]) })).toBe('ac');
      expect(await keys({ minModRevision: must(revisions[1]) })).toBe('ab');
      const page = await etcd.range({ ...all, limit: 2 });
      expect([page.kvs.length, page.count, page.more]).toEqual([2, 3, true]);
      const counted = await etcd.range({ ...all, countOnly: true });
      expect([counted.kvs.length, counted.count]).toEqual([0, 3]);
      const bare = await etcd.range({ ...all, keysOnly: true });
      expect(bare.kvs.map((kv) => kv.value.length)).toEqual([0, 0, 0]);
    });

    it('runs transactions, one within the other', async () => {
      const { etcd, at } = own();
      const key = `${at}a`;
      const created = await etcd.txn({
        compare: [{ key, target: 'version', result: 'equal', version: 0 }],
        success: [put(key, '1'), { type: 'range', request: { key } }],
        failure: [],
      });
      expect(created.succeeded).toBe(true);
      const [, read] = created.responses;
      assert(read?.type === 'range', 'the second is a range');
      expect(read.response.kvs[0]).toMatchObject({ version: 1, modRevision: created.header.revision });
      const failed = await etcd.txn({
        compare: [{ key, target: 'mod', result: 'equal', modRevision: created.header.revision - 1 }],
        success: [put(key, '2')],
        failure: [
          {
            type: 'txn',
            request: {
              compare: [{ key, target: 'value', result: 'equal', value: bytes('1') }],
              success: [{ type: 'delete-range', request: { key, prevKv: true } }],
              failure: [],
            },
          },
        ],
      });
      expect(failed.succeeded).toBe(false);
      const [inner] = failed.responses;
      assert(inner?.type === 'txn', 'the first is a txn');
      const [deletion] = inner.response.responses;
      assert(deletion?.type === 'delete-range', 'which deletes');
      expect([inner.response.succeeded, deletion.response.deleted]).toEqual([true, 1]);
      const onlyRead = await etcd.txn({
        compare: [],
        success: [{ type: 'range', request: { key } }],
        failure: [],
      });
      expect(onlyRead.header.revision).toBe(failed.header.revision);
    });

    it('refuses with etcd’s codes and sentences', async () => {
      const { etcd, at } = own();
      const value = bytes('1');
      const { revision } = (await etcd.put({ key: `${at}a`, value })).header;
      const refusals: readonly (readonly [() => Promise<unknown>, string, string])[] = [
        [() => etcd.put({ key: '', value }), 'invalid-argument', 'etcdserver: key is not provided'],
        [
          () => etcd.put({ key: `${at}x`, value: new Uint8Array(0), ignoreValue: true }),
          'invalid-argument',
          'etcdserver: key not found',
        ],
        [
          () => etcd.put({ key: `${at}x`, value, lease: 4711n as LeaseId }),
          'not-found',
          'etcdserver: requested lease not found',
        ],
        [
          () => etcd.txn({ compare: [], success: [put(`${at}x`, '1'), put(`${at}x`, '2')], failure: [] }),
          'invalid-argument',
          'etcdserver: duplicate key given in txn request',
        ],
        [
          () => etcd.range({ key: `${at}a`, revision: revision + 1000 }),
          'out-of-range',
          'etcdserver: mvcc: required revision is a future revision',
        ],
        [
          () => etcd.compact(revision + 1000),
          'out-of-range',
          'etcdserver: mvcc: required revision is a future revision',
        ],
        [() => etcd.leaseRevoke(4711n as LeaseId), 'not-found', 'etcdserver: requested lease not found'],
        [() => etcd.leaseGrant(9_000_000_001), 'out-of-range', 'etcdserver: too large lease TTL'],
      ];
      for (const [call, code, message] of refusals) {
        await expect(call(), message).rejects.toMatchObject({ name: 'EtcdError', code, message });
      }
      expect((await etcd.range({ key: `${at}a` })).header.revision).toBe(revision);
    });

    it('grants, renews and ends leases', async () => {
      const { etcd, at } = own();
      const { id, ttlSeconds } = await etcd.leaseGrant(60);
      expect(ttlSeconds).toBe(60);
      expect((await etcd.leaseGrant(1)).ttlSeconds).toBeGreaterThanOrEqual(2);
      await expect(etcd.leaseGrant(60, id)).rejects.toMatchObject({
        code: 'failed-precondition',
        message: 'etcdserver: lease already exists',
      });
      await etcd.put({ key: `${at}a`, value: bytes('1'), lease: id });
      const unknown = 4711n as LeaseId;
      const renewals = await Promise.all([id, unknown, id, id].map((each) => etcd.leaseKeepAlive(each)));
      expect(renewals).toEqual([60, 0, 60, 60]);
      const log = await WatchLog.stand(etcd, { key: `${at}a` });
      await etcd.leaseRevoke(id);
      await eventually('its keys are deleted', () => log.events.length > 0);
      expect(log.changes).toEqual([`delete ${at}a=`]);
      log.watch.cancel();
      expect(await etcd.leaseKeepAlive(id)).toBe(0);
    });

    it('watches from the past into the present, whole revisions in order, each once', async () => {
      const { etcd, at, all } = own();
      const { revision } = (await etcd.put({ key: `${at}a`, value: bytes('1') })).header;
      await etcd.txn({ compare: [], success: [put(`${at}a`, '2'), put(`${at}b`, '2')], failure: [] });
      const log = WatchLog.start(etcd, { ...all, startRevision: revision, prevKv: true });
      await eventually('the past', () => log.events.length === 3);
      await etcd.txn({
        compare: [],
        success: [
          put(`${at}c`, '3'),
          { type: 'delete-range', request: { key: `${at}a` } },
          put(`${at}d`, '3'),
        ],
        failure: [],
      });
      await etcd.put({ key: 'elsewhere', value: bytes('x') });
      await etcd.put({ key: `${at}d`, value: bytes('4') });
      await eventually('the present', () => log.events.length === 7);
      await quiet();
      expect(log.changes).toEqual([
        `put ${at}a=1`,
        `put ${at}a=2`,
        `put ${at}b=2`,
        `put ${at}c=3`,
        `delete ${at}a=`,
        `put ${at}d=3`,
        `put ${at}d=4`,
      ]);
      const prior = log.events.map(({ prevKv }) => prevKv && decodeUtf8(prevKv.value));
      expect(prior).toEqual([undefined, '1', undefined, undefined, '2', undefined, '3']);
      // No revision is in two batches.
      const first = new Set<number>();
      for (const batch of log.batches) {
        for (const each of new Set(batch)) {
          expect(first.has(each)).toBe(false);
          first.add(each);
        }
      }
      expect(log.calls[0]).toBe('created');
      expect(log.calls.filter((call) => call === 'created')).toHaveLength(1);
      log.watch.cancel();
    });

    it('watches from now on, with filters, until cancelled', async () => {
      const { etcd, at, all } = own();
      await etcd.put({ key: `${at}a`, value: bytes('before') });
      const [everything, puts, deletes] = await Promise.all([
        WatchLog.stand(etcd, all),
        WatchLog.stand(etcd, { ...all, filters: ['no-delete'] }),
        WatchLog.stand(etcd, { ...all, filters: ['no-put'] }),
      ]);
      await etcd.put({ key: `${at}a`, value: bytes('1') });
      await etcd.deleteRange({ key: `${at}a` });
      await eventually('both events', () => everything.events.length === 2);
      await eventually('one each', () => puts.events.length + deletes.events.length === 2);
      expect(puts.changes).toEqual([`put ${at}a=1`]);
      expect(deletes.changes).toEqual([`delete ${at}a=`]);
      everything.watch.cancel();
      everything.watch.cancel();
      await etcd.put({ key: `${at}a`, value: bytes('2') });
      await eventually('the last put', () => puts.events.length === 2);
      await quiet();
      expect(everything.calls.at(-1)).toBe('events');
      expect(everything.events).toHaveLength(2);
      puts.watch.cancel();
      deletes.watch.cancel();
    });

    it('is silent about a watch in the future until it comes', async () => {
      const { etcd, at, all } = own();
      const { revision } = (await etcd.put({ key: `${at}a`, value: bytes('0') })).header;
      const log = await WatchLog.stand(etcd, { ...all, startRevision: revision + 3 });
      for (const value of ['1', '2', '3', '4']) await etcd.put({ key: `${at}a`, value: bytes(value) });
      await eventually('the future', () => log.events.length === 2);
      expect(log.changes).toEqual([`put ${at}a=3`, `put ${at}a=4`]);
      log.watch.cancel();
    });

    it('tells progress to who asks, up to all that happened before', async () => {
      const { etcd, at, all } = own();
      const log = WatchLog.start(etcd, all);
      const other = await WatchLog.stand(etcd, all);
      await eventually('both stand', () => log.created !== undefined);
      const { revision } = (await etcd.put({ key: `elsewhere ${at}`, value: bytes('1') })).header;
      log.watch.requestProgress();
      await eventually('progress', () => (log.progress.at(-1) ?? 0) >= revision);
      expect(log.events).toEqual([]);
      expect(log.calls[0]).toBe('created');
      await quiet();
      expect(other.progress).toEqual([]);
      log.watch.cancel();
      other.watch.cancel();
    });

    it('tells the progress of a watch in the past only after its events', async () => {
      const { etcd, at, all } = own();
      const { revision } = (await etcd.put({ key: `${at}a`, value: bytes('0') })).header;
      for (let i = 1; i < 50; i++) await etcd.put({ key: `${at}a`, value: bytes(String(i)) });
      const busy = WatchLog.start(etcd, all);
      busy.watch.requestProgress();
      const log = WatchLog.start(etcd, { ...all, startRevision: revision });
      log.watch.requestProgress();
      await eventually('progress', () => log.progress.length > 0);
      expect(log.events).toHaveLength(50);
      expect(log.calls.indexOf('progress')).toBeGreaterThan(log.calls.lastIndexOf('events'));
      expect(log.progress[0]).toBeGreaterThanOrEqual(revision + 49);
      log.watch.cancel();
      busy.watch.cancel();
    });

    it('holds nothing for a watch that is paused, and delivers all of it later', async () => {
      const { etcd, at, all } = own();
      const log = await WatchLog.stand(etcd, all);
      const other = await WatchLog.stand(etcd, all);
      const write = (value: string): Promise<unknown> => etcd.put({ key: `${at}a`, value: bytes(value) });
      await write('1');
      await eventually('the first', () => log.events.length === 1);
      log.watch.pause();
      log.watch.pause();
      await write('2');
      await write('3');
      await eventually('the other hears', () => other.events.length === 3);
      await quiet();
      expect(log.events).toHaveLength(1);
      log.watch.resume();
      await write('4');
      await eventually('what it missed', () => log.events.length === 4);
      await quiet();
      expect(log.changes).toEqual(['1', '2', '3', '4'].map((value) => `put ${at}a=${value}`));
      expect(log.calls.filter((call) => call === 'created')).toHaveLength(1);
      log.watch.cancel();
      other.watch.cancel();
    });

    it('delivers a large revision whole', async () => {
      const { etcd, at, all } = own();
      const success = (fill: number): RequestOp[] =>
        Array.from({ length: 28 }, (_, i) => ({
          type: 'put',
          request: { key: `${at}${String(i).padStart(2, '0')}`, value: new Uint8Array(50_000).fill(fill) },
        }));
      const log = await WatchLog.stand(etcd, { ...all, prevKv: true });
      await etcd.txn({ compare: [], success: success(1), failure: [] });
      // With what was there before it is more than fits into one message of etcd's.
      await etcd.txn({ compare: [], success: success(2), failure: [] });
      await etcd.put({ key: `${at}end`, value: bytes('end') });
      await eventually('all', () => log.events.length === 57);
      for (const batch of log.batches) {
        for (const each of new Set(batch)) {
          const within = log.events.filter(({ kv }) => kv.modRevision === each).length;
          expect(batch.filter((one) => one === each)).toHaveLength(within);
        }
      }
      expect(must(log.events[30]).prevKv?.value.length).toBe(50_000);
      log.watch.cancel();
    });

    it('serves hundreds of watches', async () => {
      const { etcd, at } = own();
      const logs = await Promise.all(
        Array.from({ length: 300 }, (_, i) => WatchLog.stand(etcd, { key: `${at}${i}` })),
      );
      await Promise.all(logs.map((_, i) => etcd.put({ key: `${at}${i}`, value: bytes(String(i)) })));
      await eventually('each its own', () => logs.every(({ events }) => events.length > 0));
      await quiet();
      for (const [i, log] of logs.entries()) {
        expect(log.changes).toEqual([`put ${at}${i}=${i}`]);
        log.watch.cancel();
      }
    });

    it('closes a watch whose start was compacted, and only that one', async () => {
      const { etcd, at, all } = own();
      const write = async (value: string): Promise<number> =>
        (await etcd.put({ key: `${at}a`, value: bytes(value) })).header.revision;
      const first = await write('1');
      const paused = await WatchLog.stand(etcd, all);
      const running = await WatchLog.stand(etcd, all);
      paused.watch.pause();
      await quiet();
      await write('2');
      const compacted = await write('3');
      await etcd.compact(compacted);
      await expect(etcd.range({ ...all, revision: first })).rejects.toMatchObject({
        code: 'out-of-range',
        message: 'etcdserver: mvcc: required revision has been compacted',
      });
      await expect(etcd.compact(first)).rejects.toMatchObject({
        message: 'etcdserver: mvcc: required revision has been compacted',
      });
      const log = WatchLog.start(etcd, { ...all, startRevision: first });
      paused.watch.resume();
      await eventually('both are closed', () => log.closed !== undefined && paused.closed !== undefined);
      expect(log.closed).toEqual({
        compactRevision: compacted,
        reason: 'etcdserver: mvcc: required revision has been compacted',
      });
      expect(log.calls).toEqual(['created', 'closed']);
      expect(paused.closed?.compactRevision).toBe(compacted);
      expect(paused.events).toEqual([]);
      const at3 = await WatchLog.stand(etcd, { ...all, startRevision: compacted });
      await eventually('the revision compacted to is there', () => at3.events.length === 1);
      const last = await write('4');
      await eventually('the others go on', () => running.events.length === 3 && at3.events.length === 2);
      running.watch.requestProgress();
      await eventually('progress', () => (running.progress.at(-1) ?? 0) >= last);
      running.watch.cancel();
      at3.watch.cancel();
    });

    it('knows its member', async () => {
      const { etcd, at } = own();
      const { revision } = (await etcd.put({ key: `${at}a`, value: bytes('1') })).header;
      const status = await etcd.status();
      expect(status).toMatchObject({ name: 'm0', leader: status.memberId, revision });
      expect(status.version).toMatch(/^3\.\d+\.\d+/);
      expect(status.raftTerm).toBeGreaterThan(0);
      expect(status.raftIndex).toBeGreaterThanOrEqual(status.raftAppliedIndex);
      expect(status.raftAppliedIndex).toBeGreaterThan(0);
    });
  });
}
