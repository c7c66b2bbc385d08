import { describe, expect, it } from 'vitest';

import { ApiError } from '../../src/api/status.ts';
import type { ConfigMap } from '../../src/api/types.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { configMaps, leases, nodes, pods } from '../../src/client/resources.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import { FakeApiServer, failure } from './fake-api-server.ts';
import { createFakePlatform, settle } from './fake-platform.ts';

const settings: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name: 'settings', uid: '', resourceVersion: '', creationTimestamp: '' },
  data: { color: 'red' },
};

function setup(ports: readonly number[] = [1]) {
  const platform = createFakePlatform();
  const { clock } = platform;
  const { http } = platform.network;
  const server = new FakeApiServer();
  for (const port of ports) http.handlers.set(port, server.handle);
  const client = createApiClient(platform, {
    servers: ports.map((port) => ({ host: 'server', port })),
    tls: 'none',
    userAgent: 'test',
    requestTimeoutMillis: 2_000,
    watchIdleMillis: 5_000,
  });
  return { clock, http, server, client };
}

async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
}

describe('a resource client', () => {
  it('builds the paths of the API', async () => {
    const { client, http, server } = setup();
    server.put('/api/v1/nodes', { metadata: { name: 'n1' } });
    server.put('/apis/coordination.k8s.io/v1/leases', { metadata: { namespace: 'kube-system', name: 'l' } });
    server.put('/api/v1/pods', { metadata: { namespace: 'default', name: 'p' } });
    await client.resource(nodes).get('n1');
    await client.resource(leases).get('l', 'kube-system');
    await client.resource(pods).list({ fieldSelector: 'spec.nodeName=n1', limit: 5 });
    await client.resource(pods).list({ namespace: 'default' });
    await outcomeOf(
      client.resource(pods).subresource('POST', 'p', 'binding', { namespace: 'default', body: {} }),
    );
    expect(http.requests).toEqual([
      '1 GET /api/v1/nodes/n1',
      '1 GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l',
      '1 GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=5',
      '1 GET /api/v1/namespaces/default/pods',
      '1 POST /api/v1/namespaces/default/pods/p/binding',
    ]);
  });

  it('creates, updates, patches and deletes', async () => {
    const { client, server } = setup();
    const maps = client.resource(configMaps);
    const created = await maps.create({ ...settings, metadata: { name: 'settings' } }, 'default');
    expect(created.metadata.namespace).toBe('default');
    const updated = await maps.update({ ...created, data: { color: 'blue' } });
    const patched = await maps.patch(
      'settings',
      { data: { size: 'L' } },
      { type: 'merge', namespace: 'default' },
    );
    expect(patched.data).toEqual({ color: 'blue', size: 'L' });
    const { resourceVersion } = updated.metadata;
    const stale = await outcomeOf(maps.delete('settings', { namespace: 'default', resourceVersion }));
    expect((stale as ApiError).reason).toBe('Conflict');
    await maps.delete('settings', { namespace: 'default', uid: created.metadata.uid });
    expect(server.objects('/api/v1/configmaps')).toEqual([]);
  });

  it('gives the items of a list their type, which lists leave out', async () => {
    const { client, server } = setup();
    server.put('/api/v1/configmaps', { metadata: { namespace: 'default', name: 'bare' } });
    const list = await client.resource(configMaps).list();
    expect(list.items.map(({ apiVersion, kind }) => [apiVersion, kind])).toEqual([['v1', 'ConfigMap']]);
  });

  it('turns a Status into an ApiError, and anything else into one by its code', async () => {
    const { client, server } = setup();
    const missing = (await outcomeOf(client.resource(nodes).get('n1'))) as ApiError;
    expect(missing).toBeInstanceOf(ApiError);
    expect([missing.code, missing.reason]).toEqual([404, 'NotFound']);
    server.intercept = () => ({
      status: 404,
      headers: {},
      body: new TextEncoder().encode('404 page not found\n'),
    });
    const plain = (await outcomeOf(client.resource(nodes).get('n1'))) as ApiError;
    expect([plain.reason, plain.message]).toEqual(['NotFound', '404 page not found']);
  });
});

