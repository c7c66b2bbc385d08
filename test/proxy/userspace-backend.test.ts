import { describe, expect, it } from 'vitest';

import { concatBytes, decodeUtf8, encodeUtf8, equalBytes } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import type { NetworkError } from '../../src/platform/errors.ts';
import type { Listener } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { StreamEvents } from '../../src/platform/streams.ts';
import { UserspaceBackend } from '../../src/proxy/userspace-backend.ts';
import { osWorld, simWorld } from '../kubelet/worlds.ts';
import type { World } from '../platform/worlds.ts';
import { ruleOf } from './objects.ts';

type ProxyWorld = World & { readonly platform: Platform };

const service = { host: '127.97.0.10', port: 23_480 };
const ignore: StreamEvents = { data() {}, drained() {}, ended() {}, closed() {} };

/** Connects, sends, ends, and resolves with what came back until the other side ended or broke. */
async function talk(platform: Platform, text: string, address = service): Promise<string> {
  const chunks: Uint8Array[] = [];
  const done = deferred<void>();
  const stream = await platform.network.streams.connect(address, {
    data: (bytes) => void chunks.push(bytes),
    drained() {},
    ended: () => done.resolve(),
    closed: () => done.resolve(),
  });
  if (text !== '') stream.write(encodeUtf8(text));
  stream.end();
  await done.promise;
  stream.destroy();
  return decodeUtf8(concatBytes(chunks));
}

/** Answers with its name, then all it was sent, once the client has ended: so it needs the half close. */
async function startEcho(platform: Platform, host: string, port = 8080): Promise<Listener> {
  return await platform.network.streams.listen({ host, port }, (stream) => {
    const chunks: Uint8Array[] = [];
    return {
      ...ignore,
      data: (bytes) => void chunks.push(bytes),
      ended: () => {
        stream.write(encodeUtf8(`${host}: `));
        if (chunks.length > 0) stream.write(concatBytes(chunks));
        stream.end();
      },
    };
  });
}

