import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ApiObject, ConfigMap } from '../../src/api/types.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { keyOf } from '../../src/client/informer.ts';
import { listNamespace } from '../../src/client/object-store.ts';
import { configMaps } from '../../src/client/resources.ts';
import { createInformer, Informers } from '../../src/client/shared-informer.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { createFakePlatform, settle } from './fake-platform.ts';

const collection = '/api/v1/configmaps';
const pathOf = (name: string): string => `/api/v1/namespaces/default/configmaps/${name}`;

function setup(seed = 1) {
  const platform = createFakePlatform({ seed });
  const { clock } = platform;
  const { http } = platform.network;
  const server = new FakeApiServer();
  http.handlers.set(1, server.handle);
  const client = createApiClient(platform, {
    servers: [{ host: 's', port: 1 }],
    tls: 'none',
    userAgent: 'test',
  });
  const put = (name: string, value = ''): ConfigMap =>
    server.put(collection, { kind: 'ConfigMap', metadata: { namespace: 'default', name }, data: { value } });
  return { platform, clock, http, server, client, put };
}

describe('an informer', () => {
  it('lists, follows, and tells its handlers', async () => {
    const { platform, client, server, put } = setup();
    put('a', '1');
    const informer = createInformer(client, platform, configMaps);
    const told: string[] = [];
    informer.addHandler({
      added: (object) => told.push(`added ${keyOf(object)}`),
      updated: (before, after) => told.push(`updated ${before.data?.['value']} to ${after.data?.['value']}`),
      deleted: (object) => told.push(`deleted ${keyOf(object)}`),
    });
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    expect(informer.synced).toBe(false);
    expect(await informer.waitForSync()).toBe(true);
    await settle();
    put('a', '2');
    put('b');
    server.remove(pathOf('a'));
    await settle();
    expect(told).toEqual(['added default/a', 'updated 1 to 2', 'added default/b', 'deleted default/a']);
    expect(informer.lister.list().map(keyOf)).toEqual(['default/b']);
    stop.abort();
    await running;
  });

  it('tells a late handler what is there', async () => {
    const { platform, client, put } = setup();
    put('a');
    const informer = createInformer(client, platform, configMaps);
    const stop = new AbortController();
    void informer.run(stop.signal);
    await informer.waitForSync();
    const told: string[] = [];
    informer.addHandler({ added: (object) => told.push(keyOf(object)) });
    expect(told).toEqual(['default/a']);
    stop.abort();
  });

  it('resumes a broken watch without another list', async () => {
    const { platform, client, clock, http, put } = setup();
    put('a');
    const informer = createInformer(client, platform, configMaps);
    const stop = new AbortController();
    void informer.run(stop.signal);
    await informer.waitForSync();
    await settle();
    http.breakConnections(1);
    put('b');
    await clock.advance(2_000);
    expect(informer.lister.list().map(keyOf)).toEqual(['default/a', 'default/b']);
    expect(http.requests.filter((request) => !request.includes('watch='))).toHaveLength(1);
    stop.abort();
  });

  it('lists again after 410 and tells exactly what it missed, a namesake as deleted and added', async () => {
    const { platform, client, clock, http, server, put } = setup();
    for (const name of ['same', 'changed', 'gone', 'remade']) put(name, '1');
    const informer = createInformer(client, platform, configMaps);
    const told: string[] = [];
    const stop = new AbortController();
    void informer.run(stop.signal);
    await informer.waitForSync();
    await settle();
    informer.addHandler({
      added: (object) => told.push(`added ${object.metadata.name}`),
      updated: (_before, after) => told.push(`updated ${after.metadata.name}`),
      deleted: (object) => told.push(`deleted ${object.metadata.name}`),
    });
    told.length = 0;
    http.breakConnections(1);
    put('changed', '2');
    server.remove(pathOf('gone'));
    server.remove(pathOf('remade'));
    put('remade', '1');
    put('new');
    server.compact();
    await clock.advance(5_000);
    expect(told).toEqual(['deleted gone', 'updated changed', 'added new', 'deleted remade', 'added remade']);
    stop.abort();
  });

  it('C2: does not take a list that is older than what it has', async () => {
    const { platform, client, clock, http, server, put } = setup();
    const informer = createInformer(client, platform, configMaps);
    const stop = new AbortController();
    void informer.run(stop.signal);
    await informer.waitForSync();
    await settle();
    put('a');
    await settle();
    const stale = new FakeApiServer();
    server.compact();
    http.handlers.set(1, async (request) =>
      (request.path.includes('watch') ? server : stale).handle({
        ...request,
        path: request.path.replace(/resourceVersion=\d+/, 'resourceVersion=1'),
      }),
    );
    http.breakConnections(1);
    await clock.advance(10_000);
    expect(informer.lister.list().map(keyOf)).toEqual(['default/a']);
    http.handlers.set(1, server.handle);
    put('b');
    await clock.advance(60_000);
    expect(informer.lister.list().map(keyOf)).toEqual(['default/a', 'default/b']);
    stop.abort();
  });

  it('backs off from a server that refuses, within bounds', async () => {
    const { platform, client, clock, http } = setup();
    http.handlers.clear();
    const informer = createInformer(client, platform, configMaps);
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    await clock.advance(10 * 60_000);
    const failures = platform.logger.lines.filter((line) => line === 'list or watch failed').length;
    // 0.8 s doubling to 30 s, each with up to half taken off: between 10 min / 30 s and 10 min / 15 s + 6.
    expect(failures).toBeGreaterThanOrEqual(20);
    expect(failures).toBeLessThanOrEqual(46);
    stop.abort();
    await running;
  });

  it('is shared by all who ask for the same selection', () => {
    const { platform, client } = setup();
    const informers = new Informers(client, platform);
    expect(informers.get(configMaps)).toBe(informers.get(configMaps));
    expect(informers.get(configMaps, { namespace: 'a' })).not.toBe(informers.get(configMaps));
  });

  it('equals the server in the end, whatever breaks on the way, and its handlers saw a consistent story', async () => {
    const names = ['a', 'b', 'c', 'd'] as const;
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('put' as const), name: fc.constantFrom(...names) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('remove' as const), name: fc.constantFrom(...names) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer(), async (steps, seed) => {
        const { platform, client, clock, http, server, put } = setup(seed);
        const informer = createInformer(client, platform, configMaps);
        const told = new Map<string, ApiObject>();
        informer.addHandler({
          added(object) {
            expect(told.has(keyOf(object))).toBe(false);
            told.set(keyOf(object), object);
          },
          updated(before, after) {
            expect(told.get(keyOf(after))).toBe(before);
            expect(after.metadata.uid).toBe(before.metadata.uid);
            expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(
              Number(before.metadata.resourceVersion),
            );
            told.set(keyOf(after), after);
          },
          deleted(object) {
            expect(told.get(keyOf(object))?.metadata.uid).toBe(object.metadata.uid);
            told.delete(keyOf(object));
          },
        });
        const stop = new AbortController();
        const running = informer.run(stop.signal);
        let value = 0;
        for (const each of steps) {
          if (each.do === 'put') put(each.name, `${value++}`);
          if (each.do === 'remove') server.remove(pathOf(each.name));
          if (each.do === 'break') http.breakConnections(1);
          if (each.do === 'end') server.endWatches();
          if (each.do === 'compact') server.compact();
          if (each.do === 'settle') await settle();
          if (each.do === 'advance') await clock.advance(1_000);
        }
        await clock.advance(60_000);
        expect(informer.lister.list()).toEqual(server.objects(collection));
        expect([...told.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))).toEqual(
          informer.lister.list(),
        );
        stop.abort();
        await running;
      }),
      { numRuns: 60 },
    );
  });
});

describe('listNamespace', () => {
  it('is the slice of one namespace, not of those whose names begin alike', async () => {
    const { platform, client, server } = setup();
    for (const namespace of ['a', 'a-b', 'a.b', 'ab', 'b']) {
      server.put(collection, { kind: 'ConfigMap', metadata: { namespace, name: 'x' } });
      server.put(collection, { kind: 'ConfigMap', metadata: { namespace, name: 'y' } });
    }
    const informer = createInformer(client, platform, configMaps);
    const stop = new AbortController();
    void informer.run(stop.signal);
    await informer.waitForSync();
    expect(listNamespace(informer.lister, 'a').map(keyOf)).toEqual(['a/x', 'a/y']);
    expect(listNamespace(informer.lister, 'a-b').map(keyOf)).toEqual(['a-b/x', 'a-b/y']);
    expect(listNamespace(informer.lister, 'none')).toEqual([]);
    stop.abort();
  });
});
