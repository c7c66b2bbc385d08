import type { Timer } from '../platform/clock.ts';
import type { HttpHandler } from '../platform/http.ts';
import type { Platform } from '../platform/platform.ts';
import type { ByteStream, StreamEvents } from '../platform/streams.ts';
import { errorCode } from './frame.ts';
import { encodeHeaders } from './hpack-encoder.ts';
import { Http2Connection, type Http2Events } from './http2-connection.ts';
import type { Http2Stream, StreamOwner } from './http2-stream.ts';
import { HttpExchange } from './http-exchange.ts';
import { Keepalive, PingEnforcement, type KeepaliveOptions } from './keepalive.ts';
import type { HeaderBlock } from './header-block.ts';
import { requestHead, type RequestHead } from './request-head.ts';
import { StreamCall, type CallHome } from './server-call.ts';
import type { GrpcMethod, GrpcMethods } from './service.ts';
import { encodeStatusMessage, grpcCode, type GrpcStatus } from './status.ts';

/** etcd's: 1.5 MiB for the request and 512 KiB for what surrounds it. */
const messageBytesMaxDefault = 2_097_152;

export interface GrpcServerOptions {
  readonly methods: GrpcMethods;
  /** Takes the requests that are not gRPC. Without it they are answered with 415, as grpc-go does. */
  readonly http?: HttpHandler;
  /** Longest request message, in bytes; longer ones are refused with code 8. Default 2 097 152. */
  readonly messageBytesMax?: number;
  readonly keepalive?: KeepaliveOptions;
  /** Most streams of one connection. Default 4096. */
  readonly streamsMax?: number;
}

/** A gRPC server over byte streams. Give `accept` to `Http.serve` or `Streams.listen`. */
export class GrpcServer {
  readonly #platform: Platform;
  readonly #options: GrpcServerOptions;
  readonly #home: CallHome;
  readonly #services: ReadonlySet<string>;
  readonly #connections = new Set<Http2Connection>();
  #watched: StreamCall[] = [];
  #whenIdle: (() => void) | undefined;
  #draining = false;