describe('a watch', () => {
  it('delivers events whole however the bytes are cut, and ends with its signal', async () => {
    const { client, server } = setup();
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      const options = { resourceVersion: `${server.revision}`, signal: stop.signal };
      for await (const event of client.resource(configMaps).watch(options)) {
        seen.push(`${event.type} ${event.object.metadata.name}`);
      }
    })();
    await settle();
    server.put('/api/v1/configmaps', { ...settings });
    await settle();
    server.put('/api/v1/configmaps', { ...settings, data: {} });
    server.remove('/api/v1/namespaces/default/configmaps/settings');
    await settle();
    stop.abort();
    await watching;
    expect(seen).toEqual(['ADDED settings', 'MODIFIED settings', 'DELETED settings']);
  });

  it('throws Expired when it starts before what the server remembers', async () => {
    const { client, server } = setup();
    server.put('/api/v1/configmaps', { ...settings });
    server.compact();
    const next = client.resource(configMaps).watch({ resourceVersion: '1' })[Symbol.asyncIterator]().next();
    expect(((await outcomeOf(next)) as ApiError).reason).toBe('Expired');
  });

  it('is broken off when it hears nothing', async () => {
    const { client, clock, server } = setup();
    const options = { resourceVersion: `${server.revision}` };
    const next = outcomeOf(client.resource(configMaps).watch(options)[Symbol.asyncIterator]().next());
    await clock.advance(6_000);
    expect(((await next) as NetworkError).code).toBe('ETIMEDOUT');
  });
});

describe('several servers', () => {
  it('stays with one that works', async () => {
    const { client, http, server } = setup([1, 2]);
    server.put('/api/v1/nodes', { metadata: { name: 'n1' } });
    for (let i = 0; i < 3; i++) await client.resource(nodes).get('n1');
    expect(http.requests.every((request) => request.startsWith('1 '))).toBe(true);
  });

  it('reads from the next at once when one is dead, and stays there', async () => {
    const { client, http, server } = setup([1, 2]);
    server.put('/api/v1/nodes', { metadata: { name: 'n1' } });
    http.kill(1);
    await client.resource(nodes).get('n1');
    http.handlers.set(1, server.handle);
    await client.resource(nodes).get('n1');
    expect(http.requests).toEqual(['2 GET /api/v1/nodes/n1', '2 GET /api/v1/nodes/n1']);
  });

  it('C1: does not send again what may have been sent', async () => {
    const { client, http, clock } = setup([1, 2]);
    http.silent.add(1);
    const creating = outcomeOf(client.resource(configMaps).create(settings));
    await clock.advance(3_000);
    expect(((await creating) as NetworkError).code).toBe('ETIMEDOUT');
    expect(http.requests).toHaveLength(1);
    await client.resource(configMaps).create(settings);
    expect(http.requests.at(-1)).toMatch(/^2 POST/);
  });

  it('C1: sends a write elsewhere when the connection was refused', async () => {
    const { client, http } = setup([1, 2]);
    http.kill(1);
    await client.resource(configMaps).create(settings);
    expect(http.requests).toEqual(['2 POST /api/v1/namespaces/default/configmaps']);
  });

  it('leaves a server that has lost its store, but keeps a write that it refused', async () => {
    const { client, http, server } = setup([1, 2]);
    server.put('/api/v1/nodes', { metadata: { name: 'n1' } });
    http.handlers.set(1, async () => failure(503, 'ServiceUnavailable', 'no leader'));
    expect(((await outcomeOf(client.resource(configMaps).create(settings))) as ApiError).code).toBe(503);
    await client.resource(nodes).get('n1');
    expect(http.requests.at(-1)).toMatch(/^2 GET/);
  });

  it('gives up a read after one try per server', async () => {
    const { client, http, clock } = setup([1, 2, 3]);
    for (const port of [1, 2, 3]) http.silent.add(port);
    const reading = outcomeOf(client.resource(nodes).get('n1'));
    await clock.advance(10_000);
    expect(((await reading) as NetworkError).code).toBe('ETIMEDOUT');
    expect(http.requests).toHaveLength(3);
  });

  it('breaks the watches of a server that stopped answering requests', async () => {
    const { client, http, server, clock } = setup([1, 2]);
    const options = { resourceVersion: `${server.revision}` };
    const next = outcomeOf(client.resource(configMaps).watch(options)[Symbol.asyncIterator]().next());
    await settle();
    http.silent.add(1);
    const reading = outcomeOf(client.resource(nodes).list());
    await clock.advance(2_500);
    expect(await reading).toBe('resolved');
    expect(await next).toBeInstanceOf(NetworkError);
  });

  it('moves on once when many requests fail together', async () => {
    const { client, http, server } = setup([1, 2, 3]);
    server.put('/api/v1/nodes', { metadata: { name: 'n1' } });
    http.kill(1);
    await Promise.all([1, 2, 3, 4].map(() => client.resource(nodes).get('n1')));
    expect(http.requests.every((request) => request.startsWith('2 '))).toBe(true);
  });
});
