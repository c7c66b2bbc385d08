import { assert, must } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { NetworkError } from '../platform/errors.ts';
import type { HttpRequest, HttpResponse } from '../platform/http.ts';
import type { Address } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { StreamGuard } from './stream-guard.ts';

export interface ServerPoolOptions {
  readonly servers: readonly Address[];
  readonly tls: 'mutual' | 'none';
  /** A request that is not answered whole in this time has failed. */
  readonly requestTimeoutMillis: number;
  /** A stream that carries nothing for this long is taken for dead. */
  readonly watchIdleMillis: number;
}

/** An answer with its whole body. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface StreamAnswer {
  readonly status: number;
  /** Ends when the server ends it or the caller's signal aborts; throws a NetworkError if it breaks. */
  readonly body: AsyncIterable<Uint8Array>;
}

const bodyBytesMax = 512 * 1024 * 1024;

/**
 * The API servers, of which one is used as long as it works. A server that fails is left for the next
 * in order; streams that are still open on it are broken then, because whoever does not answer a
 * request will not tell of changes either.
 */
export class ServerPool {
  readonly #platform: Platform;
  readonly #options: ServerPoolOptions;
  #current = 0;
  /** By server: the streams that are open on it. */
  readonly #streams: readonly Set<StreamGuard>[];

  constructor(platform: Platform, options: ServerPoolOptions) {
    assert(options.servers.length > 0, 'an API client needs a server');
    this.#platform = platform;
    this.#options = options;
    this.#streams = options.servers.map(() => new Set());
  }

  /**
   * Sends a request and reads the whole answer. `idempotent` requests are tried once on every server;
   * others only while it is certain that no server has seen them (C1).
   *
   * @throws NetworkError
   */
  async exchange(request: HttpRequest, idempotent: boolean): Promise<Answer> {
    for (let attemptsLeft = this.#options.servers.length - 1; ; attemptsLeft--) {
      const server = this.#current;
      const { faults } = this.#platform;
      if (!idempotent) faults.reach('client.before-write');
      try {
        const answer = await this.#exchangeWith(server, request);
        if (!idempotent) faults.reach('client.after-write');
        if (faults.rare('client.reconnect')) this.#fail(server, new NetworkError('ECONNRESET', 'just so'));
        if (!cannotServe(answer.status)) return answer;
        this.#leave(server, `status ${answer.status}`);
        if (!idempotent || attemptsLeft === 0) return answer;
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        this.#fail(server, error);
        // Only a refused connection proves that nothing was sent.
        if (!(idempotent || error.code === 'ECONNREFUSED') || attemptsLeft === 0) throw error;
      }
    }
  }

  /** Opens a stream on the current server. @throws NetworkError */
  async open(request: HttpRequest, signal: AbortSignal | undefined): Promise<StreamAnswer> {
    const server = this.#current;
    const streams = must(this.#streams[server]);
    const stream = new StreamGuard(this.#platform.clock, this.#options.watchIdleMillis, signal, () =>
      streams.delete(stream),
    );
    streams.add(stream);
    try {
      const response = await this.#platform.network.http.request(this.#address(server), request, {
        tls: this.#options.tls,
        signal: stream.signal,
        timeoutMillis: this.#options.requestTimeoutMillis,
      });
      if (cannotServe(response.status)) this.#leave(server, `status ${response.status}`);
      return { status: response.status, body: this.#guarded(server, stream, response) };
    } catch (error) {
      stream.close();
      if (stream.endedByCaller && error instanceof NetworkError) return { status: 200, body: nothing() };
      throw this.#streamFailure(server, stream, error);
    }
  }

  async *#guarded(
    server: number,
    stream: StreamGuard,
    response: HttpResponse,
  ): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of chunksOf(response)) {
        stream.heard();
        yield chunk;
      }
    } catch (error) {
      if (stream.endedByCaller && error instanceof NetworkError) return;
      throw this.#streamFailure(server, stream, error);
    } finally {
      stream.close();
    }
  }

  #streamFailure(server: number, stream: StreamGuard, error: unknown): unknown {
    if (!(error instanceof NetworkError)) return error;
    const failure =
      stream.brokenBecause === undefined
        ? error
        : new NetworkError('ETIMEDOUT', stream.brokenBecause, { cause: error });
    this.#fail(server, failure);
    return failure;
  }

  async #exchangeWith(server: number, request: HttpRequest): Promise<Answer> {
    const { requestTimeoutMillis, tls } = this.#options;
    const abort = new AbortController();
    const timer = this.#platform.clock.setTimer(requestTimeoutMillis, () => abort.abort());
    try {
      const response = await this.#platform.network.http.request(this.#address(server), request, {
        tls,
        signal: abort.signal,
        timeoutMillis: requestTimeoutMillis,
      });
      return { status: response.status, body: await readAll(response) };
    } catch (error) {
      if (!abort.signal.aborted || !(error instanceof NetworkError)) throw error;
      throw new NetworkError('ETIMEDOUT', `no answer in ${requestTimeoutMillis} ms`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  #address(server: number): Address {
    return must(this.#options.servers[server]);
  }

  /** Many requests may fail together; only the first moves on, or they would walk past a good server. */
  #leave(server: number, reason: string): void {
    if (server !== this.#current || this.#options.servers.length === 1) return;
    this.#current = (server + 1) % this.#options.servers.length;
    const { host, port } = this.#address(this.#current);
    this.#platform.logger.info('moving to another API server', { reason, server: `${host}:${port}` });
  }

  /** The connection failed, not just the request: the server's streams are taken for dead too. */
  #fail(server: number, error: NetworkError): void {
    this.#leave(server, error.message);
    if (server === this.#current) return;
    for (const stream of must(this.#streams[server])) stream.break('its server was left');
  }
}

/** The server is up but has lost its store or its own upstream. */
function cannotServe(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

async function* chunksOf(response: HttpResponse): AsyncGenerator<Uint8Array, void> {
  if (response.body instanceof Uint8Array) yield response.body;
  else yield* response.body;
}

async function readAll(response: HttpResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new NetworkError('EOTHER', `a response exceeds ${bodyBytesMax} bytes`);
  }
  return concatBytes(chunks);
}
