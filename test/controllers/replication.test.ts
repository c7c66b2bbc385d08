import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { deferred } from '../../src/base/deferred.ts';
import type { Pod, ReplicationController } from '../../src/api/types.ts';
import { EventRecorder } from '../../src/client/event-recorder.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { Informers } from '../../src/client/shared-informer.ts';
import { isPodActive } from '../../src/controllers/pod-state.ts';
import { replication } from '../../src/controllers/replication.ts';
import { fastControllerTiming } from '../../src/controllers/timing.ts';
import type { HttpResponse } from '../../src/platform/http.ts';
import { FakeApiServer, failure } from '../client/fake-api-server.ts';
import { createFakePlatform, settle } from '../client/fake-platform.ts';
import { pod, replicationController } from './builders.ts';

const podPath = (name: string): string => `/api/v1/namespaces/default/pods/${name}`;
const webPath = '/api/v1/namespaces/default/replicationcontrollers/web';

async function setup() {
  const platform = createFakePlatform();
  const server = new FakeApiServer();
  /** While closed, watches of that resource deliver nothing: its cache is stale. */
  let gated = '';
  let gate = Promise.resolve();
  let open: (() => void) | undefined;
  const close = (resource: 'pods' | 'replicationcontrollers'): void => {
    if (open !== undefined) return;
    gated = `/${resource}?`;
    const opened = deferred<void>();
    gate = opened.promise;
    open = opened.resolve;
  };
  const reopen = (): void => {
    open?.();
    open = undefined;
  };
  platform.network.http.handlers.set(1, async (request) => {
    const response = await server.handle(request);
    return request.path.includes('watch=')
      ? delayed(response, () => (request.path.includes(gated) ? gate : Promise.resolve()))
      : response;
  });
  const client = createApiClient(platform, {
    servers: [{ host: 's', port: 1 }],
    tls: 'none',
    userAgent: 'test',
  });
  const informers = new Informers(client, platform, fastControllerTiming.informerBackoff);
  const stop = new AbortController();
  const recorder = new EventRecorder(platform, client, { component: 'test' });
  const { logger } = platform;
  const run = replication.start({
    platform,
    client,
    informers,
    recorder,
    timing: fastControllerTiming,
    logger,
  });
  const running = Promise.all([
    informers.run(stop.signal),
    informers.waitForSync().then(() => run(stop.signal)),
  ]);
  const scaleTo = (replicas: number): void => {
    const before = server.get<ReplicationController>(webPath);
    const { metadata, spec, ...rest } = before ?? replicationController(replicas);
    server.put('/api/v1/replicationcontrollers', {
      ...rest,
      metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 },
      spec: { ...spec, replicas },
    });
  };
  const pods = (): Pod[] => server.objects<Pod>('/api/v1/pods');
  const end = async (): Promise<void> => {
    reopen();
    stop.abort();
    await platform.clock.advance(1);
    await running;
  };
  return { platform, server, pods, scaleTo, close, open: reopen, end };
}

function delayed(response: HttpResponse, gate: () => Promise<void>): HttpResponse {
  const { body } = response;
  if (body instanceof Uint8Array) return response;
  return {
    ...response,
    body: (async function* () {
      for await (const chunk of body) {
        await gate();
        yield chunk;
      }
    })(),
  };
}

