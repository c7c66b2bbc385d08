import { describe, expect, it } from 'vitest';

import { noMember } from '../../src/etcd/client.ts';
import { parseRequestInfo } from '../../src/apiserver/request-info.ts';
import { Harness, configMap, configMaps, pods, pod } from './harness.ts';
import { StoreClient, unavailable } from './store-client.ts';
import { settle, testPlatform } from './test-platform.ts';

describe('request lines', () => {
  const cases: readonly (readonly [string, string, object])[] = [
    ['GET', '/api/v1/pods', { verb: 'list', group: '', version: 'v1', resource: 'pods' }],
    ['GET', '/api/v1/pods?watch=true', { verb: 'watch' }],
    ['GET', '/api/v1/pods?watch=false', { verb: 'list' }],
    ['GET', '/api/v1/watch/namespaces/n/pods', { verb: 'watch', namespace: 'n', resource: 'pods' }],
    ['GET', '/api/v1/namespaces', { verb: 'list', resource: 'namespaces' }],
    ['GET', '/api/v1/namespaces/n', { verb: 'get', resource: 'namespaces', name: 'n' }],
    [
      'PUT',
      '/api/v1/namespaces/n/finalize',
      { verb: 'update', resource: 'namespaces', name: 'n', subresource: 'finalize' },
    ],
    ['GET', '/api/v1/namespaces/n/pods/p', { verb: 'get', namespace: 'n', resource: 'pods', name: 'p' }],
    ['POST', '/api/v1/namespaces/n/pods/p/binding', { verb: 'create', name: 'p', subresource: 'binding' }],
    [
      'DELETE',
      '/apis/a.b/v1/namespaces/n/leases',
      { verb: 'deletecollection', group: 'a.b', resource: 'leases' },
    ],
    ['DELETE', '/apis/a.b/v1/namespaces/n/leases/l', { verb: 'delete', name: 'l' }],
    ['GET', '/api/v1', { isResource: false }],
    ['GET', '/apis/a.b/v1', { isResource: false }],
    ['GET', '/healthz', { isResource: false }],
  ];
  for (const [method, path, expected] of cases) {
    it(`${method} ${path}`, () => expect(parseRequestInfo(method, path)).toMatchObject(expected));
  }
});

describe('who may what', () => {
  it('is nothing but health and version without a certificate', async () => {
    const h = await Harness.start();
    const anonymous = { identity: null };
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await h.call('GET', path, undefined, anonymous)).status, path).toBe(200);
    }
    for (const path of [pods, '/api', '/openapi/v3', '/']) {
      const { status, json } = await h.call('GET', path, undefined, anonymous);
      expect([status, json['reason']], path).toEqual([401, 'Unauthorized']);
    }
  });

  it('is its own node, lease and the status of pods for a kubelet', async () => {
    const h = await Harness.start();
    const identity = { user: 'system:node:n1', groups: ['system:nodes'] };
    const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
    expect((await h.call('POST', '/api/v1/nodes', node('n1'), { identity })).status).toBe(201);
    await h.must('POST', '/api/v1/nodes', node('n2'));
    await h.must('POST', pods, pod('p'));
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patch = (path: string) => h.call('PATCH', path, { status: {} }, { identity, headers });
    expect((await patch('/api/v1/nodes/n1/status')).status).toBe(200);
    expect((await patch('/api/v1/nodes/n2/status')).status).toBe(403);
    expect((await patch(`${pods}/p/status`)).status).toBe(200);
    expect((await patch(`${pods}/p`)).json['message']).toBe(
      'pods "p" is forbidden: User "system:node:n1" cannot patch resource "pods" in API group "" in the namespace "default"',
    );
    expect((await h.call('GET', pods, undefined, { identity })).status).toBe(200);
  });
});

