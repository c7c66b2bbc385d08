import { beforeEach, describe, expect, it } from 'vitest';

import type { HttpRequest } from '../../src/platform/http.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Json } from './harness.ts';
import { Harness, pod, pods, readText } from './harness.ts';
import { testPlatform } from './test-platform.ts';

const binding = (node: string): Json => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name: 'p' },
  target: { kind: 'Node', name: node },
});

const controllers = '/api/v1/namespaces/default/replicationcontrollers';
const controller: Json = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { b: '2', a: '1' },
    template: { metadata: { labels: { a: '1', b: '2' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

describe('pods/binding', () => {
  it('gives a pod to one node, once, however many schedulers race', async () => {
    const h = await Harness.start();
    await h.must('POST', pods, pod('p'));
    const nodes = ['n1', 'n2', 'n3', 'n4'];
    const answers = await Promise.all(
      nodes.map((node) => h.call('POST', `${pods}/p/binding`, binding(node))),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
    const winner = nodes[answers.findIndex(({ status }) => status === 201)];
    expect(answers.find(({ status }) => status === 409)!.json['message']).toBe(
      `Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "${winner}"`,
    );
    const bound = await h.must('GET', `${pods}/p`);
    expect(bound['spec'].nodeName).toBe(winner);
    expect(bound['status'].conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
  });

  it('refuses pods that end, that are missing, or that are another one', async () => {
    const h = await Harness.start();
    expect((await h.call('POST', `${pods}/p/binding`, binding('n1'))).status).toBe(404);
    await h.must('POST', pods, pod('p', { finalizers: ['example.com/x'] }));
    const other = { ...binding('n1'), metadata: { name: 'p', uid: 'other' } };
    expect((await h.call('POST', `${pods}/p/binding`, other)).status).toBe(409);
    await h.must('DELETE', `${pods}/p`);
    expect((await h.call('POST', `${pods}/p/binding`, binding('n1'))).json['message']).toContain(
      'is being deleted',
    );
  });
});

describe('status', () => {
  it('and spec are written apart', async () => {
    const h = await Harness.start();
    const created = await h.must('POST', pods, {
      ...pod('p'),
      status: { phase: 'Running', podIP: '1.2.3.4' },
    });
    expect(created['status'].phase).toBe('Pending');
    const status = { status: { phase: 'Running', podIP: '10.0.0.1' }, spec: { nodeName: 'x' } };
    const { json } = await h.patch(`${pods}/p/status`, status, 'strategic-merge-patch');
    expect([json['status'].podIP, json['spec'].nodeName]).toEqual(['10.0.0.1', undefined]);
    const changed = await h.patch(`${pods}/p`, {
      metadata: { labels: { a: 'b' } },
      status: { podIP: '1.1.1.1' },
    });
    expect([changed.json['status'].podIP, changed.json['metadata'].labels]).toEqual(['10.0.0.1', { a: 'b' }]);
    expect((await h.get(`${pods}/p/status`)).json['status'].podIP).toBe('10.0.0.1');
  });

  it('can be patched wherever discovery says there is one', async () => {
    const h = await Harness.start();
    const core = await h.must('GET', '/api/v1');
    const objects: Record<string, Json> = {
      pods: pod('x'),
      replicationcontrollers: { ...controller, metadata: { name: 'x' } },
      services: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'x' },
        spec: { ports: [{ port: 1 }] },
      },
      nodes: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'x' } },
      namespaces: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } },
    };
    for (const { name, namespaced } of core['resources'] as { name: string; namespaced: boolean }[]) {
      const [resource = '', subresource] = name.split('/');
      if (subresource !== 'status') continue;
      const path = `/api/v1/${namespaced ? 'namespaces/default/' : ''}${resource}`;
      await h.must('POST', path, objects[resource]);
      const condition = { type: 'Ready', status: 'True', lastTransitionTime: '2027-01-15T08:00:00Z' };
      const { json } = await h.patch(`${path}/x/status`, { status: { conditions: [condition] } });
      expect(json['status'].conditions, resource).toMatchObject([condition]);
    }
  });

  it('does not count as a change of what is wanted', async () => {
    const h = await Harness.start();
    await h.must('POST', controllers, controller);
    const status = await h.patch(`${controllers}/web/status`, { status: { replicas: 2 } });
    expect([status.json['status'].replicas, status.json['metadata'].generation]).toEqual([2, 1]);
    expect((await h.patch(`${controllers}/web`, { spec: { replicas: 3 } })).json['metadata'].generation).toBe(
      2,
    );
  });
});

describe('scale', () => {
  let h: Harness;
  beforeEach(async () => {
    h = await Harness.start();
    await h.must('POST', controllers, controller);
  });

  it('shows and sets the replicas', async () => {
    const scale = await h.must('GET', `${controllers}/web/scale`);
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'a=1,b=2' },
    });
    // kubectl sends this PUT without a Content-Type.
    const put = await h.must('PUT', `${controllers}/web/scale`, { ...scale, spec: { replicas: 5 } });
    expect(put['spec'].replicas).toBe(5);
    expect(
      (await h.call('PUT', `${controllers}/web/scale`, { ...scale, spec: { replicas: 6 } })).status,
    ).toBe(409);
    expect((await h.patch(`${controllers}/web/scale`, { spec: { replicas: 1 } })).json['spec'].replicas).toBe(
      1,
    );
    const stored = await h.must('GET', `${controllers}/web`);
    expect([stored['spec'].replicas, stored['metadata'].generation]).toEqual([1, 3]);
    expect((await h.patch(`${controllers}/web/scale`, { spec: { replicas: -1 } })).status).toBe(422);
  });
});

describe('pods/log', () => {
  it('is what the kubelet of the node sends, as it sends it', async () => {
    const asked: [Address, HttpRequest][] = [];
    const h = await Harness.start({
      platform: testPlatform(1, async (address, request) => {
        asked.push([address, request]);
        async function* body(): AsyncGenerator<Uint8Array> {
          yield new TextEncoder().encode('one\n');
          yield new TextEncoder().encode('two\n');
        }
        return { status: 200, headers: {}, body: body() };
      }),
    });
    await h.must('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: {
        addresses: [{ type: 'InternalIP', address: '10.0.0.7' }],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      },
    });
    await h.must('POST', pods, pod('p'));
    const early = await h.get(`${pods}/p/log`);
    expect(early.json['message']).toBe('pod p does not have a host assigned');
    await h.must('POST', `${pods}/p/binding`, binding('n1'));
    const response = await h.respond('GET', `${pods}/p/log?follow=true&tailLines=5&bogus=1`);
    expect(response.headers['content-type']).toBe('text/plain');
    expect(await readText(response.body)).toBe('one\ntwo\n');
    expect(asked).toMatchObject([
      [{ host: '10.0.0.7', port: 10250 }, { path: '/containerLogs/default/p/c?follow=true&tailLines=5' }],
    ]);
    const wrong = await h.get(`${pods}/p/log?container=nope`);
    expect(wrong.json['message']).toBe('container nope is not valid for pod p');
  });
});