describe('the replication controller', () => {
  it('makes pods, replaces those that go, and writes what it sees', async () => {
    const { platform, server, pods, scaleTo, end } = await setup();
    scaleTo(3);
    await platform.clock.advance(100);
    expect(pods()).toHaveLength(3);
    server.remove(podPath(pods()[0]!.metadata.name));
    await platform.clock.advance(100);
    expect(pods()).toHaveLength(3);
    scaleTo(1);
    await platform.clock.advance(100);
    expect(pods()).toHaveLength(1);
    expect(server.get<ReplicationController>(webPath)?.status).toMatchObject({
      replicas: 1,
      observedGeneration: 3,
    });
    await end();
  });

  it('M1: writes nothing once all is well', async () => {
    const { platform, server, scaleTo, end } = await setup();
    scaleTo(3);
    await platform.clock.advance(1_000);
    server.writes.length = 0;
    await platform.clock.advance(60_000);
    expect(server.writes).toEqual([]);
    await end();
  });

  it('replaces a terminating pod at once', async () => {
    const { platform, server, pods, scaleTo, end } = await setup();
    scaleTo(1);
    await platform.clock.advance(100);
    const [first] = pods() as [Pod];
    const metadata = { ...first.metadata, deletionTimestamp: '2026-11-23T00:00:00Z' };
    server.put('/api/v1/pods', { ...first, metadata });
    await platform.clock.advance(100);
    expect(pods()).toHaveLength(2);
    expect(pods().filter(isPodActive)).toHaveLength(1);
    await end();
  });

  it('adopts an orphan instead of making a pod, and releases one that no longer matches', async () => {
    const { platform, server, pods, scaleTo, end } = await setup();
    server.put('/api/v1/pods', pod('orphan'));
    scaleTo(1);
    await platform.clock.advance(100);
    expect(pods().map(({ metadata }) => metadata.name)).toEqual(['orphan']);
    const [orphan] = pods() as [Pod];
    expect(orphan.metadata.ownerReferences).toHaveLength(1);
    server.put('/api/v1/pods', { ...orphan, metadata: { ...orphan.metadata, labels: { app: 'else' } } });
    await platform.clock.advance(100);
    expect(pods()).toHaveLength(2);
    expect(server.get(podPath('orphan'))?.metadata.ownerReferences).toEqual([]);
    await end();
  });

  it('M3: does not adopt for a controller that the cache alone still knows', async () => {
    const { platform, server, pods, scaleTo, close, end } = await setup();
    scaleTo(1);
    await platform.clock.advance(100);
    close('replicationcontrollers');
    server.remove(webPath);
    scaleTo(1);
    const twin = server.get<ReplicationController>(webPath)!;
    server.remove(webPath);
    server.put('/api/v1/replicationcontrollers', {
      ...twin,
      metadata: { ...twin.metadata, uid: 'a-namesake' },
    });
    server.put('/api/v1/pods', pod('orphan'));
    await platform.clock.advance(1_000);
    expect(server.get(podPath('orphan'))?.metadata.ownerReferences).toBeUndefined();
    expect(pods()).toHaveLength(2);
    await end();
  });

  it('tries a template that the server refuses with one pod, and says so in the status', async () => {
    const { platform, server, pods, scaleTo, end } = await setup();
    let refused = 0;
    const refusedAtStatus: number[] = [];
    server.intercept = ({ method, path }) => {
      if (path.endsWith('/status')) refusedAtStatus.push(refused);
      if (method !== 'POST' || !path.endsWith('/pods')) return undefined;
      refused++;
      return failure(403, 'Forbidden', 'exceeded quota');
    };
    scaleTo(100);
    await platform.clock.advance(1);
    expect(refusedAtStatus[0]).toBe(1);
    await platform.clock.advance(2_000);
    expect(server.get<ReplicationController>(webPath)?.status?.conditions).toMatchObject([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
    ]);
    server.intercept = () => undefined;
    await platform.clock.advance(10_000);
    expect(pods()).toHaveLength(100);
    expect(server.get<ReplicationController>(webPath)?.status?.conditions).toBeUndefined();
    await end();
  });

  it('starts slowly and then doubles', async () => {
    const { platform, pods, scaleTo, end } = await setup();
    const { handlers } = platform.network.http;
    const handle = handlers.get(1)!;
    const inFlight: number[] = [];
    let current = 0;
    handlers.set(1, async (request) => {
      if (request.method !== 'POST' || !request.path.endsWith('/pods')) return handle(request);
      inFlight.push(++current);
      await settle();
      current--;
      return handle(request);
    });
    scaleTo(10);
    await platform.clock.advance(1_000);
    for (let i = 0; i < 20; i++) await settle();
    expect(pods()).toHaveLength(10);
    expect(inFlight).toEqual([1, 1, 2, 1, 2, 3, 4, 1, 2, 3]);
    await end();
  });

  it('M2: never makes more than were asked for, however stale its caches are', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('scale' as const), value: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ do: fc.constant('kill' as const), value: fc.nat(20) }),
      fc.record({ do: fc.constantFrom('close', 'open', 'break', 'compact', 'advance'), value: fc.nat(500) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { platform, server, pods, scaleTo, close, open, end } = await setup();
        let mostWanted = 3;
        let wanted = 3;
        scaleTo(3);
        for (const each of steps) {
          const victim = pods()[each.value % Math.max(1, pods().length)];
          if (each.do === 'scale') {
            wanted = each.value;
            mostWanted = Math.max(mostWanted, wanted);
            scaleTo(wanted);
          }
          if (each.do === 'kill' && victim !== undefined) server.remove(podPath(victim.metadata.name));
          if (each.do === 'close') close('pods');
          if (each.do === 'open') open();
          if (each.do === 'break') platform.network.http.breakConnections(1);
          if (each.do === 'compact') server.compact();
          await platform.clock.advance(each.do === 'advance' ? each.value : 1);
          expect(pods().length).toBeLessThanOrEqual(mostWanted);
        }
        open();
        // A creation that is never seen is waited for until its expectation expires.
        await platform.clock.advance(11 * 60_000);
        expect(pods()).toHaveLength(wanted);
        await end();
      }),
      { numRuns: 40 },
    );
  });
});
