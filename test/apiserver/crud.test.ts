import { beforeEach, describe, expect, it } from 'vitest';

import { updateAttemptsMax } from '../../src/apiserver/storage.ts';
import { Harness, configMap, configMaps, pod, pods } from './harness.ts';

describe('objects', () => {
  let h: Harness;
  beforeEach(async () => {
    h = await Harness.start();
  });

  it('are created with the metadata that only the server sets', async () => {
    const { status, json } = await h.call('POST', configMaps, configMap('a', { x: '1' }));
    expect(status).toBe(201);
    expect(json['metadata']).toMatchObject({ name: 'a', namespace: 'default' });
    expect(json['metadata'].uid).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(json['metadata'].creationTimestamp).toBe('2027-01-15T08:00:00Z');
    expect(json['metadata'].resourceVersion).toBe(String(h.etcd.store.revision));
    expect(await h.must('GET', `${configMaps}/a`)).toEqual(json);
  });

  it('are stored as JSON without a resourceVersion', async () => {
    await h.must('POST', configMaps, configMap('a'));
    const { kvs } = await h.etcd.range({ key: '/registry/configmaps/default/a' });
    const stored = JSON.parse(new TextDecoder().decode(kvs[0]!.value));
    expect(stored.metadata).not.toHaveProperty('resourceVersion');
    expect(stored).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
  });

  it('need a namespace that exists', async () => {
    const { status, json } = await h.call('POST', '/api/v1/namespaces/nope/configmaps', configMap('a'));
    expect([status, json['message']]).toEqual([404, 'namespaces "nope" not found']);
  });

  it('cannot be made twice', async () => {
    await h.must('POST', configMaps, configMap('a'));
    const { json } = await h.call('POST', configMaps, configMap('a'));
    expect(json).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
    });
  });

  it('must agree with the URL', async () => {
    const elsewhere = await h.call('POST', configMaps, configMap('a', {}, { namespace: 'kube-system' }));
    expect(elsewhere.json['message']).toBe(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
    const renamed = await h.call('PUT', `${configMaps}/a`, configMap('b'));
    expect(renamed.json['message']).toBe('the name of the object (b) does not match the name on the URL (a)');
    const wrongKind = await h.call('POST', configMaps, pod('a'));
    expect(wrongKind.status).toBe(400);
  });

  it('get generated names, another one when the first is taken', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const { metadata } = await h.must('POST', configMaps, {
        ...configMap(''),
        metadata: { generateName: 'run-' },
      });
      names.add(metadata.name);
    }
    expect(names.size).toBe(5);
    expect([...names].every((name) => /^run-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name))).toBe(true);

    // Whatever name is drawn first is taken by someone else just before.
    let taken = 0;
    h.etcd.beforeTxn = ({ compare }) => {
      if (taken++ === 0) {
        h.etcd.store.put({
          key: compare[0]!.key,
          value: new TextEncoder().encode(JSON.stringify(configMap('x'))),
        });
      }
    };
    const { status } = await h.call('POST', configMaps, {
      ...configMap(''),
      metadata: { generateName: 'run-' },
    });
    expect([status, taken]).toEqual([201, 2]);
  });

  it('need a name', async () => {
    const { status, json } = await h.call('POST', configMaps, { ...configMap(''), metadata: {} });
    expect(status).toBe(422);
    expect(json['message']).toContain('name or generateName is required');
  });

  it('are not written by a dry run', async () => {
    const before = h.etcd.store.revision;
    expect((await h.call('POST', `${configMaps}?dryRun=All`, configMap('a'))).status).toBe(201);
    await h.must('GET', '/api/v1/namespaces/default');
    expect(h.etcd.store.revision).toBe(before);
    await h.must('POST', configMaps, configMap('a', { x: '1' }));
    const after = h.etcd.store.revision;
    expect(
      (await h.call('PUT', `${configMaps}/a?dryRun=All`, configMap('a', { x: '2' }))).json['data'],
    ).toEqual({ x: '2' });
    expect((await h.call('DELETE', `${configMaps}/a?dryRun=All`)).status).toBe(200);
    expect(h.etcd.store.revision).toBe(after);
    expect((await h.call('POST', `${configMaps}?dryRun=Some`, configMap('b'))).status).toBe(400);
  });

  it('are replaced whole, with a new resourceVersion and the same identity', async () => {
    const first = await h.must('POST', configMaps, configMap('a', { x: '1' }, { labels: { l: '1' } }));
    const second = await h.must('PUT', `${configMaps}/a`, configMap('a', { y: '2' }));
    expect(second['data']).toEqual({ y: '2' });
    expect(second['metadata'].labels).toBeUndefined();
    expect(second['metadata'].uid).toBe(first['metadata'].uid);
    expect(Number(second['metadata'].resourceVersion)).toBeGreaterThan(
      Number(first['metadata'].resourceVersion),
    );
  });

  it('are not written when nothing changes', async () => {
    const first = await h.must('POST', configMaps, configMap('a', { x: '1' }));
    const before = h.etcd.store.revision;
    expect(await h.must('PUT', `${configMaps}/a`, configMap('a', { x: '1' }))).toEqual(first);
    expect(await h.must('PUT', `${configMaps}/a`, first)).toEqual(first);
    expect(h.etcd.store.revision).toBe(before);
  });

  it('refuse a write that is based on an older version', async () => {
    const first = await h.must('POST', configMaps, configMap('a', { x: '1' }));
    await h.must('PUT', `${configMaps}/a`, { ...first, data: { x: '2' } });
    const { json } = await h.call('PUT', `${configMaps}/a`, { ...first, data: { x: '3' } });
    expect(json).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
    const other = { ...first, metadata: { ...first['metadata'], uid: 'other', resourceVersion: '' } };
    expect((await h.call('PUT', `${configMaps}/a`, other)).status).toBe(409);
  });

  it('lose no update when two writers meet', async () => {
    await h.must('POST', configMaps, configMap('a', { x: '1' }));
    let other: Promise<unknown> | undefined;
    h.etcd.beforeTxn = async () => {
      if (other !== undefined) return;
      other = Promise.resolve();
      await h.patch(`${configMaps}/a`, { data: { y: '2' } });
    };
    await h.patch(`${configMaps}/a`, { data: { z: '3' } });
    expect((await h.must('GET', `${configMaps}/a`))['data']).toEqual({ x: '1', y: '2', z: '3' });
  });

  it('give up after a bounded number of lost races, with a conflict', async () => {
    await h.must('POST', configMaps, configMap('a', { x: '1' }));
    let writes = 0;
    h.etcd.beforeTxn = () => {
      const object = configMap('a', { other: String(writes++) }, { namespace: 'default', uid: 'u' });
      const value = new TextEncoder().encode(JSON.stringify(object));
      h.etcd.store.put({ key: '/registry/configmaps/default/a', value });
    };
    expect((await h.patch(`${configMaps}/a`, { data: { y: '2' } })).json['reason']).toBe('Conflict');
    expect(writes).toBe(updateAttemptsMax);
  });

  it('tell the client to ask again when the outcome of a write is unknown, and try nothing again', async () => {
    const { unavailable } = await import('./store-client.ts');
    h.etcd.afterTxn = () => {
      h.etcd.afterTxn = undefined;
      throw unavailable();
    };
    const before = h.etcd.txnCount;
    const { json, status } = await h.call('POST', configMaps, configMap('a'));
    expect([status, json['reason'], h.etcd.txnCount - before]).toEqual([504, 'Timeout', 1]);
    expect((await h.get(`${configMaps}/a`)).status).toBe(200);
  });

  it('must have a resourceVersion on update where the kind says so, and may be made by PUT where it says so', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { holderIdentity: 'a' },
    };
    const created = await h.call('PUT', `${leases}/l`, lease);
    expect(created.status).toBe(201);
    const { status, json } = await h.call('PUT', `${leases}/l`, lease);
    expect([status, json['details'].causes[0].field]).toEqual([422, 'metadata.resourceVersion']);
    expect((await h.call('PUT', `${configMaps}/none`, configMap('none'))).status).toBe(404);
  });
});

