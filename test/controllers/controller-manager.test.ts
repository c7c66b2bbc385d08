import { describe, expect, it } from 'vitest';

import type { EndpointSlice, Lease, Node, Pod } from '../../src/api/types.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { ControllerManager } from '../../src/controllers/controller-manager.ts';
import { fastControllerTiming } from '../../src/controllers/timing.ts';
import type { ControllerTiming } from '../../src/controllers/timing.ts';
import { FakeApiServer } from '../client/fake-api-server.ts';
import { createFakePlatform, FakeClock, FakeHttp } from '../client/fake-platform.ts';
import { node, ownedByWeb, pod, replicationController, service } from './builders.ts';

const leaseTiming = { leaseDurationMillis: 4_000, renewDeadlineMillis: 3_000, retryPeriodMillis: 500 };

/** A cluster without kubelets and scheduler: the test plays them. */
function setup(managers = 1, timing: ControllerTiming = fastControllerTiming) {
  const clock = new FakeClock();
  const http = new FakeHttp();
  const server = new FakeApiServer();
  const stops = Array.from({ length: managers }, (_, port) => {
    http.handlers.set(port, server.handle);
    const platform = createFakePlatform({ clock, http, seed: port + 1 });
    const client = createApiClient(platform, {
      servers: [{ host: 's', port }],
      tls: 'none',
      userAgent: 'test',
      requestTimeoutMillis: 1_000,
    });
    const options = { client, identity: `manager-${port}`, timing, leaderElection: leaseTiming };
    const stop = new AbortController();
    const running = new ControllerManager(platform, options).run(stop.signal);
    return { stop, running };
  });
  const alive = new Set<string>();
  let beat = 0;
  const heartbeats = (): void => {
    beat++;
    for (const name of alive) {
      server.put('/apis/coordination.k8s.io/v1/leases', {
        kind: 'Lease',
        metadata: { namespace: 'kube-node-lease', name },
        spec: { holderIdentity: name, renewTime: `${beat}` },
      });
    }
  };
  const addNode = (name: string): void => {
    server.put('/api/v1/nodes', node(name));
    alive.add(name);
  };
  /** Lets time pass in seconds; kubelets renew, end terminating pods, and a scheduler uses `alive` in turn. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      heartbeats();
      for (const each of server.objects<Pod>('/api/v1/pods')) {
        const { nodeName } = each.spec;
        const path = `/api/v1/namespaces/default/pods/${each.metadata.name}`;
        const target = [...alive].find(
          (name) => (server.get<Node>(`/api/v1/nodes/${name}`)?.spec.taints ?? []).length === 0,
        );
        if (nodeName === undefined && target !== undefined) {
          const running = pod(each.metadata.name, { node: target, ready: true, ip: '10.0.0.1' });
          server.put('/api/v1/pods', { ...running, metadata: each.metadata });
        } else if (each.metadata.deletionTimestamp !== undefined && alive.has(nodeName ?? '')) {
          server.remove(path);
        }
      }
      await clock.advance(1_000);
    }
  };
  const pods = (): Pod[] => server.objects<Pod>('/api/v1/pods');
  const nodeOf = (name: string): Node => server.get<Node>(`/api/v1/nodes/${name}`)!;
  const end = async (): Promise<void> => {
    for (const { stop } of stops) stop.abort();
    await clock.advance(2_000);
    await Promise.all(stops.map(({ running }) => running));
  };
  return { clock, http, server, stops, alive, addNode, pass, pods, nodeOf, end };
}

const taintsOf = ({ spec }: Node): string[] =>
  (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);

describe('the controllers together', () => {
  it('move pods from a node that fell silent to one that lives', async () => {
    const { server, alive, addNode, pass, pods, nodeOf, end } = setup();
    addNode('n1');
    addNode('n2');
    server.put('/api/v1/replicationcontrollers', replicationController(2));
    await pass(3);
    expect(pods().map(({ spec }) => spec.nodeName)).toEqual(['n1', 'n1']);
    alive.delete('n1');
    await pass(6);
    expect(nodeOf('n1').status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('Unknown');
    expect(taintsOf(nodeOf('n1'))).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    expect(pods().every(({ status }) => status?.conditions?.[0]?.status === 'False')).toBe(true);
    await pass(4);
    const living = pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    expect(living.map(({ spec }) => spec.nodeName)).toEqual(['n2', 'n2']);
    // By default nobody claims that the pods behind a partition have ended.
    expect(pods()).toHaveLength(4);
    alive.add('n1');
    server.put('/api/v1/nodes', { ...nodeOf('n1'), status: node('n1').status });
    await pass(3);
    expect(taintsOf(nodeOf('n1'))).toEqual([]);
    expect(pods()).toHaveLength(2);
    await end();
  });

  it('give up stranded pods if the profile says so', async () => {
    const { server, alive, addNode, pass, pods, end } = setup(1, {
      ...fastControllerTiming,
      forceDeleteUnreachableAfterMillis: 3_000,
    });
    addNode('n1');
    addNode('n2');
    server.put('/api/v1/replicationcontrollers', replicationController(2));
    await pass(3);
    alive.delete('n1');
    await pass(20);
    expect(pods().map(({ spec }) => spec.nodeName)).toEqual(['n2', 'n2']);
    await end();
  });

  it('evict nobody when every node is silent, and give all a full grace period afterwards', async () => {
    const { server, alive, addNode, pass, pods, nodeOf, end } = setup();
    addNode('n1');
    addNode('n2');
    server.put('/api/v1/replicationcontrollers', replicationController(2));
    await pass(3);
    alive.clear();
    await pass(20);
    expect(taintsOf(nodeOf('n1'))).toEqual(['node.kubernetes.io/unreachable:NoSchedule']);
    alive.add('n2');
    server.put('/api/v1/nodes', { ...nodeOf('n2'), status: node('n2').status });
    await pass(3);
    alive.add('n1');
    server.put('/api/v1/nodes', { ...nodeOf('n1'), status: node('n1').status });
    await pass(10);
    expect(pods().every(({ metadata }) => metadata.deletionTimestamp === undefined)).toBe(true);
    expect(pods()).toHaveLength(2);
    await end();
  });

  it('delete the pods of a node that was removed', async () => {
    const { server, alive, addNode, pass, pods, end } = setup();
    addNode('n1');
    addNode('n2');
    server.put('/api/v1/replicationcontrollers', replicationController(1));
    await pass(3);
    alive.delete('n1');
    server.remove('/api/v1/nodes/n1');
    await pass(15);
    expect(pods().map(({ spec }) => spec.nodeName)).toEqual(['n2']);
    await end();
  });

  it('keep the endpoints of a service, and drop them with it', async () => {
    const { server, addNode, pass, end } = setup();
    const slices = () => server.objects<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices');
    addNode('n1');
    server.put('/api/v1/services', service());
    await pass(2);
    expect(slices().map(({ endpoints }) => endpoints)).toEqual([[]]);
    server.put('/api/v1/replicationcontrollers', replicationController(2));
    await pass(4);
    expect(slices().flatMap(({ endpoints }) => endpoints)).toHaveLength(2);
    server.remove('/api/v1/namespaces/default/services/web');
    await pass(2);
    expect(slices()).toEqual([]);
    await end();
  });

  it('delete the pods of a controller that is gone, and spare those it orphaned', async () => {
    const { server, addNode, pass, pods, end } = setup();
    addNode('n1');
    const web = replicationController(2);
    server.put('/api/v1/replicationcontrollers', web);
    await pass(3);
    server.remove('/api/v1/namespaces/default/replicationcontrollers/web');
    await pass(3);
    expect(pods()).toEqual([]);
    const metadata = { ...web.metadata, finalizers: ['orphan'], deletionTimestamp: '2026-11-23T00:00:00Z' };
    server.put('/api/v1/pods', pod('kept', { node: 'n1', metadata: ownedByWeb }));
    server.put('/api/v1/replicationcontrollers', { ...web, metadata });
    await pass(3);
    expect(server.objects('/api/v1/replicationcontrollers')).toEqual([]);
    expect(pods().map(({ metadata: { name, ownerReferences } }) => [name, ownerReferences])).toEqual([
      ['kept', []],
    ]);
    await end();
  });

  it('empty a namespace that is being deleted, then let it go', async () => {
    const { server, pass, end } = setup();
    const going = { name: 'default', deletionTimestamp: '2026-11-23T00:00:00Z' };
    server.put('/api/v1/configmaps', { kind: 'ConfigMap', metadata: { namespace: 'default', name: 'a' } });
    server.put('/api/v1/pods', pod('p', { node: 'n1' }));
    server.put('/api/v1/namespaces', {
      kind: 'Namespace',
      metadata: going,
      spec: { finalizers: ['kubernetes'] },
    });
    await pass(3);
    expect(server.objects('/api/v1/configmaps')).toEqual([]);
    // The pod is ending on its node: the namespace waits for it.
    expect(server.objects('/api/v1/namespaces')).toHaveLength(1);
    server.remove('/api/v1/namespaces/default/pods/p');
    await pass(3);
    expect(server.objects('/api/v1/namespaces')).toEqual([]);
    await end();
  });

  it('M5: run in one manager; another takes over when it stops or is cut off', async () => {
    const { http, server, stops, addNode, pass, pods, end } = setup(3);
    const holder = () =>
      server.get<Lease>('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager')
        ?.spec.holderIdentity;
    addNode('n1');
    await pass(3);
    expect(holder()).toMatch(/^manager-0_[0-9a-f]{8}$/);
    stops[0]!.stop.abort();
    await pass(3);
    const second = Number(/manager-(\d)/.exec(holder() ?? '')?.[1]);
    expect(second).not.toBe(0);
    http.silent.add(second);
    await pass(12);
    server.put('/api/v1/replicationcontrollers', replicationController(2));
    await pass(3);
    expect(holder()).toMatch(new RegExp(`^manager-${3 - second}_`));
    expect(pods()).toHaveLength(2);
    await end();
  });
});
