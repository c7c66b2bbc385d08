import { NetworkError } from '../platform/errors.ts';
import type { Address, TlsMaterial } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import type { ByteStream, StreamEvents } from '../platform/streams.ts';
import { ClientCall, type ClientCallEvents } from './client-call.ts';
import { errorCode } from './frame.ts';
import { encodeHeaders } from './hpack-encoder.ts';
import { Http2Connection } from './http2-connection.ts';
import { Keepalive } from './keepalive.ts';
import type { Message } from './message.ts';
import { GrpcError, grpcCode, type GrpcStatus } from './status.ts';

export interface GrpcChannelOptions {
  /** `mutual`: TLS with this host's certificate and authority. Default `none`. */
  readonly tls?: 'mutual' | 'none' | TlsMaterial;
  readonly connectTimeoutMillis?: number;
  /** Silence after which the server is pinged, and how long its answer may take. Default: no pings. */
  readonly keepalive?: { readonly intervalMillis: number; readonly timeoutMillis: number };
  /** Longest message accepted. Default 2^31 - 1: etcd's client has no limit either. */
  readonly messageBytesMax?: number;
}

export interface CallOptions {
  /** Names in lower case; values of visible ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Told to the server, and kept here: the call ends with code 4. */
  readonly timeoutMillis?: number;
  readonly signal?: AbortSignal;
}

/** Calls that wait for a connection or for a free stream; more fail at once with code 8. */
const waitingCallsMax = 10_000;
const messageBytesMaxDefault = 2 ** 31 - 1;

/**
 * A client's way to one server: connects with the first call, and again with the next one after a loss. It repeats no
 * call; GrpcError.sent tells whether a repetition is safe.
 */
export class GrpcChannel {
  readonly #platform: Platform;
  readonly #address: Address;
  readonly #options: GrpcChannelOptions;
  readonly #authority: string;
  readonly #headers = new Map<string, Uint8Array>();
  #connection: Http2Connection | undefined;
  #connecting = false;
  #closed = false;
  #waiting: ClientCall[] = [];

