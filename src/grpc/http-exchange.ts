import { concatBytes, emptyBytes, encodeUtf8 } from '../base/bytes.ts';
import { DiskError, NetworkError } from '../platform/errors.ts';
import type { HttpHandler, HttpResponse } from '../platform/http.ts';
import { errorCode } from './frame.ts';
import type { HeaderBlock } from './header-block.ts';
import { encodeHeaders } from './hpack-encoder.ts';
import type { Http2Stream, StreamOwner } from './http2-stream.ts';

/** A longer request body is answered with 413. Room for 1.5 MiB of JSON with its base64. */
const requestBodyBytesMax = 3 * 1024 * 1024;

/** A plain HTTP request on an HTTP/2 stream, answered by an HttpHandler. */
export class HttpExchange implements StreamOwner {
  readonly #stream: Http2Stream;
  readonly #handle: HttpHandler;
  readonly #block: HeaderBlock;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #over = false;
  readonly #leaving = new AbortController();
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Http2Stream, handle: HttpHandler, block: HeaderBlock, endStream: boolean) {
    this.#stream = stream;
    this.#handle = handle;
    this.#block = block;
    if (endStream) void this.#answer();
  }

  headers(_block: HeaderBlock, endStream: boolean): void {
    if (endStream) void this.#answer();
  }

  data(bytes: Uint8Array, endStream: boolean): void {
    if (this.#over) return;
    this.#bytes += bytes.length;
    if (this.#bytes > requestBodyBytesMax || !this.#stream.connection.hold(bytes.length)) {
      this.#bytes -= bytes.length;
      this.#leave();
      const message = `request bodies may have at most ${requestBodyBytesMax} bytes\n`;
      this.#writeHead(413, { 'content-type': 'text/plain' });
      this.#stream.sendData(emptyBytes, encodeUtf8(message), true);
      this.#stream.stopReceiving();
      return;
    }
    this.#chunks.push(bytes);
    if (endStream) void this.#answer();
  }

  broken(): void {
    this.#leave();
    this.#leaving.abort();
    this.#wake?.();
    void this.#iterator?.return?.();
  }

  drained(): void {
    this.#wake?.();
  }

  #leave(): void {
    this.#over = true;
    this.#giveBack();
  }

  #giveBack(): void {
    this.#stream.connection.hold(-this.#bytes);
    this.#bytes = 0;
    this.#chunks.length = 0;
  }

  /** Not caught: what the handler throws is a bug, by its contract. */
  async #answer(): Promise<void> {
    const { fields } = this.#block;
    const headers: Record<string, string> = {};
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] === ':authority' ? 'host' : fields[i]!;
      if (name.startsWith(':')) continue;
      const before = headers[name];
      headers[name] = before === undefined ? fields[i + 1]! : `${before}, ${fields[i + 1]!}`;
    }
    const body = this.#chunks.length === 0 ? emptyBytes : concatBytes(this.#chunks);
    this.#giveBack();
    const { identity, remoteHost } = this.#stream.connection.transport;
    const response = await this.#handle({
      method: this.#block.get(':method') ?? 'GET',
      path: this.#block.get(':path') ?? '/',
      headers,
      body,
      remoteHost,
      left: this.#leaving.signal,
      ...(identity !== undefined && { identity }),
    });
    if (response.body instanceof Uint8Array) {
      if (this.#over) return;
      this.#writeHead(response.status, {
        ...response.headers,
        'content-length': String(response.body.length),
      });
      this.#stream.sendData(emptyBytes, response.body, true);
    } else {
      await this.#sendBody(response, response.body);
    }
  }

  async #sendBody(response: HttpResponse, body: AsyncIterable<Uint8Array>): Promise<void> {
    const iterator = body[Symbol.asyncIterator]();
    if (this.#over) {
      await iterator.return?.();
      return;
    }
    this.#iterator = iterator;
    this.#writeHead(response.status, response.headers);
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await iterator.next();
      } catch (error) {
        if (!(error instanceof NetworkError || error instanceof DiskError)) throw error;
        // The environment failed under the body: the client sees it break too.
        this.#stream.reset(errorCode.internalError);
        return;
      }
      if (this.#over) return;
      if (next.done === true) break;
      if (this.#stream.sendData(emptyBytes, next.value, false)) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
      if (this.#over) return;
    }
    this.#iterator = undefined;
    this.#stream.sendData(emptyBytes, emptyBytes, true);
  }

  #writeHead(status: number, headers: Readonly<Record<string, string>>): void {
    const fields = [':status', String(status)];
    for (const [name, value] of Object.entries(headers)) {
      const lower = name.toLowerCase();
      // RFC 9113 §8.2.2: it has no place in HTTP/2.
      if (lower !== 'connection' && lower !== 'transfer-encoding') fields.push(lower, value);
    }
    this.#stream.sendHeaders(encodeHeaders(fields), false);
  }
}
