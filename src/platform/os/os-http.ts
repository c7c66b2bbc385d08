import { Agent as HttpAgent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { Agent as HttpsAgent, createServer as createTlsServer, request as httpsRequest } from 'node:https';

import { must } from '../../base/assert.ts';
import { encodeUtf8 } from '../../base/bytes.ts';
import { deferred } from '../../base/deferred.ts';

import { DiskError, NetworkError } from '../errors.ts';
import type {
  Http,
  HttpHandler,
  HttpRequest,
  HttpRequestOptions,
  HttpResponse,
  HttpServeOptions,
} from '../http.ts';
import type { Address, Listener } from '../network.ts';
import { listenOn } from './listening.ts';
import { addressText, connectError } from './system-errors.ts';
import { divertHttp2 } from './http2-sniffer.ts';
import { noMaterialError, peerIdentity, serverTlsOptions, tlsOptions, turnAwayOthers } from './tls.ts';
import type { TlsMaterial } from './tls.ts';

/** Kubernetes' limit for request bodies. A longer one is answered with 413. */
export const requestBodyBytesMax = 3 * 1024 * 1024;

/** Connections one host opens to one address; each watch keeps one. */
const socketsPerAddressMax = 512;
const idleSocketsPerAddressMax = 32;
/** How long a server keeps an idle connection. Clients are told, and close theirs earlier. */
const serverIdleMillisMax = 75_000;
const responseHeadMillisDefault = 30_000;

/** HTTP/1.1 over Node's http and https. */
export class OsHttp implements Http {
  readonly #tls: TlsMaterial | undefined;
  readonly #plainAgent: HttpAgent;
  readonly #tlsAgent: HttpsAgent;

  constructor(tls: TlsMaterial | undefined) {
    this.#tls = tls;
    const pool = {
      keepAlive: true,
      maxSockets: socketsPerAddressMax,
      maxFreeSockets: idleSocketsPerAddressMax,
    };
    this.#plainAgent = new HttpAgent(pool);
    this.#tlsAgent = new HttpsAgent(tls === undefined ? pool : { ...pool, ...tlsOptions(tls) });
  }

  async serve(address: Address, handle: HttpHandler, options: HttpServeOptions): Promise<Listener> {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      // Deliberately not caught: what `handle` throws is a bug, and stops the process.
      void respond(handle, request, response);
    };
    const { tls, http2 } = options;
    const protocols = http2 === undefined ? ['http/1.1'] : ['h2', 'http/1.1'];
    const server =
      tls === 'none'
        ? createServer(onRequest)
        : createTlsServer(serverTlsOptions(tls === 'mutual' ? this.#material() : tls, protocols), onRequest);
    if (http2 !== undefined) divertHttp2(server, tls === 'none' ? 'connection' : 'secureConnection', http2);
    if (typeof tls === 'object') turnAwayOthers(server, tls.policy);
    server.keepAliveTimeout = serverIdleMillisMax;
    return listenOn(server, address);
  }

  async request(address: Address, request: HttpRequest, options: HttpRequestOptions): Promise<HttpResponse> {
    const { signal, timeoutMillis = responseHeadMillisDefault } = options;
    if (signal?.aborted === true) throw abortedError(address);
    const head = deferred<HttpResponse>();
    const requestOptions: RequestOptions = {
      host: address.host,
      port: address.port,
      method: request.method,
      path: request.path,
      headers: { ...request.headers, 'content-length': String(request.body.length) },
    };
    const outgoing =
      options.tls === 'none'
        ? httpRequest({ ...requestOptions, agent: this.#plainAgent })
        : httpsRequest({ ...requestOptions, agent: this.#agentWithMaterial() });
    const timer = setTimeout(() => {
      const message = `cannot talk to ${addressText(address)}: no answer within ${timeoutMillis} ms`;
      outgoing.destroy(new NetworkError('ETIMEDOUT', message));
    }, timeoutMillis);
    const abort = (): void => {
      outgoing.destroy(abortedError(address));
    };
    signal?.addEventListener('abort', abort, { once: true });
    outgoing.once('response', (incoming) => {
      clearTimeout(timer);
      head.resolve({
        status: must(incoming.statusCode),
        headers: flatten(incoming.headers),
        body: bodyOf(incoming, address, signal),
      });
    });
    outgoing.on('error', (error) => head.reject(connectError(error, address)));
    outgoing.once('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
    outgoing.end(request.body);
    return head.promise;
  }

  #material(): TlsMaterial {
    if (this.#tls === undefined) throw noMaterialError();
    return this.#tls;
  }

  #agentWithMaterial(): HttpsAgent {
    this.#material();
    return this.#tlsAgent;
  }
}

function abortedError(address: Address): NetworkError {
  return new NetworkError('ABORTED', `the request to ${addressText(address)} was aborted`);
}

/** Headers as one string per name. */
function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** A plain view of the bytes of a Node buffer; buffers' own `slice` differs from that of arrays. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

async function* bodyOf(
  incoming: IncomingMessage,
  address: Address,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) yield plainBytes(chunk as Uint8Array);
  } catch (error) {
    throw signal?.aborted === true ? abortedError(address) : connectError(error, address);
  }
}

/** Serves one request: reads its body, asks the handler, writes the answer. */
async function respond(
  handle: HttpHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await requestBody(request);
  if (body === 'broken') return;
  if (body === 'too large') {
    await write(response, {
      status: 413,
      headers: { 'content-type': 'text/plain', connection: 'close' },
      body: encodeUtf8(`request bodies may have at most ${requestBodyBytesMax} bytes\n`),
    });
    return;
  }
  const identity = peerIdentity(request.socket);
  const leaving = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort();
  });
  const answer = await handle({
    method: must(request.method),
    path: must(request.url),
    headers: flatten(request.headers),
    body,
    remoteHost: request.socket.remoteAddress ?? '',
    left: leaving.signal,
    ...(identity !== undefined && { identity }),
  });
  await write(response, answer);
}

async function requestBody(request: IncomingMessage): Promise<Uint8Array | 'too large' | 'broken'> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Uint8Array).length;
      if (length > requestBodyBytesMax) {
        // Read on and forget: a client that is cut off while it sends never sees the answer.
        request.resume();
        return 'too large';
      }
      chunks.push(chunk as Uint8Array);
    }
  } catch {
    // The client left before it had sent its request: nobody is there to be told.
    return 'broken';
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

async function write(response: ServerResponse, answer: HttpResponse): Promise<void> {
  const whole = answer.body instanceof Uint8Array;
  const length = whole ? { 'content-length': String((answer.body as Uint8Array).length) } : {};
  response.on('error', () => response.destroy());
  if (!response.destroyed) response.writeHead(answer.status, { ...answer.headers, ...length });
  if (answer.body instanceof Uint8Array) {
    response.end(answer.body);
  } else {
    await stream(response, answer.body);
  }
}

/** Writes chunks as fast as the client takes them; tells the iterator as soon as the client leaves. */
async function stream(response: ServerResponse, body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  const client = { left: false, ready: (): void => {} };
  const leave = (): void => {
    if (client.left || response.writableFinished) return;
    client.left = true;
    client.ready();
    // At once, not after the next chunk: an idle watch may never have one.
    void iterator.return?.();
  };
  response.on('drain', () => client.ready());
  response.on('close', leave);
  if (response.destroyed) leave();
  // A watch shall see the head at once, however long its first event takes.
  else response.flushHeaders();
  try {
    while (!client.left) {
      const next = await iterator.next();
      if (next.done === true) break;
      if (client.left || response.write(next.value)) continue;
      await new Promise<void>((resolve) => {
        client.ready = resolve;
      });
    }
    if (!client.left) response.end();
  } catch (error) {
    // The environment failed under the body (a proxied stream, a file): the client sees it break too.
    if (!(error instanceof NetworkError || error instanceof DiskError)) throw error;
    client.left = true;
    response.destroy();
  }
}
