import type { Address, Identity, Listener, TlsMaterial } from './network.ts';
import type { ByteStream, StreamEvents } from './streams.ts';

/**
 * HTTP as both worlds know it: a request with its whole body, a response with a body that may stream.
 * Bodies are not to be changed once handed over.
 */
export interface Http {
  /** EADDRINUSE, EADDRNOTAVAIL and EACCES reject with a NetworkError that names the address. */
  serve(address: Address, handle: HttpHandler, options: HttpServeOptions): Promise<Listener>;
  /**
   * Resolves when the response head is there. Rejects with a NetworkError if the connection fails;
   * `aborted` when `signal` aborts. A body that breaks later throws from its iterator.
   */
  request(address: Address, request: HttpRequest, options: HttpRequestOptions): Promise<HttpResponse>;
}

export interface HttpServeOptions {
  /**
   * `mutual`: TLS with this host's certificate; clients may show one of the cluster's CA. `none`: plain HTTP.
   * ServerTls: TLS with a certificate of this listener's own.
   */
  readonly tls: 'mutual' | 'none' | ServerTls;
  /**
   * Takes the connections that speak HTTP/2: by ALPN `h2` over TLS, by its preface (RFC 9113 §3.3) otherwise. The
   * first `data` starts with the preface. Without it everything is HTTP/1.1.
   */
  readonly http2?: (stream: ByteStream) => StreamEvents;
}

export interface ServerTls extends TlsMaterial {
  /** Whether clients show a certificate signed by `ca`: never, if they have one, or they are turned away. */
  readonly clientCertificates: 'none' | 'asked' | 'required';
}

export interface HttpRequestOptions {
  readonly tls: 'mutual' | 'none';
  /** Breaks the connection when aborted, also while the body is read. */
  readonly signal?: AbortSignal;
  /** Fails the request if no response head came in this time. Default 30 000. */
  readonly timeoutMillis?: number;
}

/** Must not throw: what it throws is a bug, and stops the process. `iterator.return` tells that the client left. */
export type HttpHandler = (request: HttpServerRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  readonly method: string;
  /** Path and query: `/api/v1/pods?watch=true`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpServerRequest extends HttpRequest {
  /** The verified client certificate's subject. */
  readonly identity?: Identity;
  /** The client's address. */
  readonly remoteHost: string;
  /** Aborted when the client leaves before the whole response has gone out. Absent: nobody can leave. */
  readonly left?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}
