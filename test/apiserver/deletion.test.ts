import { beforeEach, describe, expect, it } from 'vitest';

import { Harness, configMap, configMaps, pod, pods } from './harness.ts';
import { settle } from './test-platform.ts';

describe('a DELETE', () => {
  let h: Harness;
  beforeEach(async () => {
    h = await Harness.start();
  });

  const scheduled = async (name: string, seconds = 20): Promise<void> => {
    await h.must(
      'POST',
      pods,
      pod(name, { spec: { nodeName: 'n1', terminationGracePeriodSeconds: seconds } }),
    );
  };

  it('removes at once and says what', async () => {
    const { metadata } = await h.must('POST', configMaps, configMap('a'));
    const { json } = await h.call('DELETE', `${configMaps}/a`);
    expect(json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: metadata.uid },
    });
    expect((await h.call('DELETE', `${configMaps}/a`)).json['message']).toBe('configmaps "a" not found');
  });

  it('gives a running pod its grace, and the kubelet the last word', async () => {
    await scheduled('p');
    const first = await h.must('DELETE', `${pods}/p`);
    expect(first['metadata']).toMatchObject({
      deletionGracePeriodSeconds: 20,
      deletionTimestamp: '2027-01-15T08:00:20Z',
    });
    await h.platform.clock.advance(5_000);
    expect(await h.must('DELETE', `${pods}/p`)).toEqual(first);
    const hurried = await h.must('DELETE', `${pods}/p`, { gracePeriodSeconds: 7 });
    expect(hurried['metadata'].deletionTimestamp).toBe('2027-01-15T08:00:07Z');
    expect(
      (await h.must('DELETE', `${pods}/p?gracePeriodSeconds=60`))['metadata'].deletionGracePeriodSeconds,
    ).toBe(7);

    const again = await h.call('POST', pods, pod('p'));
    expect(again.json['message']).toBe('object is being deleted: pods "p" already exists');
    const stranger = { gracePeriodSeconds: 0, preconditions: { uid: 'another pod of that name' } };
    expect((await h.call('DELETE', `${pods}/p`, stranger)).status).toBe(409);
    await h.must('DELETE', `${pods}/p`, {
      gracePeriodSeconds: 0,
      preconditions: { uid: first['metadata'].uid },
    });
    expect((await h.get(`${pods}/p`)).status).toBe(404);
  });

  it('removes a pod at once that no node has', async () => {
    await h.must('POST', pods, pod('p'));
    await h.must('DELETE', `${pods}/p`);
    expect((await h.get(`${pods}/p`)).status).toBe(404);
  });

  it('waits for finalizers, which nobody may add then', async () => {
    await h.must('POST', configMaps, configMap('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }));
    const watch = await h.watch(`${configMaps}?watch=1`);
    const marked = await h.must('DELETE', `${configMaps}/a`);
    expect(marked['metadata'].deletionTimestamp).toBeDefined();
    const added = await h.patch(`${configMaps}/a`, { metadata: { finalizers: ['example.com/c'] } });
    expect(added.status).toBe(422);
    await h.patch(`${configMaps}/a`, { metadata: { finalizers: ['example.com/b'] } });
    expect((await h.get(`${configMaps}/a`)).status).toBe(200);
    expect((await h.patch(`${configMaps}/a`, { metadata: { finalizers: null } })).status).toBe(200);
    expect((await h.get(`${configMaps}/a`)).status).toBe(404);
    await settle();
    expect(watch.summary()).toEqual(['ADDED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a']);
  });

  it('is refused when it was meant for another version', async () => {
    await h.must('POST', configMaps, configMap('a'));
    const { json } = await h.call('DELETE', `${configMaps}/a`, { preconditions: { resourceVersion: '1' } });
    expect(json).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(json['message']).toContain('the ResourceVersion in the precondition (1) does not match');
  });

  describe('of an object that owns others', () => {
    const controllers = '/api/v1/namespaces/default/replicationcontrollers';
    const web = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web', finalizers: ['example.com/mine'] },
      spec: {
        selector: { app: 'web' },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'c', image: 'host' }] },
        },
      },
    };
    const finalizersAfter = async (body: unknown, query = ''): Promise<unknown> =>
      (await h.must('DELETE', `${controllers}/web${query}`, body))['metadata'].finalizers;
    beforeEach(async () => {
      await h.must('POST', controllers, web);
    });

    it.each<[string, unknown, string, readonly string[]]>([
      ['Background', { propagationPolicy: 'Background' }, '', ['example.com/mine']],
      ['Foreground', { propagationPolicy: 'Foreground' }, '', ['example.com/mine', 'foregroundDeletion']],
      ['Orphan', undefined, '?propagationPolicy=Orphan', ['example.com/mine', 'orphan']],
      ["the kind's own policy", undefined, '', ['example.com/mine', 'orphan']],
      ['the deprecated orphanDependents', { orphanDependents: false }, '', ['example.com/mine']],
    ])('tells the garbage collector: %s', async (_name, body, query, finalizers) => {
      expect(await finalizersAfter(body, query)).toEqual(finalizers);
    });

    it('lets a second DELETE change the first ones mind', async () => {
      await finalizersAfter({ propagationPolicy: 'Foreground' });
      expect(await finalizersAfter(undefined)).toEqual(['example.com/mine', 'foregroundDeletion']);
      expect(await finalizersAfter({ propagationPolicy: 'Background' })).toEqual(['example.com/mine']);
      await h.patch(`${controllers}/web`, { metadata: { finalizers: null } });
      expect((await h.get(`${controllers}/web`)).status).toBe(404);
    });

    it('refuses a policy that is none', async () => {
      expect((await h.call('DELETE', `${controllers}/web?propagationPolicy=Sideways`)).status).toBe(422);
    });
  });

  it('of a namespace ends it in two steps, and nothing is made in it meanwhile', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
    await h.must('POST', '/api/v1/namespaces', namespace);
    await h.must('POST', '/api/v1/namespaces/n/configmaps', configMap('a'));
    const marked = await h.must('DELETE', '/api/v1/namespaces/n');
    expect([marked['status'].phase, marked['spec'].finalizers]).toEqual(['Terminating', ['kubernetes']]);
    const refused = await h.call('POST', '/api/v1/namespaces/n/configmaps', configMap('b'));
    expect(refused.json).toMatchObject({
      code: 403,
      message:
        'configmaps "b" is forbidden: unable to create new content in namespace n because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    });
    await h.must('DELETE', '/api/v1/namespaces/n/configmaps');
    await h.must('PUT', '/api/v1/namespaces/n/finalize', { ...namespace, spec: { finalizers: [] } });
    expect((await h.get('/api/v1/namespaces/n')).status).toBe(404);
    const immortal = await h.call('DELETE', '/api/v1/namespaces/default');
    expect(immortal.json['message']).toBe(
      'namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });
});
