import { describe, expect, it } from 'vitest';

import type { Json } from './harness.ts';
import { Harness } from './harness.ts';
import { StoreClient } from './store-client.ts';
import { testPlatform } from './test-platform.ts';

const services = '/api/v1/namespaces/default/services';
const service = (name: string, spec: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});

describe('cluster IPs', () => {
  it('are unique although three servers hand them out at once', async () => {
    const etcd = new StoreClient();
    const servers = await Promise.all(
      // The same seed: all three would choose the same addresses.
      [1, 1, 1].map(() => Harness.start({ etcd, platform: testPlatform(7), serviceCidr: '10.9.0.0/27' })),
    );
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => servers[i % 3]!.call('POST', services, service(`s${i}`))),
    );
    const ips = answers.map(({ json }) => json['spec'].clusterIP as string);
    expect(new Set(ips).size).toBe(30);
    expect(ips.every((ip) => /^10\.9\.0\.([1-9]|[12]\d|30)$/.test(ip))).toBe(true);

    const full = await servers[0]!.call('POST', services, service('one-more'));
    expect([full.status, full.json['message']]).toEqual([
      500,
      'Internal error occurred: failed to allocate a serviceIP: range is full',
    ]);
    await servers[1]!.must('DELETE', `${services}/s4`);
    expect((await servers[2]!.must('POST', services, service('one-more')))['spec'].clusterIP).toBe(ips[4]);
  });

  it('are those asked for, if they are free and in range', async () => {
    const h = await Harness.start();
    const asked = await h.must('POST', services, service('a', { clusterIP: '10.96.0.10' }));
    expect(asked['spec']).toMatchObject({ clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] });
    const taken = await h.call('POST', services, service('b', { clusterIP: '10.96.0.10' }));
    expect(taken.json['message']).toContain(
      'failed to allocate IP 10.96.0.10: provided IP is already allocated',
    );
    const outside = await h.call('POST', services, service('c', { clusterIP: '192.168.0.1' }));
    expect([outside.status, outside.json['details'].causes[0].field]).toEqual([422, 'spec.clusterIPs']);
    expect((await h.must('POST', services, service('d', { clusterIP: 'None' })))['spec'].clusterIP).toBe(
      'None',
    );
  });

  it('stay with their service, and go with it', async () => {
    const h = await Harness.start();
    const { spec } = await h.must('POST', services, service('a'));
    const updated = await h.must('PUT', `${services}/a`, service('a', { ports: [{ port: 81 }] }));
    expect(updated['spec'].clusterIP).toBe(spec.clusterIP);
    const claims = async (): Promise<number> =>
      (await h.etcd.range({ key: '/registry/ranges/', rangeEnd: '/registry/ranges0' })).count;
    expect(await claims()).toBe(1);
    await h.must('POST', `${services}?dryRun=All`, service('b'));
    expect(await claims()).toBe(1);
    await h.must('DELETE', `${services}/a`);
    expect(await claims()).toBe(0);
  });
});