  constructor(platform: Platform, options: GrpcServerOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#services = new Set([...options.methods.keys()].map((path) => splitPath(path)?.service ?? ''));
    this.#home = {
      clock: platform.clock,
      messageBytesMax: options.messageBytesMax ?? messageBytesMaxDefault,
      watchDeadline: (call) => this.#watchDeadline(call),
    };
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Serves a connection whose first byte is the first of the HTTP/2 preface. */
  readonly accept = (transport: ByteStream): StreamEvents => {
    const { clock } = this.#platform;
    const {
      minTimeMillis = 5_000,
      intervalMillis = 7_200_000,
      timeoutMillis = 20_000,
    } = this.#options.keepalive ?? {};
    const events: Http2Events = {
      opened: (stream, block, endStream) => this.#open(stream, block, endStream),
      pinged: () => enforcement.pinged(),
      closed: () => {
        keepalive.stop();
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#whenIdle?.();
      },
    };
    const connection = new Http2Connection('server', transport, clock, events, this.#options.streamsMax);
    const enforcement = new PingEnforcement(connection, clock, minTimeMillis);
    const keepalive = new Keepalive(connection, clock, intervalMillis, timeoutMillis);
    this.#connections.add(connection);
    connection.begin();
    if (this.#draining) drainConnection(connection);
    return connection;
  };

  /** Asks all clients to go elsewhere, and lets open calls end. Resolves when they have, or `graceMillis` are over. */
  async drain(graceMillis: number): Promise<void> {
    this.#draining = true;
    for (const connection of this.#connections) drainConnection(connection);
    if (this.#connections.size === 0) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      timer = this.#platform.clock.setTimer(graceMillis, resolve);
    });
    timer?.cancel();
  }

  /** Breaks every connection; open calls hear that they are cancelled. */
  close(): void {
    for (const connection of this.#connections) connection.destroy('the server is closed');
  }

  #open(stream: Http2Stream, block: HeaderBlock, endStream: boolean): StreamOwner | undefined {
    const head = requestHead(block);
    if (head.malformed !== undefined) {
      stream.reset(errorCode.protocolError);
      return undefined;
    }
    if (!head.isGrpc) return this.#openHttp(stream, block, endStream);
    if (head.method !== 'POST') {
      refuseHttp(stream, 405);
      return undefined;
    }
    const method = this.#options.methods.get(head.path);
    const refusal = method === undefined ? this.#unknown(head.path) : refusalOf(head);
    if (method === undefined || refusal !== undefined) {
      refuse(stream, refusal!);
      return undefined;
    }
    return this.#begin(stream, head, method, endStream);
  }

  #begin(stream: Http2Stream, head: RequestHead, method: GrpcMethod, endStream: boolean): StreamOwner {
    const { timeoutMillis } = head;
    const deadlineMillis =
      typeof timeoutMillis === 'number' ? this.#platform.clock.monotonicMillis() + timeoutMillis : undefined;
    const call = new StreamCall(stream, head, method, this.#home, deadlineMillis);
    // Before the method runs: it may end the stream at once.
    stream.owner = call;
    call.begin(endStream);
    return call;
  }

  #openHttp(stream: Http2Stream, block: HeaderBlock, endStream: boolean): StreamOwner | undefined {
    const { http } = this.#options;
    if (http !== undefined) return new HttpExchange(stream, http, block, endStream);
    refuseHttp(stream, 415);
    return undefined;
  }

  /** In the words of grpc-go. */
  #unknown(path: string): GrpcStatus {
    const parts = splitPath(path);
    if (parts === undefined) {
      return { code: grpcCode.unimplemented, message: `malformed method name: ${JSON.stringify(path)}` };
    }
    const { service, method } = parts;
    const message = this.#services.has(service)
      ? `unknown method ${method} for service ${service}`
      : `unknown service ${service}`;
    return { code: grpcCode.unimplemented, message };
  }

  #watchDeadline(call: StreamCall): void {
    this.#watched.push(call);
    if (this.#watched.length > 1) return;
    queueMicrotask(() => {
      const calls = this.#watched;
      this.#watched = [];
      for (const watched of calls) watched.armDeadline();
    });
  }
}

/** RFC 9113 §6.8: first no new streams; when the client is known to have heard, which ones are still served. */
function drainConnection(connection: Http2Connection): void {
  connection.sendGoaway(errorCode.noError, 'graceful_stop', false);
  connection.ping(() => connection.sendGoaway(errorCode.noError, '', true));
}

/** In the words of grpc-go, which asks for the compressor before any message. */
function refusalOf(head: RequestHead): GrpcStatus | undefined {
  if (head.timeoutMillis === 'malformed') {
    return { code: grpcCode.internal, message: 'malformed grpc-timeout' };
  }
  if (head.encoding !== 'identity') {
    const message = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(head.encoding)}`;
    return { code: grpcCode.unimplemented, message };
  }
  return undefined;
}

function refuse(stream: Http2Stream, status: GrpcStatus): void {
  const { code, message } = status;
  const fields = [':status', '200', 'content-type', 'application/grpc'];
  fields.push('grpc-status', String(code), 'grpc-message', encodeStatusMessage(message));
  stream.sendHeaders(encodeHeaders(fields), true);
  stream.stopReceiving();
}

function refuseHttp(stream: Http2Stream, status: number): void {
  stream.sendHeaders(encodeHeaders([':status', String(status)]), true);
  stream.stopReceiving();
}

function splitPath(path: string): { service: string; method: string } | undefined {
  const slash = path.lastIndexOf('/');
  if (slash < 1 || path[0] !== '/') return undefined;
  return { service: path.slice(1, slash), method: path.slice(slash + 1) };
}
