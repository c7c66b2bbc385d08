import { describe, expect, it } from 'vitest';

import { concatBytes, decodeUtf8, emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import type { HttpRequest, HttpResponse, HttpServerRequest } from '../../src/platform/http.ts';
import type { Link, LinkEvents } from '../../src/platform/links.ts';
import type { Address, TlsMaterial } from '../../src/platform/network.ts';
import type { ByteStream, StreamEvents } from '../../src/platform/streams.ts';
import type { NetworkWorld } from './worlds.ts';

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'succeeded';
  } catch (error) {
    expect(error).toBeInstanceOf(NetworkError);
    return (error as NetworkError).code;
  }
}

async function bytesOf(response: HttpResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return chunks.length === 0 ? emptyBytes : concatBytes(chunks);
}

function get(path: string): HttpRequest {
  return { method: 'GET', path, headers: {}, body: emptyBytes };
}

function text(body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: encodeUtf8(body) };
}

/** Receives a link's messages, and lets a case wait for them and for its end. */
class Inbox implements LinkEvents {
  readonly messages: unknown[] = [];
  readonly #closed = deferred<string>();
  #closedCalls = 0;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  message(message: unknown): void {
    expect(this.#closedCalls).toBe(0);
    this.messages.push(message);
    if (this.#waiting !== undefined && this.messages.length >= this.#waiting.count) this.#waiting.resolve();
  }

  closed(reason: string): void {
    this.#closedCalls++;
    expect(this.#closedCalls).toBe(1);
    this.#closed.resolve(reason);
  }

  get isClosed(): boolean {
    return this.#closedCalls > 0;
  }

  whenClosed(): Promise<string> {
    return this.#closed.promise;
  }

  async count(count: number): Promise<void> {
    if (this.messages.length >= count) return;
    const waited = deferred<void>();
    this.#waiting = { count, resolve: () => waited.resolve() };
    await waited.promise;
  }
}

/** Receives a stream, and lets a case wait for its text and its end. */
class Received implements StreamEvents {
  text = '';
  bytes = 0;
  /** Of the bytes of each 16 KiB. */
  readonly sums: number[] = [];
  hasEnded = false;
  hasClosed = false;
  readonly #closed = deferred<string | undefined>();
  readonly #ended = deferred<void>();

  data(bytes: Uint8Array): void {
    for (let at = 0, place = this.bytes; at < bytes.length;) {
      const end = Math.min(bytes.length, at + (16_384 - (place % 16_384)));
      const i = Math.floor(place / 16_384);
      let sum = 0;
      for (let j = at; j < end; j++) sum += bytes[j]!;
      this.sums[i] = (this.sums[i] ?? 0) + sum;
      place += end - at;
      at = end;
    }
    this.bytes += bytes.length;
    if (this.text.length < 1000) this.text += decodeUtf8(bytes);
  }

  drained(): void {}

  ended(): void {
    this.hasEnded = true;
    this.#ended.resolve();
  }

  closed(error?: string): void {
    this.hasClosed = true;
    this.#closed.resolve(error);
  }

  whenEnded(): Promise<void> {
    return this.#ended.promise;
  }

  whenClosed(): Promise<string | undefined> {
    return this.#closed.promise;
  }
}

/** What every Network must do. */
export function networkCompliance(name: string, make: () => Promise<NetworkWorld>): void {
  describe(`network: ${name}`, () => {
    const inWorld = async (work: (world: NetworkWorld) => Promise<void>): Promise<void> => {
      const world = await make();
      try {
        await world.run(() => work(world));
      } finally {
        await world.close();
      }
    };

    /** An address of host B at which nothing listens. */
    const deadAddress = async ({ b, hostB }: NetworkWorld): Promise<Address> => {
      const listener = await b.network.streams.listen({ host: hostB, port: 0 }, () => new Received());
      await listener.close();
      return listener.address;
    };

    describe('http', () => {
      it.each(['none', 'mutual'] as const)('carries a request and its response (tls: %s)', (tls) =>
        inWorld(async ({ a, b, hostB }) => {
          let seen: HttpServerRequest | undefined;
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async (request) => {
              seen = request;
              return { status: 201, headers: { 'x-answer': 'yes' }, body: encodeUtf8('made') };
            },
            { tls },
          );
          expect(listener.address.port).toBeGreaterThan(0);
          const response = await a.network.http.request(
            listener.address,
            {
              method: 'POST',
              path: '/api/v1/pods?dryRun=All',
              headers: { 'x-question': 'really' },
              body: encodeUtf8('{"a":1}'),
            },
            { tls },
          );
          expect(response.status).toBe(201);
          expect(response.headers['x-answer']).toBe('yes');
          expect(decodeUtf8(await bytesOf(response))).toBe('made');
          expect(seen).toMatchObject({ method: 'POST', path: '/api/v1/pods?dryRun=All' });
          expect(seen!.headers['x-question']).toBe('really');
          expect(decodeUtf8(seen!.body)).toBe('{"a":1}');
          expect(seen!.remoteHost).not.toBe('');
          if (tls === 'mutual') expect(seen!.identity).toEqual({ user: 'a', groups: ['drydock:hosts'] });
          else expect(seen!.identity).toBeUndefined();
          await listener.close();
        }),
      );

      it('answers many requests at once, each its own', () =>
        inWorld(async ({ a, b, hostB }) => {
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async (request) => {
              await b.clock.sleep(request.path.length % 3);
              return text(request.path);
            },
            { tls: 'none' },
          );
          const paths = Array.from({ length: 30 }, (_, i) => `/${'x'.repeat(i)}`);
          const bodies = await Promise.all(
            paths.map(async (path) =>
              decodeUtf8(
                await bytesOf(await a.network.http.request(listener.address, get(path), { tls: 'none' })),
              ),
            ),
          );
          expect(bodies).toEqual(paths);
          await listener.close();
        }));

      it('streams a body chunk by chunk while the handler still makes it', () =>
        inWorld(async ({ a, b, hostB }) => {
          const goOn = deferred<void>();
          async function* body(): AsyncGenerator<Uint8Array> {
            yield encodeUtf8('one');
            await goOn.promise;
            yield encodeUtf8('two');
          }
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async () => ({ status: 200, headers: {}, body: body() }),
            { tls: 'none' },
          );
          const response = await a.network.http.request(listener.address, get('/'), { tls: 'none' });
          let received = '';
          for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
            received += decodeUtf8(chunk);
            if (received === 'one') goOn.resolve();
          }
          expect(received).toBe('onetwo');
          await listener.close();
        }));

      it('slows the maker of a body down to the speed of its reader', () =>
        inWorld(async ({ a, b, hostB }) => {
          let made = 0;
          async function* body(): AsyncGenerator<Uint8Array> {
            for (; made < 1000; made++) yield new Uint8Array(256 * 1024);
          }
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async () => ({ status: 200, headers: {}, body: body() }),
            { tls: 'none' },
          );
          const controller = new AbortController();
          const options = { tls: 'none', signal: controller.signal } as const;
          await a.network.http.request(listener.address, get('/'), options);
          await a.clock.sleep(200);
          expect(made).toBeLessThan(200);
          controller.abort();
          await listener.close();
        }));

      it('tells the body when the client leaves, also while it has nothing to say', () =>
        inWorld(async ({ a, b, hostB }) => {
          const left = deferred<void>();
          const silent: AsyncIterable<Uint8Array> = {
            [Symbol.asyncIterator]: () => ({
              next: () => new Promise(() => {}),
              return: async () => {
                left.resolve();
                return { done: true, value: undefined };
              },
            }),
          };
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async () => ({ status: 200, headers: {}, body: silent }),
            { tls: 'none' },
          );
          const controller = new AbortController();
          const response = await a.network.http.request(listener.address, get('/'), {
            tls: 'none',
            signal: controller.signal,
          });
          expect(response.status).toBe(200);
          const reading = codeOf(bytesOf(response));
          controller.abort();
          await left.promise;
          expect(await reading).toBe('ABORTED');
          await listener.close();
        }));

