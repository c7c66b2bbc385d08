import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { Pair } from '../etcd/differential/pair.ts';
import type { Step } from '../etcd/differential/step.ts';
import type { Fields } from '../etcd/differential/wire.ts';
import { drydockServes, findTool, missingTool, type Flavour } from './etcd-process.ts';
import { eventually } from './etcd-tools.ts';

/**
 * What kube-apiserver's storage layer (apiserver/pkg/storage/etcd3, client/v3/kubernetes) asks of etcd, call by call, and all
 * else it never asks: every answer of drydock is compared with a real etcd's, field by field, and then with what that layer relies on.
 */

const real = findTool('etcd') !== undefined;
if (!real) missingTool('etcd', 'what Kubernetes’ storage layer is answered is not held against a real etcd.');
/** Without a real one drydock is compared with itself, so that what Kubernetes relies on is looked at all the same. */
const flavours: [Flavour, Flavour] = real ? ['etcd', 'drydock'] : ['drydock', 'drydock'];

const prefix = '/registry/pods/';
const end = '/registry/pods0';
const compactKey = 'compact_rev_key';
const key = (name: string): string => `${prefix}default/${name}`;
const get = (at: string): Step => ({ call: 'KV.Range', request: { key: at } });
type Ref = { readonly ref: string; readonly plus?: number };
const modIs = (at: string, revision: Ref | number): Fields => ({
  key: at,
  target: 2,
  result: 0,
  mod_revision: revision as number,
});
const versionIs = (at: string, version: number): Fields => ({ key: at, target: 0, result: 0, version });
const range = (at: string): Fields => ({ request_range: { key: at } });

/** OptimisticPut: a create, or an update of what was read. */
const put = (name: string, value: string, expected: Ref | number, lease?: Ref): Step => ({
  call: 'KV.Txn',
  request: {
    compare: [modIs(key(name), expected)],
    success: [
      {
        request_put: {
          key: key(name),
          value,
          ...(lease !== undefined && { lease: lease as unknown as number }),
        },
      },
    ],
    failure: [range(key(name))],
  },
});

/** OptimisticDelete */
const remove = (name: string, expected: Ref | number): Step => ({
  call: 'KV.Txn',
  request: {
    compare: [modIs(key(name), expected)],
    success: [{ request_delete_range: { key: key(name) } }],
    failure: [range(key(name))],
  },
});

/** What an answer calls its revision gets a name. */
const named = (step: Step, bind: Readonly<Record<string, string>>): Step => ({ ...step, bind }) as Step;

