import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Identity } from '../platform/network.ts';
import { writeUint32 } from './frame.ts';
import type { HeaderBlock } from './header-block.ts';
import { encodeHeaders } from './hpack-encoder.ts';
import type { Http2Stream, StreamOwner } from './http2-stream.ts';
import { MessageReader, type MessageReceiver } from './message-reader.ts';
import type { Message } from './message.ts';
import type { Metadata } from './metadata.ts';
import type { RequestHead } from './request-head.ts';
import type { CallEvents, GrpcMethod, ServerCall } from './service.ts';
import { encodeStatusMessage, grpcCode, okStatus, type GrpcStatus } from './status.ts';

/** Messages queued on one call before `send` says false, beyond what fits the client's window. */
const sendQueueBytesMax = 1_048_576;

/** A timer cannot be set further ahead; no client waits for 24 days. */
const timerMillisMax = 2 ** 31 - 1;

const responseFields = [':status', '200', 'content-type', 'application/grpc'] as const;
const responseHeaders = encodeHeaders(responseFields);
const okTrailers = encodeHeaders(['grpc-status', '0']);
/** Flag 0 (not compressed) and the length. Overwritten for every message; whoever queues it takes a copy. */
const prefix = new Uint8Array(5);

/** What a call needs of its server. */
export interface CallHome {
  readonly messageBytesMax: number;
  readonly clock: Clock;
  /** Has `armDeadline` called at the end of the turn: most calls are answered by then and need no timer. */
  watchDeadline(call: StreamCall): void;
}

/** One gRPC call on one HTTP/2 stream. */
export class StreamCall implements ServerCall, StreamOwner, MessageReceiver {
  readonly deadlineMillis: number | undefined;
  cancelled = false;
  onCancelled: ((reason: string) => void) | undefined;
  readonly #stream: Http2Stream;
  readonly #head: RequestHead;
  readonly #home: CallHome;
  readonly #method: GrpcMethod;
  #reader: MessageReader | undefined;
  #events: CallEvents | undefined;
  /** The request of a unary call, until its client has sent all. */
  #request: Uint8Array | undefined;
  #headersSent = false;
  #finished = false;
  #timer: Timer | undefined;

  constructor(
    stream: Http2Stream,
    head: RequestHead,
    method: GrpcMethod,
    home: CallHome,
    deadlineMillis: number | undefined,
  ) {
    this.#stream = stream;
    this.#head = head;
    this.#method = method;
    this.#home = home;
    this.deadlineMillis = deadlineMillis;
  }

  get path(): string {
    return this.#head.path;
  }

  get metadata(): Metadata {
    return this.#head.metadata;
  }

  get identity(): Identity | undefined {
    return this.#stream.connection.transport.identity;
  }

  get remoteHost(): string {
    return this.#stream.connection.transport.remoteHost;
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes;
  }

  // ——— what the service does ———