      it.each(['none', 'asked', 'required'] as const)(
        'knows and lets in whom a listener with certificates of its own wants: clients’ are %s',
        (clientCertificates) =>
          inWorld(async ({ a, b, hostB, tlsB }) => {
            const accepted: ByteStream[] = [];
            const listener = await b.network.http.serve({ host: hostB, port: 0 }, async () => text(''), {
              tls: { ...tlsB, clientCertificates },
              http2: (stream) => {
                accepted.push(stream);
                stream.write(encodeUtf8('hello'));
                return new Received();
              },
            });
            /** The name that the server knows, or that it does not want the client. */
            const attempt = async (tls: 'mutual' | TlsMaterial): Promise<string> => {
              const before = accepted.length;
              const received = new Received();
              let stream: ByteStream;
              try {
                stream = await a.network.streams.connect(listener.address, received, { tls, protocol: 'h2' });
              } catch (error) {
                expect(error).toBeInstanceOf(NetworkError);
                return 'turned away';
              }
              stream.write(encodeUtf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
              // In TLS 1.3 a client hears only afterwards that its certificate was wanted.
              while (received.text === '' && !received.hasEnded && !received.hasClosed)
                await a.clock.sleep(5);
              stream.destroy();
              if (received.text === '') return 'turned away';
              return accepted[before]!.identity?.user ?? 'nobody';
            };
            const wanted = clientCertificates !== 'none';
            expect(await attempt('mutual')).toBe(wanted ? 'a' : 'nobody');
            const nameless = await attempt({ ca: tlsB.ca, cert: '', key: '' });
            expect(nameless).toBe(clientCertificates === 'required' ? 'turned away' : 'nobody');
            expect(accepted).toHaveLength(clientCertificates === 'required' ? 1 : 2);
            await listener.close();
          }),
      );

      describe.each(['none', 'mutual'] as const)('with HTTP/2 beside HTTP/1.1, TLS %s', (tls) => {
        const serveBoth = async ({ b, hostB }: NetworkWorld) => {
          const accepted = deferred<ByteStream>();
          const atB = new Received();
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async ({ path }) => text(`HTTP/1.1 ${path}`),
            {
              tls,
              http2: (stream) => {
                accepted.resolve(stream);
                return atB;
              },
            },
          );
          return { accepted: accepted.promise, atB, listener };
        };
        const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
        const protocol = 'h2';

        it('hands a connection that begins with the preface over whole, and answers others', () =>
          inWorld(async (world) => {
            const { a } = world;
            const { accepted, atB, listener } = await serveBoth(world);
            const atA = new Received();
            const stream = await a.network.streams.connect(listener.address, atA, { tls, protocol });
            stream.write(encodeUtf8(`${preface}frames`));
            const streamB = await accepted;
            streamB.write(encodeUtf8('settings'));
            const response = await a.network.http.request(listener.address, get('/old'), { tls });
            expect(decodeUtf8(await bytesOf(response))).toBe('HTTP/1.1 /old');
            stream.end();
            await atB.whenEnded();
            expect(atB.text).toBe(`${preface}frames`);
            expect(streamB.remoteHost).not.toBe('');
            if (tls === 'mutual') expect(streamB.identity).toEqual({ user: 'a', groups: ['drydock:hosts'] });
            else expect(streamB.identity).toBeUndefined();
            streamB.end();
            await atA.whenEnded();
            expect(atA.text).toBe('settings');
            await listener.close();
          }));

        it('knows the preface in pieces, and gives none of it twice', () =>
          inWorld(async (world) => {
            const { a } = world;
            const { accepted, atB, listener } = await serveBoth(world);
            const stream = await a.network.streams.connect(listener.address, new Received(), {
              tls,
              protocol,
            });
            for (const piece of ['P', 'RI * HTTP/2.', '0\r\n\r\nSM\r\n\r', '\nfra', 'mes']) {
              stream.write(encodeUtf8(piece));
              await a.clock.sleep(5);
            }
            stream.end();
            const streamB = await accepted;
            await atB.whenEnded();
            expect(atB.text).toBe(`${preface}frames`);
            streamB.end();
            await listener.close();
          }));

        it('breaks these connections too when the listener closes', () =>
          inWorld(async (world) => {
            const { a } = world;
            const { accepted, atB, listener } = await serveBoth(world);
            const atA = new Received();
            const stream = await a.network.streams.connect(listener.address, atA, { tls, protocol });
            stream.write(encodeUtf8(preface));
            await accepted;
            await listener.close();
            await Promise.all([atA.whenClosed(), atB.whenClosed()]);
          }));
      });

