import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { must } from '../../src/base/assert.ts';
import { concatBytes, decodeUtf8 } from '../../src/base/bytes.ts';
import type { EndpointSlice, NewObject, Pod, ReplicationController, Service } from '../../src/api/types.ts';
import { Kubelet } from '../../src/kubelet/kubelet.ts';
import { fastKubeletTiming } from '../../src/kubelet/kubelet-options.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { mapServiceAddress } from '../../src/proxy/service-address.ts';
import { ServiceProxy } from '../../src/proxy/service-proxy.ts';
import { UserspaceBackend } from '../../src/proxy/userspace-backend.ts';
import { FakeApiClient } from './fake-api-client.ts';
import { osWorld } from './worlds.ts';

const manifest = new URL('../../scenarios/manifests/hello.yaml', import.meta.url);

async function get(platform: Platform, host: string): Promise<string> {
  // A service balances connections, so each request has one of its own.
  const headers = { connection: 'close' };
  const request = { method: 'GET', path: '/', headers, body: new Uint8Array(0) };
  const response = await platform.network.http.request({ host, port: 8080 }, request, { tls: 'none' });
  const chunks: Uint8Array[] = [];
  if (response.body instanceof Uint8Array) chunks.push(response.body);
  else for await (const chunk of response.body) chunks.push(chunk);
  return decodeUtf8(concatBytes(chunks));
}

it('the hello manifest answers through its service on a real node', async () => {
  const [controller, service] = parseAllDocuments(readFileSync(manifest, 'utf8')).map(
    (document) => document.toJS() as unknown,
  ) as [NewObject<ReplicationController>, NewObject<Service>];
  const template = must(controller.spec.template);
  expect(template.metadata?.labels).toMatchObject(controller.spec.selector ?? {});
  expect(template.metadata?.labels).toMatchObject(service.spec.selector ?? {});

  const world = await osWorld();
  const { platform } = world;
  const api = new FakeApiClient();
  const stop = new AbortController();
  const serviceAddress = (clusterIP: string) =>
    mapServiceAddress(clusterIP, '127.96.0.0/16', '127.98.0.0/16');
  const kubelet = new Kubelet(platform, {
    nodeName: 'node-1',
    client: api,
    listen: { host: '127.0.0.1', port: 23_590 },
    advertise: { host: '127.0.0.1', port: 23_590 },
    tls: 'none',
    podCidr: '127.22.0.0/24',
    dataDirectory: world.directory,
    programPath: `${dirname(process.execPath)}:${world.programPath}`,
    capacity: { cpu: '2', memory: '1Gi', pods: '10' },
    nodeInfo: {},
    timing: fastKubeletTiming,
    serviceAddress,
  });
  const backend = new UserspaceBackend(platform, { serviceAddress });
  const proxy = new ServiceProxy(platform, { client: api, nodeName: 'node-1', backend });
  const running = Promise.all([kubelet.run(stop.signal), proxy.run(stop.signal)]);
  const readyPods = (): Pod[] =>
    ['hello-a', 'hello-b']
      .map((name) => api.get<Pod>('pods', name, 'default'))
      .filter((pod): pod is Pod => pod?.status?.containerStatuses?.[0]?.ready === true);
  try {
    for (const name of ['hello-a', 'hello-b']) {
      const metadata = { ...template.metadata, name, namespace: 'default' };
      const spec = { ...template.spec, nodeName: 'node-1' };
      api.put<Pod>('pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    }
    for (let i = 0; i < 200 && readyPods().length < 2; i++) {
      await Promise.race([platform.clock.sleep(50), running]);
    }
    expect(readyPods()).toHaveLength(2);

    api.put<Service>('services', {
      ...service,
      metadata: { ...service.metadata, namespace: 'default' },
      spec: { ...service.spec, clusterIP: '127.96.0.10' },
    });
    api.put<EndpointSlice>('endpointslices', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'hello-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'hello' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: readyPods().map((pod) => ({ addresses: [must(pod.status?.podIP)] })),
    });
    await platform.clock.sleep(400);
    const answers = [await get(platform, '127.98.0.10'), await get(platform, '127.98.0.10')];
    expect(answers.toSorted()).toEqual(['hello from hello-a\n', 'hello from hello-b\n']);

    api.delete('pods', 'hello-a', 'default', 5);
    for (let i = 0; i < 100 && api.get('pods', 'hello-a', 'default') !== undefined; i++) {
      await platform.clock.sleep(50);
    }
    expect(api.get('pods', 'hello-a', 'default')).toBeUndefined();
  } finally {
    stop.abort();
    await running;
    await world.close();
  }
});