describe('the server', () => {
  it('makes the system namespaces, whoever of several comes first', async () => {
    const etcd = new StoreClient();
    const servers = await Promise.all(
      [1, 2, 3].map((seed) => Harness.start({ etcd, platform: testPlatform(seed) })),
    );
    await settle();
    const list = await servers[0]!.must('GET', '/api/v1/namespaces');
    expect(list['items'].map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ]);
    expect(etcd.store.revision).toBe(5);
    for (const h of servers) expect((await h.get('/readyz')).text).toBe('ok');
  });

  it('is alive but not ready while the store has no leader', async () => {
    const h = await Harness.start();
    h.etcd.leader = noMember;
    expect((await h.get('/readyz')).status).toBe(500);
    expect((await h.get('/readyz')).text).toContain('[-]etcd failed: etcd has no leader');
    expect((await h.get('/livez')).text).toBe('ok');
    expect((await h.get('/readyz/ping')).text).toBe('ok');
    expect((await h.get('/readyz?verbose&exclude=etcd')).text).toContain('readyz check passed');
  });

  it('does not become ready before the store can be written', async () => {
    const etcd = new StoreClient();
    etcd.beforeTxn = () => {
      throw unavailable();
    };
    const h = await Harness.start({ etcd });
    expect((await h.get('/readyz')).status).toBe(500);
    etcd.beforeTxn = undefined;
    await h.platform.clock.advance(3_000);
    expect((await h.get('/readyz')).status).toBe(200);
  });

  it('tells what it serves, and nothing that it does not', async () => {
    const h = await Harness.start();
    const core = await h.must('GET', '/api/v1');
    for (const resource of core['resources'] as { name: string; namespaced: boolean; verbs: string[] }[]) {
      if (resource.name.includes('/') || !resource.verbs.includes('list')) continue;
      expect((await h.get(`/api/v1/${resource.name}`)).status, resource.name).toBe(200);
    }
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const first = await h.get('/apis', { accept });
    expect(first.headers['content-type']).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const again = await h.get('/apis', { accept, 'if-none-match': first.headers['etag']! });
    expect([again.status, again.text]).toEqual([304, '']);
    expect((await h.get('/apis')).json['kind']).toBe('APIGroupList');
    const paths = (await h.must('GET', '/'))['paths'] as string[];
    for (const path of paths) expect((await h.get(path)).status, path).toBe(200);
    const unknown = await h.get('/apis/metrics.k8s.io/v1');
    expect([unknown.status, unknown.text]).toEqual([404, '404 page not found\n']);
    const review = await h.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {});
    expect([review.status, review.text]).toEqual([404, '404 page not found\n']);
    expect((await h.call('POST', `${configMaps}/x`, configMap('x'))).json['reason']).toBe('MethodNotAllowed');
  });

  it('publishes OpenAPI under URLs that can be kept for ever', async () => {
    const h = await Harness.start();
    const index = JSON.parse((await h.get('/openapi/v3')).text) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    for (const [path, { serverRelativeURL }] of Object.entries(index.paths)) {
      const document = await h.get(serverRelativeURL);
      expect([document.status, document.headers['cache-control']], path).toEqual([200, 'public, immutable']);
      expect(document.json['openapi']).toBe('3.0.0');
    }
  });

  it('answers people in lines and programs compactly', async () => {
    const h = await Harness.start();
    expect((await h.get('/api/v1/namespaces/default')).text).toMatch(
      /^\{"kind":"Namespace","apiVersion":"v1".*\}\n$/,
    );
    const pretty = await h.get('/api/v1/namespaces/default', { 'user-agent': 'curl/8.0' });
    expect(pretty.text).toMatch(/^\{\n  "kind": "Namespace",\n/);
    expect((await h.get(`${configMaps}?pretty=true`)).text).toContain('\n  "items": []\n}');
    expect(pretty.headers).toMatchObject({
      'cache-control': 'no-cache, private',
      'content-type': 'application/json',
    });
    expect(pretty.headers['audit-id']).toMatch(/^[0-9a-f]{32}$/);
    const onlyProtobuf = await h.get(configMaps, { accept: 'application/vnd.kubernetes.protobuf' });
    expect([onlyProtobuf.status, onlyProtobuf.json['message']]).toEqual([
      406,
      '406: Not Acceptable\n\nAvailable representations: application/json',
    ]);
    const unknownForm = await h.get(configMaps, { accept: 'application/json;as=Chart;v=v1;g=meta.k8s.io' });
    expect(unknownForm.json['message']).toBe('only the following media types are accepted: application/json');
  });

  it('warns of unknown fields, or refuses them when strict', async () => {
    const h = await Harness.start();
    const body = { ...configMap('a'), bogus: 1 };
    const strict = await h.call('POST', `${configMaps}?fieldValidation=Strict`, body);
    expect(strict.json['message']).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "bogus"',
    );
    expect((await h.call('POST', configMaps, body)).headers['warning']).toBe(
      '299 - "unknown field \\"bogus\\""',
    );
    expect(
      (await h.call('PUT', `${configMaps}/a?fieldValidation=Ignore`, body)).headers['warning'],
    ).toBeUndefined();
  });

  it('refuses bodies that are too large, too deep, or in no known form', async () => {
    const h = await Harness.start();
    expect(
      (await h.call('POST', configMaps, undefined, { raw: new Uint8Array(4 * 1024 * 1024) })).status,
    ).toBe(413);
    const deep = new TextEncoder().encode(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    expect((await h.call('POST', configMaps, undefined, { raw: deep })).status).toBe(400);
    const form = { headers: { 'content-type': 'text/csv' } };
    expect((await h.call('POST', configMaps, configMap('a'), form)).status).toBe(415);
  });

  it('gives up on a store that does not answer', async () => {
    const h = await Harness.start();
    h.etcd.beforeTxn = () => new Promise(() => {});
    const pending = h.call('POST', configMaps, configMap('a'));
    await h.platform.clock.advance(60_000);
    const { status, json } = await pending;
    expect([status, json['reason']]).toEqual([504, 'Timeout']);
  });

  it('keeps events for an hour and all else for ever', async () => {
    const h = await Harness.start();
    await h.must('POST', '/api/v1/namespaces/default/events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    });
    await h.must('POST', configMaps, configMap('a'));
    expect(h.etcd.store.leaseOf('/registry/events/default/e')).not.toBe(0n);
    expect(h.etcd.store.leaseOf('/registry/configmaps/default/a')).toBe(0n);
    expect(h.etcd.store.leases()).toMatchObject([{ ttlSeconds: 3_660 }]);
  });
});
