import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { watchCacheEventsMax } from '../../src/apiserver/watch-cache.ts';
import { watcherQueueMax } from '../../src/apiserver/watcher.ts';
import type { Json } from './harness.ts';
import { Harness, WatchClient, configMap, configMaps } from './harness.ts';
import { settle } from './test-platform.ts';

describe('a watch', () => {
  let h: Harness;
  beforeEach(async () => {
    h = await Harness.start();
  });

  it('from nothing tells what is there, then what happens', async () => {
    await h.must('POST', configMaps, configMap('a'));
    const watch = await h.watch(`${configMaps}?watch=true`);
    await settle();
    await h.must('POST', configMaps, configMap('b'));
    await h.patch(`${configMaps}/a`, { data: { x: '1' } });
    await h.must('DELETE', `${configMaps}/b`);
    await settle();
    expect(watch.summary()).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
    const [, added, , deleted] = watch.events;
    expect(deleted!.object['data']).toEqual(added!.object['data']);
    expect(deleted!.object['metadata'].resourceVersion).toBe(String(h.etcd.store.revision));
    expect(added!.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
  });

  it('from a resourceVersion starts after it', async () => {
    const a = await h.must('POST', configMaps, configMap('a'));
    await h.must('POST', configMaps, configMap('b'));
    const watch = await h.watch(`${configMaps}?watch=1&resourceVersion=${a['metadata'].resourceVersion}`);
    await h.must('POST', configMaps, configMap('c'));
    await settle();
    expect(watch.summary()).toEqual(['ADDED b', 'ADDED c']);
  });

  it('from a later resourceVersion than this server knows waits for it', async () => {
    const future = h.etcd.store.revision + 2;
    const watch = await h.watch(`${configMaps}?watch=1&resourceVersion=${future}`);
    for (const name of ['a', 'b', 'c']) await h.must('POST', configMaps, configMap(name));
    await settle();
    expect(watch.summary()).toEqual(['ADDED c']);
  });

  it('shows objects that start and stop matching as ADDED and DELETED', async () => {
    const watch = await h.watch(`${configMaps}?watch=1&labelSelector=app%3Dweb`);
    await h.must('POST', configMaps, configMap('a'));
    await h.patch(`${configMaps}/a`, { metadata: { labels: { app: 'web' } } });
    await h.patch(`${configMaps}/a`, { data: { x: '1' } });
    await h.patch(`${configMaps}/a`, { metadata: { labels: { app: 'db' } } });
    await h.patch(`${configMaps}/a`, { data: { x: '2' } });
    await settle();
    expect(watch.summary()).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(watch.events[2]!.object['metadata'].labels).toEqual({ app: 'web' });
    expect(watch.events[2]!.object['data']).toEqual({ x: '1' });
  });

  it('of one name or one namespace shows no other', async () => {
    const one = await h.watch(`${configMaps}?watch=1&fieldSelector=metadata.name%3Db`);
    const elsewhere = await h.watch('/api/v1/namespaces/kube-system/configmaps?watch=1');
    const all = await h.watch('/api/v1/configmaps?watch=1');
    for (const name of ['a', 'b']) await h.must('POST', configMaps, configMap(name));
    await settle();
    expect(one.summary()).toEqual(['ADDED b']);
    expect(elsewhere.summary()).toEqual([]);
    expect(all.summary()).toEqual(['ADDED a', 'ADDED b']);
  });

  it('from too far back ends with 410 Expired', async () => {
    const { metadata } = await h.must('POST', configMaps, configMap('a'));
    for (let i = 0; i < 2 * watchCacheEventsMax + 2; i++) {
      h.etcd.store.put({
        key: '/registry/configmaps/default/a',
        value: value(configMap('a', { i: String(i) })),
      });
    }
    await settle();
    const watch = await h.watch(`${configMaps}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    await settle();
    expect(watch.ended).toBe(true);
    expect(watch.events).toMatchObject([
      { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
    ]);
  });

  it('goes on over a broken store watch, without gap or repetition', async () => {
    const watch = await h.watch(`${configMaps}?watch=1`);
    await h.must('POST', configMaps, configMap('a'));
    await settle();
    h.etcd.breakWatches();
    await h.must('POST', configMaps, configMap('b'));
    await h.platform.clock.advance(1_000);
    await h.must('POST', configMaps, configMap('c'));
    await settle();
    expect(watch.summary()).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
  });

  it('ends with 410 when the store forgot what happened meanwhile', async () => {
    const watch = await h.watch(`${configMaps}?watch=1`);
    h.etcd.breakWatches();
    await settle();
    await h.must('POST', configMaps, configMap('a'));
    await h.must('POST', configMaps, configMap('b'));
    await h.etcd.compact(h.etcd.store.revision);
    await h.platform.clock.advance(2_000);
    expect(watch.events.at(-1)).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    expect(watch.ended).toBe(true);
    const again = await h.watch(`${configMaps}?watch=1`);
    await settle();
    expect(again.summary()).toEqual(['ADDED a', 'ADDED b']);
  });

  it('ends when its client cannot keep up, and never waits for it', async () => {
    const response = await h.respond('GET', `${configMaps}?watch=1`);
    const slow = new WatchClient(response.body as AsyncIterable<Uint8Array>, { paused: true });
    for (let i = 0; i <= watcherQueueMax; i++) {
      h.etcd.store.put({ key: `/registry/configmaps/default/c${i}`, value: value(configMap(`c${i}`)) });
    }
    await settle();
    await slow.read();
    expect([slow.events.length, slow.ended]).toEqual([watcherQueueMax, true]);
  });

  it('ends at its timeout, with a bookmark shortly before if wanted', async () => {
    const watch = await h.watch(`${configMaps}?watch=1&allowWatchBookmarks=true&timeoutSeconds=100`);
    await h.must('POST', '/api/v1/namespaces/kube-system/configmaps', configMap('elsewhere'));
    await h.platform.clock.advance(99_000);
    const versions = watch.events.map(({ type, object }) => [type, object['metadata'].resourceVersion]);
    const now = String(h.etcd.store.revision);
    expect(versions).toEqual([
      ['BOOKMARK', now],
      ['BOOKMARK', now],
    ]);
    expect(watch.events[0]!.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
    await h.platform.clock.advance(1_000);
    expect(watch.ended).toBe(true);
  });

  it('ends when the server stops', async () => {
    const watch = await h.watch(`${configMaps}?watch=1`);
    await h.server.stop();
    await settle();
    expect(watch.ended).toBe(true);
  });

  it('lets go of what it holds when the client leaves, even unread', async () => {
    const response = await h.respond('GET', `${configMaps}?watch=1`);
    await (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().return?.();
    await h.must('POST', configMaps, configMap('a'));
    const watch = await h.watch(`${configMaps}?watch=1`);
    await watch.close();
    await settle();
    expect(watch.ended).toBe(true);
  });

  it('shows tables when asked, the columns once', async () => {
    await h.must('POST', configMaps, configMap('a'));
    const watch = await h.watch(`${configMaps}?watch=1`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    await h.must('POST', configMaps, configMap('b'));
    await settle();
    expect(
      watch.events.map(({ type, object }) => [type, object['kind'], object['rows'][0].cells[0]]),
    ).toEqual([
      ['ADDED', 'Table', 'a'],
      ['ADDED', 'Table', 'b'],
    ]);
    expect(watch.events[0]!.object['columnDefinitions'].length).toBeGreaterThan(0);
    expect(watch.events[1]!.object['columnDefinitions'] ?? []).toEqual([]);
  });
});

describe('WatchList', () => {
  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

  it('marks the end of the initial events', async () => {
    const h = await Harness.start();
    await h.must('POST', configMaps, configMap('a'));
    const watch = await h.watch(`${configMaps}?${query}`);
    await settle();
    expect(watch.summary()).toEqual(['ADDED a', 'BOOKMARK']);
    const { metadata } = watch.events[1]!.object;
    expect(metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(Number(metadata.resourceVersion)).toBe(h.etcd.store.revision);
    await h.must('POST', configMaps, configMap('b'));
    await settle();
    expect(watch.summary().slice(2)).toEqual(['ADDED b']);
  });

  it('refuses what makes no sense', async () => {
    const h = await Harness.start();
    const refused = [
      'watch=1&sendInitialEvents=true',
      'watch=1&resourceVersionMatch=NotOlderThan',
      'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=1',
    ];
    for (const text of refused) expect((await h.get(`${configMaps}?${text}`)).status, text).toBe(422);
  });

  it('waits for the asked revision, and says so when it does not come', async () => {
    const h = await Harness.start();
    const pending = h.call('GET', `${configMaps}?${query}&resourceVersion=99999999`);
    await h.platform.clock.advance(4_000);
    const { status, json } = await pending;
    expect([status, json['details'].causes[0].reason]).toEqual([504, 'ResourceVersionTooLarge']);
  });
});

/** Applies a watch to a copy as an informer does. */
function replay(watch: WatchClient, from: ReadonlyMap<string, string>): Map<string, string> {
  const state = new Map(from);
  for (const { type, object } of watch.events) {
    const { name, resourceVersion } = object['metadata'] as { name: string; resourceVersion: string };
    if (type === 'DELETED') {
      expect(state.delete(name), `${name} was there`).toBe(true);
    } else if (type === 'ADDED' || type === 'MODIFIED') {
      expect(state.has(name), `${type} ${name}`).toBe(type === 'MODIFIED');
      state.set(name, resourceVersion);
    }
  }
  return state;
}

function stateOf(list: Json): Map<string, string> {
  const items = list['items'] as { metadata: { name: string; resourceVersion: string } }[];
  return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

const name = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('put' as const), name, label: fc.constantFrom('x', 'y') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('watch' as const), selector: fc.constantFrom('', 'l=x') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('list and watch' as const),
      selector: fc.constantFrom('', 'l=x'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'break' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'settle' as const }) },
);

describe('any watch', () => {
  it('applied to where it started equals the list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const h = await Harness.start();
        const watches: { watch: WatchClient; selector: string; from: Map<string, string> }[] = [];
        let i = 0;
        for (const one of steps) {
          switch (one.do) {
            case 'put': {
              const object = configMap(one.name, { i: String(i++) }, { labels: { l: one.label } });
              const { status } = await h.call('PUT', `${configMaps}/${one.name}`, object);
              if (status === 404) await h.must('POST', configMaps, object);
              break;
            }
            case 'delete':
              await h.call('DELETE', `${configMaps}/${one.name}`);
              break;
            case 'watch': {
              const path = `${configMaps}?watch=1&labelSelector=${encodeURIComponent(one.selector)}`;
              const watch = await patiently(h, h.watch(path));
              watches.push({ watch, selector: one.selector, from: new Map() });
              break;
            }
            case 'list and watch': {
              const query = `labelSelector=${encodeURIComponent(one.selector)}`;
              const list = await patiently(h, h.must('GET', `${configMaps}?${query}`));
              const at = list['metadata'].resourceVersion as string;
              const watch = await patiently(
                h,
                h.watch(`${configMaps}?watch=1&resourceVersion=${at}&${query}`),
              );
              watches.push({ watch, selector: one.selector, from: stateOf(list) });
              break;
            }
            case 'break':
              h.etcd.breakWatches();
              break;
            case 'settle':
              await settle();
          }
        }
        await h.platform.clock.advance(1_000);
        for (const { watch, selector, from } of watches) {
          const list = await h.must('GET', `${configMaps}?labelSelector=${encodeURIComponent(selector)}`);
          expect(replay(watch, from)).toEqual(stateOf(list));
        }
        await h.server.stop();
      }),
      { numRuns: 60 },
    );
  });
});

/** Passes time while something waits for the cache to find its way back to the store. */
async function patiently<T>(h: Harness, pending: Promise<T>): Promise<T> {
  const waiting = Symbol('waiting');
  for (;;) {
    const first = await Promise.race([pending, settle().then(() => waiting)]);
    if (first !== waiting) return first as T;
    await h.platform.clock.advance(50);
  }
}

function value(object: Json): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ ...object, metadata: { ...object['metadata'], namespace: 'default' } }),
  );
}