describe.skipIf(!drydockServes())('what Kubernetes’ storage layer asks', { timeout: 120_000 }, () => {
  let pair: Pair;
  const play = (...steps: readonly Step[]): Promise<void> => pair.play(steps);
  const ask = (step: Step): Promise<Fields> => pair.step(step) as Promise<Fields>;

  beforeAll(async () => {
    pair = await Pair.start('kubernetes', {
      flavours,
      options: { flags: ['--experimental-watch-progress-notify-interval=1s'] },
    });
  });

  afterAll(async () => {
    await pair.close();
    expect(pair.comparisons).toBeGreaterThan(60);
  });

  it('creates, updates and deletes by the revision that it saw, and is shown what is there when it lost', async () => {
    await play(named(put('a', 'v1', 0), { a1: 'header.revision' }));
    expect(await ask(put('a', 'again', 0))).toMatchObject({
      responses: [{ response_range: { count: 1, kvs: [{ key: key('a'), value: 'v1', version: 1 }] } }],
    });
    expect(await ask(named(put('a', 'v2', { ref: 'a1' }), { a2: 'header.revision' }))).toMatchObject({
      succeeded: true,
    });
    await play(
      put('a', 'late', { ref: 'a1' }),
      remove('a', { ref: 'a1' }),
      remove('a', { ref: 'a2' }),
      remove('a', { ref: 'a2' }),
    );
    // A create that comes after the delete of the same name counts from one.
    await play(put('a', 'v3', 0), get(key('a')), remove('nobody', 0), put('nobody', 'x', 5));
    // The conditional delete that watches what it deleted, and the guarded update of a lease's object.
    await play({ call: 'Lease.LeaseGrant', request: { TTL: 3600, ID: 7001 }, bind: { lease: 'ID' } });
    await play(named(put('event', 'e1', 0, { ref: 'lease' }), { e1: 'header.revision' }), get(key('event')));
    // Ids of our own, for they count in the hash at the end. Several objects share a lease; an update may move an object to another one.
    await play({ call: 'Lease.LeaseGrant', request: { TTL: 3600, ID: 7002 }, bind: { other: 'ID' } });
    await play(put('event', 'e2', { ref: 'e1' }, { ref: 'other' }), put('event2', 'e', 0, { ref: 'lease' }));
    await play({ call: 'Lease.LeaseTimeToLive', request: { ID: { ref: 'lease' }, keys: true } });
    await play({ call: 'Lease.LeaseTimeToLive', request: { ID: { ref: 'other' }, keys: true } });
    await play(
      { call: 'Lease.LeaseRevoke', request: { ID: { ref: 'other' } } },
      get(key('event')),
      get(key('event2')),
    );
    await play(put('late', 'x', 0, { ref: 'other' }));
  });

  it('lists in pages that all show one revision, while others write', async () => {
    for (let i = 0; i < 25; i++) await play(put(`p${String(i).padStart(2, '0')}`, `v${i}`, 0));
    const page = (from: string, revision?: Ref): Step => ({
      call: 'KV.Range',
      request: {
        key: from,
        range_end: end,
        limit: 10,
        ...(revision !== undefined && { revision: revision as unknown as number }),
      },
      bind: { page: 'header.revision' },
    });
    const keysOf = (answer: Fields): string[] =>
      (answer['kvs'] as readonly Fields[]).map((kv) => String(kv['key']));
    const first = await ask({ ...page(prefix), bind: { list: 'header.revision' } } as Step);
    expect(first).toMatchObject({ more: true, count: 27 });
    const seen = keysOf(first);
    await play(
      remove('p20', 0),
      { call: 'KV.DeleteRange', request: { key: key('p20') } },
      put('p99', 'new', 0),
    );
    for (let more = true; more;) {
      // The continue key is the last one and a zero.
      const next = await ask(page(`${seen.at(-1)}\0`, { ref: 'list' }));
      seen.push(...keysOf(next));
      more = next['more'] === true;
    }
    expect(seen).toHaveLength(27);
    expect(new Set(seen).size).toBe(27);
    expect(seen).toContain(key('p20'));
    await play(
      { call: 'KV.Range', request: { key: prefix, range_end: end, count_only: true } },
      { call: 'KV.Range', request: { key: prefix, range_end: end, limit: 1, revision: { ref: 'list' } } },
      { call: 'KV.Range', request: { key: prefix, range_end: end, serializable: true, limit: 3 } },
      { call: 'KV.Range', request: { key: '/registry/services/', range_end: '/registry/services0' } },
      {
        call: 'KV.Range',
        request: { key: `${prefix}\0`, range_end: end, limit: 500, revision: { ref: 'revision', plus: 1 } },
      },
      { call: 'KV.Range', request: { key: prefix, range_end: end, keys_only: true, limit: 2 } },
    );
  });

  it('watches from the revision of its list, with what was before, a leader, and progress on request', async () => {
    const watch: Step = {
      send: 'w',
      request: {
        create_request: {
          key: prefix,
          range_end: end,
          start_revision: { ref: 'list', plus: 1 } as unknown as number,
          prev_kv: true,
        },
      },
    };
    await play({ open: 'w', method: 'Watch.Watch', metadata: { hasleader: 'true' } }, watch, {
      settle: true,
    });
    await play(
      named(put('watched', 'v1', 0), { w1: 'header.revision' }),
      put('watched', 'v2', { ref: 'w1' }),
      { call: 'KV.DeleteRange', request: { key: key('watched') } },
      { call: 'KV.Put', request: { key: '/registry/other/x', value: 'not seen' } },
      { settle: true },
    );
    // Consistent lists from the watch cache ask for progress and wait for a revision that is at least the newest.
    for (let i = 0; i < 3; i++) {
      await play({ call: 'KV.Put', request: { key: '/registry/other/x', value: `${i}` } });
      await play({ send: 'w', request: { progress_request: {} } }, { settle: true });
    }
    // One that begins in the future, and one on a single object.
    await play(
      { open: 'v', method: 'Watch.Watch', metadata: { hasleader: 'true' } },
      {
        send: 'v',
        request: {
          create_request: {
            key: key('p01'),
            start_revision: { ref: 'revision', plus: 2 } as unknown as number,
            prev_kv: true,
          },
        },
      },
      { settle: true },
      { call: 'KV.Put', request: { key: key('p01'), value: 'too early' } },
      { call: 'KV.Put', request: { key: key('p01'), value: 'just in time' } },
      { settle: true },
      { cancel: 'v' },
      { cancel: 'w' },
      { settle: true },
    );
    // Progress that nobody asks for comes when it comes: it is looked at on a stream of its own, and not compared.
    await play(
      { open: 'n', method: 'Watch.Watch', metadata: { hasleader: 'true' } },
      {
        send: 'n',
        request: { create_request: { key: prefix, range_end: end, prev_kv: true, progress_notify: true } },
      },
    );
    const logs = pair.sides.map((side) => must(side.streams.get('n')));
    await eventually('progress', async () => {
      for (const { messages } of logs) expect(messages.length).toBeGreaterThanOrEqual(3);
    });
    for (const { messages } of logs) {
      const { revision } = must(messages[0])['header'] as Fields;
      for (const one of messages.slice(1)) {
        expect(one).toMatchObject({ header: { revision } });
        expect(one).not.toHaveProperty('events');
      }
    }
    await play({ cancel: 'n' });
    await eventually('the end of the stream', async () => {
      for (const { ended } of logs) expect(ended).toBeDefined();
    });
    for (const side of pair.sides) side.forgetMessages();
  });

  it('compacts as one of several API servers that agree by a key’s version', async () => {
    const compactAt = (version: number): Step => ({
      call: 'KV.Txn',
      request: {
        compare: [versionIs(compactKey, version)],
        success: [{ request_put: { key: compactKey, value: 'revision' } }],
        failure: [range(compactKey)],
      },
      bind: { compacted: 'header.revision' },
    });
    await play(compactAt(0), compactAt(0), compactAt(1), compactAt(1));
    expect(await ask(compactAt(1))).toMatchObject({
      responses: [{ response_range: { kvs: [{ key: compactKey, version: 2 }] } }],
    });
    await play(
      { call: 'KV.Compact', request: { revision: { ref: 'compacted' } } },
      { call: 'KV.Compact', request: { revision: { ref: 'list' } } },
    );
    // A page and a watch that were too slow.
    await play(
      { call: 'KV.Range', request: { key: prefix, range_end: end, limit: 10, revision: { ref: 'list' } } },
      { open: 'late', method: 'Watch.Watch', metadata: { hasleader: 'true' } },
      {
        send: 'late',
        request: {
          create_request: {
            key: prefix,
            range_end: end,
            start_revision: { ref: 'list' } as unknown as number,
            prev_kv: true,
          },
        },
      },
      { settle: true },
      { cancel: 'late' },
      { settle: true },
    );
  });

  it('asks how the member is, and finds a version that it trusts with progress requests', async () => {
    await play({ call: 'Maintenance.Status' }, get('health'), {
      call: 'KV.Range',
      request: { key: 'health', serializable: true },
    });
    for (const side of pair.sides) {
      const answer = await side.unary({ call: 'Maintenance.Status' });
      const [major, minor, patch] = String('ok' in answer && answer.ok['version'])
        .split('.')
        .map(Number);
      expect(major! * 1e6 + minor! * 1e3 + patch!).toBeGreaterThanOrEqual(3_005_013);
    }
    // Kubernetes 1.37 tries the stream first, and falls back when there is none; drydock has it.
    const drydock = pair.sides[1];
    drydock.open('list', 'KV.RangeStream');
    drydock.send('list', { key: prefix, range_end: end });
    drydock.halfClose('list');
    await sleep(300);
    const stream = drydock.streams.get('list')!;
    expect(stream.ended).toMatchObject({ code: 0 });
    const kvs = stream.messages.flatMap((one) => (one['range_response'] as Fields)['kvs'] ?? []);
    expect(kvs.length).toBeGreaterThan(20);
    await play({ call: 'Maintenance.HashKV' });
  });
});