function proxySuite(name: string, make: () => Promise<ProxyWorld>): void {
  describe(`userspace proxy: ${name}`, () => {
    const rule = (hosts: readonly string[]) =>
      ruleOf(
        hosts.map((ip) => ({ ip, port: 23_481 })),
        { port: service.port, key: 'web' },
      );
    const inWorld = async (
      work: (
        platform: Platform,
        backend: UserspaceBackend,
        echo: (host: string) => Promise<Listener>,
      ) => Promise<void>,
    ): Promise<void> => {
      const world = await make();
      const { platform } = world;
      const backend = new UserspaceBackend(platform, {
        serviceAddress: (clusterIP) => clusterIP.replace('127.96', '127.97'),
        bindRetryMillis: 50,
        connectTimeoutMillis: 1_000,
      });
      const listeners: Listener[] = [];
      try {
        await world.run(async () => {
          try {
            await work(platform, backend, async (host) => {
              const listener = await startEcho(platform, host, 23_481);
              listeners.push(listener);
              return listener;
            });
          } finally {
            await backend.close();
            for (const listener of listeners) await listener.close();
          }
        });
      } finally {
        await world.close();
      }
    };

    it('relays to the endpoints in turn, with half close', () =>
      inWorld(async (platform, backend, echo) => {
        const hosts = ['127.21.0.2', '127.21.0.3'];
        for (const host of hosts) await echo(host);
        await backend.apply({ set: [rule(hosts)], removed: [] });
        const answers: string[] = [];
        for (const text of ['one', 'two', 'three']) answers.push(await talk(platform, text));
        expect(answers).toEqual([`${hosts[0]}: one`, `${hosts[1]}: two`, `${hosts[0]}: three`]);
      }));

    it('passes on a large request', () =>
      inWorld(async (platform, backend, echo) => {
        await echo('127.21.0.2');
        await backend.apply({ set: [rule(['127.21.0.2'])], removed: [] });
        const text = 'sea'.repeat(2 * 1024 * 1024);
        const answer = await talk(platform, text);
        expect(answer.length).toBe('127.21.0.2: '.length + text.length);
        expect(answer.endsWith(text)).toBe(true);
      }));

    it('closes at once when there are no endpoints', () =>
      inWorld(async (platform, backend) => {
        await backend.apply({ set: [rule([])], removed: [] });
        // The break may come before the connection is through: both are "at once".
        expect(await talk(platform, 'hello').catch((error: unknown) => (error as NetworkError).code)).toMatch(
          /^(ECONNRESET)?$/,
        );
      }));

    it('follows a changed rule, and lets go of a removed one', () =>
      inWorld(async (platform, backend, echo) => {
        const host = '127.21.0.2';
        await echo(host);
        await backend.apply({ set: [rule([])], removed: [] });
        await backend.apply({ set: [rule([host])], removed: [] });
        expect(await talk(platform, 'x')).toBe(`${host}: x`);
        await backend.apply({ set: [], removed: ['web'] });
        await expect(talk(platform, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      }));

    it('tries the next endpoint when one is dead', () =>
      inWorld(async (platform, backend, echo) => {
        const alive = '127.21.0.3';
        await echo(alive);
        const both = rule([]);
        const endpoints = [
          { ip: '127.21.0.2', port: 23_481 },
          { ip: alive, port: 23_481 },
        ];
        await backend.apply({ set: [{ ...both, endpoints }], removed: [] });
        for (const text of ['one', 'two', 'three'])
          expect(await talk(platform, text)).toBe(`${alive}: ${text}`);
      }));

    it('closes when every endpoint is dead', () =>
      inWorld(async (platform, backend) => {
        await backend.apply({ set: [rule(['127.21.0.2', '127.21.0.3'])], removed: [] });
        expect(await talk(platform, 'hello')).toBe('');
      }));

    it('gets its address later when it is taken now', () =>
      inWorld(async (platform, backend, echo) => {
        const host = '127.21.0.2';
        await echo(host);
        const squatter = await startEcho(platform, service.host, service.port);
        await backend.apply({ set: [rule([host])], removed: [] });
        expect(await talk(platform, 'x')).toBe(`${service.host}: x`);
        await squatter.close();
        let answer = '';
        for (let i = 0; i < 200 && answer === ''; i++) {
          await platform.clock.sleep(20);
          answer = await talk(platform, 'x').catch(() => '');
        }
        expect(answer).toBe(`${host}: x`);
      }));

    it('passes on a large answer unharmed while the reader is slow', () =>
      inWorld(async (platform, backend) => {
        const host = '127.21.0.2';
        const size = 4 * 1024 * 1024;
        const payload = Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 255);
        let writtenAhead = 0;
        const listener = await platform.network.streams.listen({ host, port: 23_481 }, (stream) => {
          let sent = 0;
          const pump = (): void => {
            while (sent < size) {
              const piece = payload.subarray(sent, (sent += 64 * 1024));
              writtenAhead = sent;
              if (!stream.write(piece)) return;
            }
            stream.end();
          };
          return { ...ignore, data: pump, drained: pump };
        });
        await backend.apply({ set: [rule([host])], removed: [] });
        const chunks: Uint8Array[] = [];
        const done = deferred<void>();
        const client = await platform.network.streams.connect(service, {
          data: (bytes) => void chunks.push(bytes),
          drained() {},
          ended: () => done.resolve(),
          closed: () => done.resolve(),
        });
        client.pause();
        client.write(encodeUtf8('go'));
        await platform.clock.sleep(300);
        const aheadBytes = writtenAhead;
        client.resume();
        await done.promise;
        client.destroy();
        await listener.close();
        expect(equalBytes(concatBytes(chunks), payload)).toBe(true);
        // The kernel's buffers take their part on a real host; the relay itself takes next to nothing.
        if (name === 'sim') expect(aheadBytes).toBeLessThan(size);
      }));
  });
}

proxySuite('os', osWorld);
proxySuite('sim', simWorld);