  reply(message: Message): void {
    if (this.#finished) return;
    this.#writeMessage(message);
    this.#finish(okTrailers);
  }

  fail(status: GrpcStatus): void {
    assert(status.code !== grpcCode.ok, 'a call cannot fail with status 0');
    this.end(status);
  }

  send(message: Message): boolean {
    if (this.#finished) return true;
    return this.#writeMessage(message) || this.#stream.queuedBytes < sendQueueBytesMax;
  }

  end(status: GrpcStatus = okStatus): void {
    if (this.#finished) return;
    if (status.code === grpcCode.ok) {
      this.#writeHeaders();
      this.#finish(okTrailers);
      return;
    }
    const fields = ['grpc-status', String(status.code), 'grpc-message', encodeStatusMessage(status.message)];
    // "Trailers-Only": one header block is the whole answer.
    this.#finish(encodeHeaders(this.#headersSent ? fields : [...responseFields, ...fields]));
  }

  // ——— what the client does ———

  /** Hands the call to its method, with what opened it. */
  begin(endStream: boolean): void {
    if (this.deadlineMillis !== undefined) this.#home.watchDeadline(this);
    if ('open' in this.#method) this.#events = this.#method.open(this);
    if (endStream) this.#halfClosed();
  }

  /** Has the call run against its deadline, unless it has been answered. */
  armDeadline(): void {
    if (this.#finished || this.deadlineMillis === undefined) return;
    const { clock } = this.#home;
    const leftMillis = Math.max(0, this.deadlineMillis - clock.monotonicMillis());
    this.#timer = clock.setTimer(Math.min(leftMillis, timerMillisMax), () => this.#expire());
  }

  #expire(): void {
    const events = this.#events;
    const { onCancelled } = this;
    this.cancelled = true;
    this.end({ code: grpcCode.deadlineExceeded, message: 'context deadline exceeded' });
    events?.cancelled('context deadline exceeded');
    onCancelled?.('context deadline exceeded');
  }

  headers(_block: HeaderBlock, endStream: boolean): void {
    if (endStream) this.#halfClosed();
  }

  data(bytes: Uint8Array, endStream: boolean): void {
    if (this.#finished) return;
    this.#reader ??= new MessageReader(this, this.#home.messageBytesMax);
    this.#reader.read(bytes);
    if (endStream) this.#halfClosed();
  }

  broken(_code: number, reason: string): void {
    if (this.#finished) return;
    const events = this.#events;
    const onCancelled = this.onCancelled;
    this.cancelled = true;
    this.#release();
    events?.cancelled(reason);
    onCancelled?.(reason);
  }

  drained(): void {
    if (!this.#finished) this.#events?.drained();
  }

  message(bytes: Uint8Array): void {
    if (this.#events !== undefined) {
      this.#events.message(bytes);
    } else if (this.#request === undefined) {
      this.#request = bytes;
    } else {
      this.#refuse(
        grpcCode.internal,
        'cardinality violation: received multiple request messages for non-client-streaming RPC',
      );
    }
  }

  tooLarge(length: number): void {
    const { messageBytesMax } = this.#home;
    const message = `grpc: received message larger than max (${length} vs. ${messageBytesMax})`;
    this.#refuse(grpcCode.resourceExhausted, message);
  }

  compressed(): void {
    this.#refuse(grpcCode.internal, 'grpc: compressed flag set with identity or empty encoding');
  }

  hold(bytes: number): boolean {
    if (this.#stream.connection.hold(bytes)) return true;
    this.#refuse(grpcCode.resourceExhausted, 'too many unfinished messages on one connection');
    return false;
  }

  #halfClosed(): void {
    if (this.#finished) return;
    if (this.#reader?.isInside === true) {
      this.#refuse(grpcCode.internal, 'unexpected EOF');
    } else if (this.#events !== undefined) {
      this.#events.halfClosed();
    } else if (this.#request === undefined) {
      this.#refuse(
        grpcCode.internal,
        'cardinality violation: received no request message from non-client-streaming RPC',
      );
    } else if ('handle' in this.#method) {
      const request = this.#request;
      this.#request = undefined;
      this.#method.handle(request, this);
    }
  }

  #refuse(code: number, message: string): void {
    const events = this.#events;
    this.cancelled = events !== undefined;
    this.end({ code, message });
    events?.cancelled(message);
  }

  #writeHeaders(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    this.#stream.sendHeaders(responseHeaders, false);
  }

  #writeMessage(message: Message): boolean {
    this.#writeHeaders();
    writeUint32(prefix, 1, message.length);
    return this.#stream.sendData(prefix, message, false);
  }

  #finish(trailers: Uint8Array): void {
    this.#release();
    this.#stream.sendHeaders(trailers, true);
    this.#stream.stopReceiving();
  }

  #release(): void {
    this.#finished = true;
    this.#events = undefined;
    this.onCancelled = undefined;
    this.#request = undefined;
    this.#reader?.stop();
    this.#timer?.cancel();
  }
}
