import { describe, expect, it } from 'vitest';

import type { Pod } from '../../src/api/types.ts';
import { must } from '../../src/base/assert.ts';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import { LogServer, parseLogOptions } from '../../src/kubelet/log-server.ts';
import { ProcessRuntime } from '../../src/kubelet/runtime/process-runtime.ts';
import type { Identity } from '../../src/platform/network.ts';
import { podOf } from './objects.ts';
import { simWorld } from './worlds.ts';

describe('options of pods/log', () => {
  it.each([
    ['', { follow: false, timestamps: false }],
    ['follow=true&timestamps=1&tailLines=0', { follow: true, timestamps: true, tailLines: 0 }],
    [
      'sinceSeconds=10&limitBytes=5',
      { follow: false, timestamps: false, sinceMillis: 90_000, limitBytes: 5 },
    ],
    ['sinceTime=1970-01-01T00:00:07Z', { follow: false, timestamps: false, sinceMillis: 7_000 }],
    ['tailLines=-1', 'tailLines must be a number that is not negative'],
    ['limitBytes=0', 'limitBytes and sinceSeconds must be greater than 0'],
    ['sinceTime=yesterday', 'sinceTime must be an RFC 3339 time'],
  ])('%s', (query, expected) => {
    expect(parseLogOptions(new URLSearchParams(query), 100_000)).toEqual(expected);
  });
});

it('wants a certificate under mutual TLS, and lets a follower leave', async () => {
  const world = await simWorld();
  await world.run(async () => {
    const { platform } = world;
    const runtime = await ProcessRuntime.open(platform, {
      directory: '/data',
      podCidr: '127.20.0.0/24',
      programPath: '/bin',
      leftoverGraceMillis: 1_000,
    });
    const waitingStatus = { name: 'main', state: { waiting: { reason: 'CreateContainerConfigError' } } };
    const pod = { ...podOf(), status: { containerStatuses: [waitingStatus] } } as unknown as Pod;
    const sandbox = await runtime.runPodSandbox({ namespace: 'default', name: 'web', uid: 'u1' });
    const config = { name: 'main', attempt: 0, image: 'host', environment: {} };
    const id = await runtime.createContainer(sandbox, { ...config, command: world.command({ does: 'run' }) });
    const pods = { get: (key: string) => (key === 'default/web' ? pod : undefined), list: () => [pod] };
    const listen = { host: '127.0.0.1', port: 10_250 };
    const server = new LogServer(platform, { listen, tls: 'mutual', runtime, pods });
    const nobody: Identity = { user: '', groups: [] };
    const apiServer = { user: 'system:server:server-1', groups: ['system:masters'] };
    const otherNode = { user: 'system:node:agent-2', groups: ['system:nodes'] };
    const get = (path: string, identity: Identity = apiServer) =>
      server.handle({
        method: 'GET',
        path,
        headers: {},
        body: new Uint8Array(0),
        remoteHost: '127.0.0.1',
        ...(identity === nobody ? {} : { identity }),
      });
    expect((await get('/healthz', nobody)).status).toBe(200);
    expect((await get('/pods', nobody)).status).toBe(401);
    expect((await get('/containerLogs/default/web/main', nobody)).status).toBe(401);
    expect((await get('/containerLogs/default/web/main', otherNode)).status).toBe(403);
    expect((await get('/pods')).status).toBe(200);
    const refused = await get('/containerLogs/default/web/main');
    expect([refused.status, decodeUtf8(refused.body as Uint8Array)]).toEqual([
      400,
      'container "main" in pod "web" is waiting to start: CreateContainerConfigError\n',
    ]);
    expect((await get('/containerLogs/default/web')).status).toBe(404);

    await runtime.startContainer(id);
    await platform.clock.sleep(50);
    const { body } = await get('/containerLogs/default/web/main?follow=true');
    const reader = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    expect(decodeUtf8(must((await reader.next()).value as Uint8Array))).toBe('started\n');
    const waiting = reader.next();
    await reader.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await runtime.shutdown(0);
  });
});