      it('tells the handler when the client leaves before it has its answer, and not when it has it', () =>
        inWorld(async ({ a, b, hostB }) => {
          const asked = deferred<AbortSignal>();
          const left = deferred<void>();
          const signals: AbortSignal[] = [];
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async (request) => {
              signals.push(request.left!);
              if (request.path === '/quick') return text('there');
              request.left!.addEventListener('abort', () => left.resolve());
              asked.resolve(request.left!);
              return new Promise(() => {});
            },
            { tls: 'none' },
          );
          const response = await a.network.http.request(listener.address, get('/quick'), { tls: 'none' });
          expect(decodeUtf8(await bytesOf(response))).toBe('there');
          const controller = new AbortController();
          const options = { tls: 'none', signal: controller.signal } as const;
          const waiting = codeOf(a.network.http.request(listener.address, get('/slow'), options));
          expect((await asked.promise).aborted).toBe(false);
          controller.abort();
          expect(await waiting).toBe('ABORTED');
          await left.promise;
          expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
          await listener.close();
        }));

      it('breaks the body at the reader when the server goes away', () =>
        inWorld(async ({ a, b, hostB }) => {
          async function* body(): AsyncGenerator<Uint8Array> {
            yield encodeUtf8('one');
            await new Promise(() => {});
          }
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            async () => ({ status: 200, headers: {}, body: body() }),
            { tls: 'none' },
          );
          const response = await a.network.http.request(listener.address, get('/'), { tls: 'none' });
          const reading = codeOf(bytesOf(response));
          await listener.close();
          expect(await reading).toBe('ECONNRESET');
        }));

      it('fails with the right code: nobody there, no answer in time, aborted', () =>
        inWorld(async (world) => {
          const { a, b, hostB } = world;
          const dead = await deadAddress(world);
          expect(await codeOf(a.network.http.request(dead, get('/'), { tls: 'none' }))).toBe('ECONNREFUSED');
          const listener = await b.network.http.serve(
            { host: hostB, port: 0 },
            () => new Promise<HttpResponse>(() => {}),
            { tls: 'none' },
          );
          const { address } = listener;
          const slow = a.network.http.request(address, get('/'), { tls: 'none', timeoutMillis: 50 });
          expect(await codeOf(slow)).toBe('ETIMEDOUT');
          const controller = new AbortController();
          const aborted = a.network.http.request(address, get('/'), {
            tls: 'none',
            signal: controller.signal,
          });
          a.clock.setTimer(10, () => controller.abort());
          expect(await codeOf(aborted)).toBe('ABORTED');
          const late = a.network.http.request(address, get('/'), { tls: 'none', signal: controller.signal });
          expect(await codeOf(late)).toBe('ABORTED');
          await listener.close();
        }));

      it('refuses an address that is taken, and frees it on close', () =>
        inWorld(async ({ a, hostA }) => {
          const { http } = a.network;
          const handle = async (): Promise<HttpResponse> => text('');
          const listener = await http.serve({ host: hostA, port: 0 }, handle, { tls: 'none' });
          const failure = await http
            .serve(listener.address, handle, { tls: 'none' })
            .catch((error: unknown) => error);
          expect(failure).toMatchObject({ name: 'NetworkError', code: 'EADDRINUSE' });
          expect((failure as NetworkError).message).toContain(String(listener.address.port));
          await listener.close();
          await listener.close();
          await (await http.serve(listener.address, handle, { tls: 'none' })).close();
        }));
    });

    describe('links', () => {
      /** A link from A to B, with both ends' inboxes. */
      const connected = async ({ a, b, hostB }: NetworkWorld) => {
        const accepted = deferred<Link>();
        const inboxB = new Inbox();
        const listener = await b.network.links.listen({ host: hostB, port: 0 }, (link) => {
          accepted.resolve(link);
          return inboxB;
        });
        const inboxA = new Inbox();
        const linkA = await a.network.links.connect(listener.address, inboxA);
        return { linkA, inboxA, linkB: await accepted.promise, inboxB, listener };
      };

      it('knows who is at the other end', () =>
        inWorld(async (world) => {
          const { linkA, linkB, listener } = await connected(world);
          expect(linkB.identity).toEqual({ user: 'a', groups: ['drydock:hosts'] });
          expect(linkA.identity).toEqual({ user: 'b', groups: ['drydock:hosts'] });
          await listener.close();
        }));

      it('carries plain data unchanged', () =>
        inWorld(async (world) => {
          const { linkA, inboxB, listener } = await connected(world);
          const messages = [
            null,
            true,
            'text',
            1.5,
            -3,
            2 ** 53 - 1,
            7n,
            -7n,
            2n ** 64n - 1n,
            -(2n ** 63n),
            new Uint8Array([0, 1, 255]),
            new Uint8Array(0),
            [1, 'two', [3n]],
            { type: 'MsgApp', nested: { list: [{ data: new Uint8Array([9]) }] }, revision: 2 ** 40 },
          ];
          for (const message of messages) linkA.send(message);
          await inboxB.count(messages.length);
          expect(inboxB.messages).toEqual(messages);
          expect(Object.getPrototypeOf(inboxB.messages[10])).toBe(Uint8Array.prototype);
          await listener.close();
        }));

      it('keeps the order both ways, with messages from the first turn on', () =>
        inWorld(async ({ a, b, hostB }) => {
          const inboxB = new Inbox();
          const listener = await b.network.links.listen({ host: hostB, port: 0 }, (link) => {
            for (let i = 0; i < 200; i++) link.send(i);
            return inboxB;
          });
          const inboxA = new Inbox();
          const link = await a.network.links.connect(listener.address, inboxA);
          for (let i = 0; i < 200; i++) link.send({ i, pad: new Uint8Array(i) });
          await inboxA.count(200);
          await inboxB.count(200);
          expect(inboxA.messages).toEqual(Array.from({ length: 200 }, (_, i) => i));
          expect(inboxB.messages.map((message) => (message as { i: number }).i)).toEqual(
            Array.from({ length: 200 }, (_, i) => i),
          );
          await listener.close();
        }));

      it('tells both ends of a close, once, and never inside the call', () =>
        inWorld(async (world) => {
          const { linkA, inboxA, inboxB, listener } = await connected(world);
          linkA.close();
          expect(inboxA.isClosed).toBe(false);
          linkA.close();
          linkA.send('nothing after close');
          expect(await inboxA.whenClosed()).not.toBe('');
          expect(await inboxB.whenClosed()).not.toBe('');
          expect(inboxB.messages).toEqual([]);
          await listener.close();
        }));

      it('breaks its links when the listener closes', () =>
        inWorld(async (world) => {
          const { inboxA, inboxB, listener } = await connected(world);
          await listener.close();
          await inboxA.whenClosed();
          await inboxB.whenClosed();
        }));

      it('is refused where nobody listens', () =>
        inWorld(async (world) => {
          const dead = await deadAddress(world);
          expect(await codeOf(world.a.network.links.connect(dead, new Inbox()))).toBe('ECONNREFUSED');
        }));
    });

    describe('streams', () => {
      const connected = async ({ a, b, hostB }: NetworkWorld) => {
        const accepted = deferred<ByteStream>();
        const atB = new Received();
        const listener = await b.network.streams.listen({ host: hostB, port: 0 }, (stream) => {
          accepted.resolve(stream);
          return atB;
        });
        const atA = new Received();
        const streamA = await a.network.streams.connect(listener.address, atA);
        return { streamA, atA, streamB: await accepted.promise, atB, listener };
      };

      it('carries bytes in order and half closes', () =>
        inWorld(async (world) => {
          const { streamA, atA, streamB, atB, listener } = await connected(world);
          streamA.write(encodeUtf8('ping'));
          streamA.write(encodeUtf8('pong'));
          streamA.end();
          await atB.whenEnded();
          expect(atB.text).toBe('pingpong');
          expect(atA.hasEnded).toBe(false);
          streamB.write(encodeUtf8('still here'));
          streamB.end();
          await atA.whenEnded();
          expect(atA.text).toBe('still here');
          expect(await atA.whenClosed()).toBeUndefined();
          expect(await atB.whenClosed()).toBeUndefined();
          await listener.close();
        }));

      it('asks a fast writer to wait for a paused reader, and delivers all after it resumes', () =>
        inWorld(async (world) => {
          const { streamA, streamB, atB, listener } = await connected(world);
          streamB.pause();
          const chunk = new Uint8Array(64 * 1024);
          let written = 0;
          // 64 MiB is more than any socket buffer of a default host.
          while (written < 1024) {
            written++;
            if (!streamA.write(chunk)) {
              await world.a.clock.sleep(5);
              if (written > 50 && atB.bytes === 0) break;
            }
          }
          expect(written).toBeLessThan(1024);
          streamA.end();
          streamB.resume();
          await atB.whenEnded();
          expect(atB.bytes).toBe(written * chunk.length);
          await listener.close();
        }));

      it('has no more use for an array when it says so', () =>
        inWorld(async (world) => {
          const { streamA, streamB, atB, listener } = await connected(world);
          streamB.pause();
          const chunk = new Uint8Array(16 * 1024);
          let writtenOut = 0;
          let written = 0;
          while (written < 600) {
            const bytes = writtenOut === written ? chunk : chunk.slice();
            bytes.fill(written++);
            streamA.write(bytes);
            if (streamA.isWrittenOut) writtenOut = written;
          }
          streamA.end();
          streamB.resume();
          await atB.whenEnded();
          expect(atB.bytes).toBe(written * chunk.length);
          for (const [i, sum] of atB.sums.entries()) expect(sum).toBe((i & 0xff) * chunk.length);
          await listener.close();
        }));

      it('tells both ends when one breaks it', () =>
        inWorld(async (world) => {
          const { streamA, atA, atB, listener } = await connected(world);
          streamA.destroy();
          streamA.destroy();
          await atA.whenClosed();
          await atB.whenClosed();
          streamA.write(encodeUtf8('lost'));
          await listener.close();
        }));

      it('is refused where nobody listens', () =>
        inWorld(async (world) => {
          const dead = await deadAddress(world);
          expect(await codeOf(world.a.network.streams.connect(dead, new Received()))).toBe('ECONNREFUSED');
        }));
    });
  });
}
