import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { decodeUtf8, emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import { GrpcChannel } from '../../src/grpc/channel.ts';
import { GrpcServer } from '../../src/grpc/server.ts';
import type { GrpcMethod } from '../../src/grpc/service.ts';
import type { GrpcError, GrpcStatus } from '../../src/grpc/status.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { World } from '../../sim/world.ts';
import { engine } from '../sim/engine.ts';

async function inWorld(seed: number, work: (a: Platform, b: Platform) => Promise<void>): Promise<void> {
  // The cases themselves touch what simulated code may not.
  const world = new World({ seed, engine, loop: { traps: false } });
  const [a, b] = ['a', 'b'].map((user) => {
    const host = world.addHost(user, { identity: { user, groups: [] } });
    host.boot();
    return host.platform;
  });
  let settled: Promise<void> | undefined;
  world.schedule(0, 'case', () => {
    const running = work(must(a), must(b));
    const settle = () => void (settled = running);
    running.then(settle, settle);
  });
  const result = await world.run({ until: () => settled !== undefined, forMillis: 600_000 });
  if (result.failure !== undefined) throw result.failure.error;
  await must(settled, 'the case never settled');
}

const methods = new Map<string, GrpcMethod>([
  [
    '/t.T/Who',
    { handle: (request, call) => call.reply(encodeUtf8(`${call.identity?.user} ${decodeUtf8(request)}`)) },
  ],
  ['/t.T/Hold', { handle: () => {} }],
  [
    '/t.T/Stream',
    {
      open: (call) => ({
        message: (bytes) => void call.send(bytes),
        halfClosed: () => call.end(),
        cancelled: () => {},
        drained: () => {},
      }),
    },
  ],
]);

describe('gRPC in the simulator', () => {
  it.each([1, 2, 3])('shares a port with HTTP, knows who calls, streams and drains (seed %i)', (seed) =>
    inWorld(seed, async (a, b) => {
      const server = new GrpcServer(b, { methods });
      const answer = { status: 200, headers: {}, body: encodeUtf8('http') };
      const listener = await b.network.http.serve({ host: 'b', port: 0 }, async () => answer, {
        tls: 'mutual',
        http2: server.accept,
      });
      const get = { method: 'GET', path: '/', headers: {}, body: emptyBytes };
      const { status } = await a.network.http.request(listener.address, get, { tls: 'mutual' });
      expect(status).toBe(200);

      const channel = new GrpcChannel(a, listener.address, { tls: 'mutual' });
      expect(decodeUtf8(await channel.unary('/t.T/Who', encodeUtf8('x')))).toBe('a x');
      let bytes = 0;
      const ended = new Promise<GrpcStatus>((resolve) => {
        const call = channel.stream('/t.T/Stream', {
          message: (message) => void (bytes += message.length),
          ended: resolve,
          drained: () => {},
        });
        for (let i = 0; i < 30; i++) call.send(new Uint8Array(200_000));
        call.halfClose();
      });
      expect((await ended).code).toBe(0);
      expect(bytes).toBe(6_000_000);
      const late = channel
        .unary('/t.T/Hold', emptyBytes, { timeoutMillis: 500 })
        .catch((error: GrpcError) => error.code);
      await a.clock.sleep(100);
      const drained = server.drain(10_000);
      expect(await late).toBe(4);
      await drained;
      expect(server.connectionCount).toBe(0);

      const stranger = new GrpcChannel(a, listener.address);
      await expect(stranger.unary('/t.T/Who', emptyBytes)).rejects.toMatchObject({ code: 14 });
      channel.close();
      stranger.close();
      await listener.close();
    }),
  );

  it('finds out by pings that the server fell silent', () =>
    inWorld(1, async (a, b) => {
      const listener = await b.network.streams.listen({ host: 'b', port: 0 }, () => ({
        data: () => {},
        drained: () => {},
        ended: () => {},
        closed: () => {},
      }));
      const keepalive = { intervalMillis: 5_000, timeoutMillis: 2_000 };
      const channel = new GrpcChannel(a, listener.address, { keepalive });
      const startMillis = a.clock.monotonicMillis();
      const failure = channel.unary('/t.T/Hold', emptyBytes);
      await expect(failure).rejects.toMatchObject({ code: 14, sent: true });
      expect(a.clock.monotonicMillis() - startMillis).toBeLessThan(8_000);
      channel.close();
      await listener.close();
    }));
});
