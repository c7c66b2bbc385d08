import { expect, it } from 'vitest';

import type { EndpointSlice, NewObject, Service } from '../../src/api/types.ts';
import type { ProxyBackend } from '../../src/proxy/proxy-backend.ts';
import { ServiceProxy } from '../../src/proxy/service-proxy.ts';
import { FakeApiClient } from '../kubelet/fake-api-client.ts';
import { simWorld } from '../kubelet/worlds.ts';
import { serviceOf, sliceOf } from './objects.ts';

/** Writes down what it is told. */
class RecordingBackend implements ProxyBackend {
  readonly calls: string[] = [];

  async apply(change: Parameters<ProxyBackend['apply']>[0]): Promise<void> {
    const set = change.set.map(({ key, endpoints }) => `${key}>${endpoints.map(({ ip }) => ip).join('+')}`);
    this.calls.push([...set, ...change.removed.map((key) => `-${key}`)].join(' '));
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}

it('tells its backend the differences, after both caches have synced, and closes it in the end', async () => {
  const world = await simWorld();
  await world.run(async () => {
    const { platform } = world;
    const api = new FakeApiClient();
    const backend = new RecordingBackend();
    const stop = new AbortController();
    api.put<Service>('services', serviceOf() as NewObject<Service>);
    api.put<EndpointSlice>('endpointslices', sliceOf(['127.20.0.2']) as NewObject<EndpointSlice>);
    const proxy = new ServiceProxy(platform, { client: api, nodeName: 'node-1', backend });
    const running = proxy.run(stop.signal);
    await platform.clock.sleep(1_000);

    api.put<EndpointSlice>(
      'endpointslices',
      sliceOf(['127.20.0.2', '127.20.0.3']) as NewObject<EndpointSlice>,
    );
    await platform.clock.sleep(1_000);
    // A change that the table does not show is not told.
    api.put<Service>('services', { ...serviceOf(), status: { note: 1 } } as NewObject<Service>);
    await platform.clock.sleep(1_000);

    api.down = true;
    await platform.clock.sleep(60_000);
    api.up();
    api.delete('services', 'web', 'default', 0);
    await platform.clock.sleep(60_000);
    stop.abort();
    await running;
    expect(backend.calls).toEqual([
      '127.96.0.10:80/TCP>127.20.0.2',
      '127.96.0.10:80/TCP>127.20.0.2+127.20.0.3',
      '-127.96.0.10:80/TCP',
      'close',
    ]);
  });
});