  constructor(platform: Platform, address: Address, options: GrpcChannelOptions = {}) {
    this.#platform = platform;
    this.#address = address;
    this.#options = options;
    const { host, port } = address;
    this.#authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** One request, one reply. Rejects with a GrpcError. */
  unary(path: string, message: Message, options: CallOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let reply: Uint8Array | undefined;
      const call = this.#start(path, options, {
        message: (bytes) => {
          reply = bytes;
        },
        ended: (status, sent) => {
          if (status.code !== grpcCode.ok) reject(new GrpcError(status.code, status.message, sent));
          else if (reply === undefined)
            reject(new GrpcError(grpcCode.internal, 'the server sent no reply', sent));
          else resolve(reply);
        },
        drained: () => {},
      });
      call.sendOnly(message);
    });
  }

  /** Messages both ways. `events.ended` is called once, last, and never inside this call. */
  stream(path: string, events: ClientCallEvents, options: CallOptions = {}): ClientCall {
    return this.#start(path, options, events);
  }

  /** Ends the connection; open calls end with code 1. */
  close(): void {
    this.#closed = true;
    this.#failWaiting({ code: grpcCode.cancelled, message: 'the channel is closed' });
    this.#connection?.fail(errorCode.noError, 'the channel is closed');
    this.#connection = undefined;
  }

  #start(path: string, options: CallOptions, events: ClientCallEvents): ClientCall {
    const call = new ClientCall(
      this.#platform.clock,
      this.#headerBlock(path, options),
      events,
      this.#options.messageBytesMax ?? messageBytesMaxDefault,
    );
    if (this.#closed) call.endSoon({ code: grpcCode.cancelled, message: 'the channel is closed' });
    else if (this.#waiting.length >= waitingCallsMax) {
      call.endSoon({ code: grpcCode.resourceExhausted, message: `more than ${waitingCallsMax} calls wait` });
    } else {
      call.watch(options.timeoutMillis, options.signal);
      this.#waiting.push(call);
      this.#dispatch();
    }
    return call;
  }

  #headerBlock(path: string, options: CallOptions): Uint8Array {
    const plain = options.metadata === undefined && options.timeoutMillis === undefined;
    const known = plain ? this.#headers.get(path) : undefined;
    if (known !== undefined) return known;
    const scheme = (this.#options.tls ?? 'none') === 'none' ? 'http' : 'https';
    const fields = [':method', 'POST', ':scheme', scheme, ':path', path, ':authority', this.#authority];
    fields.push('te', 'trailers', 'content-type', 'application/grpc', 'user-agent', 'drydock');
    if (options.timeoutMillis !== undefined) fields.push('grpc-timeout', timeoutText(options.timeoutMillis));
    for (const [name, value] of Object.entries(options.metadata ?? {})) fields.push(name, value);
    const block = encodeHeaders(fields);
    // Paths are those of a service's methods: few.
    if (plain) this.#headers.set(path, block);
    return block;
  }

  /** Gives waiting calls a stream each, as far as the server allows. */
  #dispatch(): void {
    const connection = this.#connection;
    if (connection === undefined) {
      void this.#connect();
      return;
    }
    let started = 0;
    while (started < this.#waiting.length && connection.streams.size < connection.peerStreamsMax) {
      const call = this.#waiting[started++]!;
      if (call.isOver) continue;
      const stream = connection.open(call);
      if (stream === undefined) {
        this.#abandon(connection);
        started--;
        break;
      }
      call.begin(stream);
    }
    if (started > 0) this.#waiting.splice(0, started);
    if (this.#connection === undefined && this.#waiting.length > 0) void this.#connect();
  }

  /** No new calls on this connection; those under way may end. */
  #abandon(connection: Http2Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    const { connectTimeoutMillis, tls = 'none' } = this.#options;
    const relay = new Relay();
    try {
      const transport = await this.#platform.network.streams.connect(this.#address, relay, {
        tls,
        ...(tls !== 'none' && { protocol: 'h2' }),
        ...(connectTimeoutMillis !== undefined && { timeoutMillis: connectTimeoutMillis }),
      });
      this.#connecting = false;
      if (this.#closed) {
        transport.destroy();
        return;
      }
      const connection = this.#newConnection(transport);
      this.#connection = connection;
      relay.open(connection);
      connection.begin();
      this.#dispatch();
    } catch (error) {
      this.#connecting = false;
      if (!(error instanceof NetworkError)) throw error;
      this.#failWaiting({
        code: grpcCode.unavailable,
        message: `connection error: desc = ${JSON.stringify(error.message)}`,
      });
    }
  }

  #newConnection(transport: ByteStream): Http2Connection {
    const { clock } = this.#platform;
    const connection: Http2Connection = new Http2Connection('client', transport, clock, {
      opened: () => undefined,
      settled: () => this.#dispatch(),
      streamClosed: () => {
        if (this.#waiting.length > 0 && this.#connection === connection) this.#dispatch();
      },
      goingAway: (lastStreamId, code, debug) => {
        this.#abandon(connection);
        connection.refuseAbove(
          lastStreamId,
          `the server went away (${code}${debug === '' ? '' : `: ${debug}`})`,
        );
        if (connection.streams.size === 0) connection.fail(errorCode.noError, 'the server went away');
        if (this.#waiting.length > 0) this.#dispatch();
      },
      closed: () => {
        keepalive?.stop();
        this.#abandon(connection);
        if (this.#waiting.length > 0) this.#dispatch();
      },
    });
    const options = this.#options.keepalive;
    const keepalive =
      options === undefined
        ? undefined
        : new Keepalive(connection, clock, options.intervalMillis, options.timeoutMillis, false);
    return connection;
  }

  #failWaiting(status: GrpcStatus): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.endSoon(status);
  }
}

/** Takes the events of a stream from before it is known what to do with them. */
class Relay implements StreamEvents {
  #target: StreamEvents | undefined;
  readonly #early: ((target: StreamEvents) => void)[] = [];

  open(target: StreamEvents): void {
    this.#target = target;
    for (const event of this.#early) event(target);
  }

  data(bytes: Uint8Array): void {
    this.#pass((target) => target.data(bytes));
  }

  drained(): void {
    this.#pass((target) => target.drained());
  }

  ended(): void {
    this.#pass((target) => target.ended());
  }

  closed(error?: string): void {
    this.#pass((target) => target.closed(error));
  }

  #pass(event: (target: StreamEvents) => void): void {
    if (this.#target === undefined) this.#early.push(event);
    else event(this.#target);
  }
}

/** gRPC over HTTP/2, "Timeout": at most eight digits and a unit. Rounded up, so that the server is not more impatient. */
function timeoutText(millis: number): string {
  const whole = Math.max(0, Math.ceil(millis));
  if (whole < 1e8) return `${whole}m`;
  const seconds = Math.ceil(whole / 1000);
  return seconds < 1e8 ? `${seconds}S` : '99999999H';
}
