import { must } from '../../src/base/assert.ts';
import { emptyBytes } from '../../src/base/bytes.ts';
import { NetworkError, type NetworkErrorCode } from '../../src/platform/errors.ts';
import type {
  Http,
  HttpHandler,
  HttpRequest,
  HttpRequestOptions,
  HttpResponse,
  HttpServeOptions,
} from '../../src/platform/http.ts';
import type { Address, Listener } from '../../src/platform/network.ts';
import { Fifo } from '../fifo.ts';
import type { Life } from '../life.ts';
import type { ConnectionEnd, EndEvents } from './connection.ts';
import type { Caller, Fabric, NetworkHost, Protocol } from './fabric.ts';
import { acceptStream } from './simulated-streams.ts';

interface Hello {
  readonly request: HttpRequest;
  readonly tls: 'mutual' | 'none';
}

type ServerItem =
  | {
      readonly type: 'head';
      readonly status: number;
      readonly headers: HttpResponse['headers'];
      readonly body?: Uint8Array;
    }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'refused'; readonly code: NetworkErrorCode; readonly reason: string };

/** The client has read so many bytes of the body: the server may send as many more. */
interface Credit {
  readonly bytes: number;
}

const timeoutMillisDefault = 30_000;

/**
 * HTTP of one life. One connection per request; the request travels with the connection's first packet, as it
 * does on a connection that was kept alive. Bodies pass by reference.
 */
export class SimulatedHttp implements Http {
  readonly #life: Life;
  readonly #host: NetworkHost;
  readonly #fabric: Fabric;

  constructor(life: Life, host: NetworkHost, fabric: Fabric) {
    this.#life = life;
    this.#host = host;
    this.#fabric = fabric;
  }

  serve(address: Address, handle: HttpHandler, options: HttpServeOptions): Promise<Listener> {
    const { tls, http2 } = options;
    const secure = tls !== 'none';
    const protocols: readonly Protocol[] = http2 === undefined ? ['http'] : ['http', 'streams'];
    return this.#life.later(0, 'listen', () =>
      this.#fabric.listen(this.#life, this.#host, address, protocols, (end, caller) => {
        const asks = typeof tls !== 'object' || tls.clientCertificates !== 'none';
        if (
          typeof tls === 'object' &&
          tls.clientCertificates === 'required' &&
          caller.identity === undefined
        ) {
          end.destroy('ECONNRESET', 'the server wants a certificate');
          return { item: () => {}, closed: () => {} };
        }
        const known: Caller = asks ? caller : { ...caller, identity: undefined };
        if (caller.protocol === 'streams') {
          return acceptStream(end, known, address, this.#fabric.options.windowBytes, secure, must(http2));
        }
        const exchange = new ServerExchange(this.#life, end, this.#fabric.options.windowBytes);
        const hello = caller.hello as Hello;
        if ((hello.tls !== 'none') === secure) exchange.answer(handle, hello.request, known);
        else exchange.refuse(`the server speaks ${secure ? 'TLS' : 'plain HTTP'}`);
        return exchange;
      }),
    );
  }

  request(address: Address, request: HttpRequest, options: HttpRequestOptions): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      if (options.signal?.aborted === true) {
        reject(new NetworkError('ABORTED', 'the request was aborted'));
        return;
      }
      const hello: Hello = { request, tls: options.tls };
      const identity = options.tls === 'mutual' ? this.#host.identity : undefined;
      const timeoutMillis = options.timeoutMillis ?? timeoutMillisDefault;
      this.#fabric.connect(
        this.#life,
        this.#host,
        address,
        'http',
        { hello, identity, timeoutMillis },
        (end) => {
          const exchange = new ClientExchange(end, resolve, reject);
          const timer = this.#life.after(timeoutMillis, 'http timeout', () => {
            end.destroy(
              'ETIMEDOUT',
              `no response to ${request.method} ${request.path} in ${timeoutMillis} ms`,
            );
          });
          const onAbort = () => end.destroy('ABORTED', 'the request was aborted');
          options.signal?.addEventListener('abort', onAbort);
          exchange.onHead = () => timer.cancel();
          exchange.onEnd = () => {
            timer.cancel();
            options.signal?.removeEventListener('abort', onAbort);
          };
          return exchange;
        },
      );
    });
  }
}

class ServerExchange implements EndEvents {
  readonly #life: Life;
  readonly #end: ConnectionEnd;
  #creditBytes: number;
  #wake: (() => void) | undefined;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #gone = false;
  #answered = false;
  readonly #leaving = new AbortController();

  constructor(life: Life, end: ConnectionEnd, windowBytes: number) {
    this.#life = life;
    this.#end = end;
    this.#creditBytes = windowBytes;
  }