describe('patches', () => {
  let h: Harness;
  beforeEach(async () => {
    h = await Harness.start();
    await h.must('POST', configMaps, configMap('a', { x: '1', y: '1' }));
    await h.must('POST', pods, pod('p'));
  });

  it('merge', async () => {
    const { json } = await h.patch(`${configMaps}/a`, {
      data: { x: null, z: '3' },
      metadata: { labels: { l: '1' } },
    });
    expect([json['data'], json['metadata'].labels]).toEqual([{ y: '1', z: '3' }, { l: '1' }]);
  });

  it('apply JSON patch operations', async () => {
    const { json } = await h.patch(
      `${configMaps}/a`,
      [{ op: 'replace', path: '/data/x', value: '5' }],
      'json-patch',
    );
    expect(json['data'].x).toBe('5');
  });

  it('merge lists by key when strategic', async () => {
    const patch = { spec: { containers: [{ name: 'c', image: 'nginx' }] } };
    const { json, status } = await h.patch(`${pods}/p`, patch, 'strategic-merge-patch');
    expect(status).toBe(200);
    expect(json['spec'].containers).toHaveLength(1);
    expect(json['spec'].containers[0]).toMatchObject({ name: 'c', image: 'nginx' });
  });

  it('conflict only when they name a version', async () => {
    expect(
      (await h.patch(`${configMaps}/a`, { metadata: { resourceVersion: '1' }, data: { q: '1' } })).status,
    ).toBe(409);
    expect((await h.patch(`${configMaps}/a`, { metadata: { uid: 'x' }, data: { q: '1' } })).status).toBe(409);
  });

  it('need an object and a known form', async () => {
    expect((await h.patch(`${configMaps}/none`, {})).json['message']).toBe('configmaps "none" not found');
    const apply = await h.call(
      'PATCH',
      `${configMaps}/a`,
      {},
      { headers: { 'content-type': 'application/apply-patch+yaml' } },
    );
    expect([apply.status, apply.json['message']]).toEqual([415, '415: Unsupported Media Type']);
  });
});
