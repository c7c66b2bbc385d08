import { describe, expect, it } from 'vitest';

import type { CoreEvent, Node } from '../../src/api/types.ts';
import { EventRecorder } from '../../src/client/event-recorder.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { FakeApiServer, failure } from './fake-api-server.ts';
import { createFakePlatform, settle } from './fake-platform.ts';

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', uid: 'u1', resourceVersion: '7', creationTimestamp: '' },
  spec: {},
};

function setup() {
  const platform = createFakePlatform();
  const server = new FakeApiServer();
  platform.network.http.handlers.set(1, server.handle);
  const client = createApiClient(platform, {
    servers: [{ host: 's', port: 1 }],
    tls: 'none',
    userAgent: 'test',
  });
  const recorder = new EventRecorder(platform, client, { component: 'kubelet', host: 'n1' });
  const posted = (): CoreEvent[] => server.objects<CoreEvent>('/api/v1/events');
  return { platform, server, recorder, posted };
}

describe('EventRecorder', () => {
  it('posts what it is told, cluster-scoped objects to `default`', async () => {
    const { recorder, posted } = setup();
    const stop = new AbortController();
    const running = recorder.run(stop.signal);
    recorder.record(node, 'Normal', 'NodeReady', 'Node n1 is ready');
    await settle();
    expect(posted()).toMatchObject([
      {
        metadata: { namespace: 'default', name: expect.stringMatching(/^n1\.[0-9a-f]{16}$/) },
        involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', resourceVersion: '7' },
        reason: 'NodeReady',
        type: 'Normal',
        count: 1,
        source: { component: 'kubelet', host: 'n1' },
      },
    ]);
    stop.abort();
    await running;
  });

  it('counts the same event instead of posting it again, and tells it anew once it has expired', async () => {
    const { recorder, posted, server } = setup();
    const stop = new AbortController();
    void recorder.run(stop.signal);
    for (let i = 0; i < 3; i++) recorder.record(node, 'Warning', 'Failed', 'again');
    await settle();
    expect(posted().map(({ count }) => count)).toEqual([3]);
    server.remove(`/api/v1/namespaces/default/events/${posted()[0]!.metadata.name}`);
    recorder.record(node, 'Warning', 'Failed', 'again');
    await settle();
    expect(posted().map(({ count }) => count)).toEqual([1]);
    stop.abort();
  });

  it('drops with a log line when the queue is full or the server refuses', async () => {
    const { platform, recorder, server, posted } = setup();
    for (let i = 0; i < 1001; i++) recorder.record(node, 'Normal', 'R', `${i}`);
    expect(platform.logger.lines).toEqual(['event dropped: the queue is full']);
    server.intercept = () => failure(403, 'Forbidden', 'no');
    const stop = new AbortController();
    void recorder.run(stop.signal);
    while (platform.logger.lines.length < 1001) await settle();
    expect(posted()).toEqual([]);
    stop.abort();
  });

  it('tries again when the server cannot be reached', async () => {
    const { platform, recorder, server, posted } = setup();
    platform.network.http.handlers.clear();
    const stop = new AbortController();
    void recorder.run(stop.signal);
    recorder.record(node, 'Normal', 'R', 'm');
    await platform.clock.advance(1_000);
    platform.network.http.handlers.set(1, server.handle);
    await platform.clock.advance(2_000);
    expect(posted()).toHaveLength(1);
    stop.abort();
  });
});