  refuse(reason: string): void {
    this.#send({ type: 'refused', code: 'EUNTRUSTED', reason });
    this.#end.close();
  }

  /** A rejection of the handler is a bug of the server, by the contract of HttpHandler. */
  answer(handle: HttpHandler, request: HttpRequest, caller: Caller): void {
    const { identity, remoteHost } = caller;
    const response = handle({
      ...request,
      remoteHost,
      left: this.#leaving.signal,
      ...(identity === undefined ? {} : { identity }),
    });
    this.#life.guard(response.then((ready) => this.#respond(ready)));
  }

  item(item: unknown): void {
    this.#creditBytes += (item as Credit).bytes;
    this.#wake?.();
  }

  closed(): void {
    this.#gone = true;
    this.#wake?.();
    if (!this.#answered) this.#leaving.abort();
    const leaving = this.#iterator?.return?.();
    if (leaving !== undefined) this.#life.guard(leaving);
  }

  async #respond(response: HttpResponse): Promise<void> {
    const { status, headers, body } = response;
    if (body instanceof Uint8Array) {
      this.#send({ type: 'head', status, headers, body });
      this.#answered = true;
      this.#end.close();
      return;
    }
    const iterator = body[Symbol.asyncIterator]();
    if (this.#gone) {
      await iterator.return?.();
      return;
    }
    this.#iterator = iterator;
    this.#send({ type: 'head', status, headers });
    for (;;) {
      const next = await iterator.next();
      if (this.#gone) return;
      if (next.done === true) break;
      if (next.value.length === 0) continue;
      this.#send({ type: 'chunk', bytes: next.value });
      this.#creditBytes -= next.value.length;
      while (this.#creditBytes <= 0 && !this.#gone) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#gone) return;
    }
    this.#iterator = undefined;
    this.#send({ type: 'end' });
    this.#answered = true;
    this.#end.close();
  }

  #send(item: ServerItem): void {
    this.#end.send(item);
  }
}

/** The client's side; also the iterator of a streaming body. */
class ClientExchange implements EndEvents, AsyncIterableIterator<Uint8Array> {
  onHead: () => void = () => {};
  onEnd: () => void = () => {};
  readonly #end: ConnectionEnd;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: NetworkError) => void;
  #state: 'head' | 'body' | 'ended' = 'head';
  readonly #chunks = new Fifo<Uint8Array>();
  #error: NetworkError | undefined;
  readonly #readers = new Fifo<{
    resolve(result: IteratorResult<Uint8Array>): void;
    reject(error: NetworkError): void;
  }>();

  constructor(
    end: ConnectionEnd,
    resolve: (response: HttpResponse) => void,
    reject: (error: NetworkError) => void,
  ) {
    this.#end = end;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  item(item: unknown): void {
    const message = item as ServerItem;
    switch (message.type) {
      case 'refused':
        this.#fail(message.code, message.reason);
        return;
      case 'head': {
        const { status, headers, body } = message;
        this.onHead();
        this.#state = body === undefined ? 'body' : 'ended';
        if (body !== undefined) this.onEnd();
        this.#resolve({ status, headers, body: body ?? this });
        return;
      }
      case 'chunk': {
        const reader = this.#readers.shift();
        if (reader === undefined) this.#chunks.push(message.bytes);
        else this.#deliver(message.bytes, reader.resolve);
        return;
      }
      case 'end':
        this.#finish();
    }
  }

  closed(code: NetworkErrorCode | undefined, reason: string): void {
    this.#fail(code ?? 'ECONNRESET', reason);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    return new Promise((resolve, reject) => {
      if (chunk !== undefined) this.#deliver(chunk, resolve);
      else if (this.#error !== undefined) reject(this.#error);
      else if (this.#state === 'ended') resolve({ done: true, value: undefined });
      else this.#readers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#chunks.clear();
    this.#finish();
    this.#end.destroy('ABORTED', 'the reader left');
    return Promise.resolve({ done: true, value: emptyBytes });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #deliver(bytes: Uint8Array, resolve: (result: IteratorResult<Uint8Array>) => void): void {
    const credit: Credit = { bytes: bytes.length };
    this.#end.send(credit);
    resolve({ done: false, value: bytes });
  }

  #finish(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.onEnd();
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      reader.resolve({ done: true, value: undefined });
    }
  }

  #fail(code: NetworkErrorCode, reason: string): void {
    if (this.#state === 'ended') return;
    const error = new NetworkError(code, reason);
    const before = this.#state;
    this.#state = 'ended';
    this.#error = error;
    this.onEnd();
    if (before === 'head') this.#reject(error);
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      reader.reject(error);
    }
  }
}
