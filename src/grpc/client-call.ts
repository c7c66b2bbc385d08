import type { Clock, Timer } from '../platform/clock.ts';
import { errorCode, writeUint32 } from './frame.ts';
import type { HeaderBlock } from './header-block.ts';
import type { Http2Stream, StreamOwner } from './http2-stream.ts';
import { MessageReader, type MessageReceiver } from './message-reader.ts';
import type { Message } from './message.ts';
import { decodeStatusMessage, grpcCode, type GrpcStatus } from './status.ts';

/** What the caller of a stream hears. */
export interface ClientCallEvents {
  message(bytes: Uint8Array): void;
  /** Once, last. `sent`: a byte of the request may have reached a server that acts on it. */
  ended(status: GrpcStatus, sent: boolean): void;
  /** There is room again after `send` said false. */
  drained(): void;
}

/** Messages a call may send before it has a connection, and queue on it, before `send` says false. */
const sendQueueBytesMax = 1_048_576;

const timerMillisMax = 2 ** 31 - 1;
const prefix = new Uint8Array(5);

/** One call as its client sees it. */
export class ClientCall implements StreamOwner, MessageReceiver {
  isOver = false;
  readonly #clock: Clock;
  readonly #header: Uint8Array;
  readonly #events: ClientCallEvents;
  readonly #reader: MessageReader;
  readonly #bytesMax: number;
  #stream: Http2Stream | undefined;
  #early: Message[] = [];
  #earlyBytes = 0;
  #halfClosed = false;
  #sent = false;
  #httpStatus = '';
  #timer: Timer | undefined;
  #unwatch: (() => void) | undefined;

  constructor(clock: Clock, header: Uint8Array, events: ClientCallEvents, messageBytesMax: number) {
    this.#clock = clock;
    this.#header = header;
    this.#events = events;
    this.#bytesMax = messageBytesMax;
    this.#reader = new MessageReader(this, messageBytesMax);
  }

  /** Sends a message. False when it was queued and the queue is full: wait for `drained`. Nothing after `halfClose`. */
  send(message: Message): boolean {
    if (this.isOver || this.#halfClosed) return true;
    const stream = this.#stream;
    if (stream === undefined) {
      this.#early.push(message);
      this.#earlyBytes += message.length;
      return this.#earlyBytes < sendQueueBytesMax;
    }
    writeUint32(prefix, 1, message.length);
    return stream.sendData(prefix, message, false) || stream.queuedBytes < sendQueueBytesMax;
  }

  /** No more messages from this side. */
  halfClose(): void {
    if (this.isOver || this.#halfClosed) return;
    this.#halfClosed = true;
    this.#stream?.sendData(new Uint8Array(0), new Uint8Array(0), true);
  }

  /** Gives the call up: it ends with code 1. */
  cancel(message = 'context canceled'): void {
    this.#giveUp({ code: grpcCode.cancelled, message });
  }

  // ——— for the channel ———

  /** The one message of a unary call. */
  sendOnly(message: Message): void {
    if (this.isOver) return;
    const stream = this.#stream;
    if (stream === undefined) {
      this.#early.push(message);
      this.#halfClosed = true;
      return;
    }
    this.#halfClosed = true;
    writeUint32(prefix, 1, message.length);
    stream.sendData(prefix, message, true);
  }

  watch(timeoutMillis: number | undefined, signal: AbortSignal | undefined): void {
    if (timeoutMillis !== undefined) {
      const delay = Math.min(Math.max(0, timeoutMillis), timerMillisMax);
      const status = { code: grpcCode.deadlineExceeded, message: 'context deadline exceeded' };
      this.#timer = this.#clock.setTimer(delay, () => this.#giveUp(status));
    }
    if (signal === undefined) return;
    const abort = (): void => this.cancel();
    signal.addEventListener('abort', abort, { once: true });
    this.#unwatch = () => signal.removeEventListener('abort', abort);
    if (signal.aborted) this.endSoon({ code: grpcCode.cancelled, message: 'context canceled' });
  }

  begin(stream: Http2Stream): void {
    this.#stream = stream;
    this.#sent = true;
    const early = this.#early;
    this.#early = [];
    stream.sendHeaders(this.#header, false);
    for (const [i, message] of early.entries()) {
      writeUint32(prefix, 1, message.length);
      stream.sendData(prefix, message, this.#halfClosed && i === early.length - 1);
    }
    if (this.#halfClosed && early.length === 0) stream.sendData(new Uint8Array(0), new Uint8Array(0), true);
    else if (this.#earlyBytes >= sendQueueBytesMax && !stream.hasQueued) queueMicrotask(() => this.drained());
  }

  /** Ends the call in a later turn of the microtask queue: never inside the call that started it. */
  endSoon(status: GrpcStatus): void {
    queueMicrotask(() => this.#end(status));
  }

  /** The server has not begun with it: safe to repeat. */
  refused(reason: string): void {
    this.#sent = false;
    this.#end({ code: grpcCode.unavailable, message: reason });
  }

  // ——— what the server does ———

  headers(block: HeaderBlock, endStream: boolean): void {
    if (this.#httpStatus === '') {
      const status = block.get(':status') ?? '';
      // RFC 9113 §8.1: an interim answer comes before the real one.
      if (/^1\d\d$/.test(status)) return;
      this.#httpStatus = status;
    }
    const code = block.get('grpc-status');
    if (code !== undefined) {
      const known = /^\d{1,3}$/.test(code);
      const message = decodeStatusMessage(block.get('grpc-message') ?? '');
      this.#leave(endStream);
      if (!known) this.#end({ code: grpcCode.unknown, message: `malformed grpc-status: ${code}` });
      else if (Number(code) === grpcCode.ok && this.#reader.isInside) {
        this.#end({ code: grpcCode.internal, message: 'the reply was cut off' });
      } else this.#end({ code: Number(code), message });
    } else if (this.#httpStatus !== '200') {
      this.#leave(endStream);
      this.#end({
        code: codeOfHttp(this.#httpStatus),
        message: `unexpected HTTP status code ${this.#httpStatus}`,
      });
    } else if (endStream) {
      this.#end({ code: grpcCode.internal, message: 'the server ended the call without a status' });
    }
  }

  data(bytes: Uint8Array, endStream: boolean): void {
    if (this.isOver) return;
    this.#reader.read(bytes);
    if (endStream)
      this.#end({ code: grpcCode.internal, message: 'the server ended the call without a status' });
  }

  broken(code: number, reason: string): void {
    if (code === errorCode.refusedStream) this.refused(reason);
    else {
      const status = code === errorCode.enhanceYourCalm ? grpcCode.resourceExhausted : grpcCode.unavailable;
      this.#end({ code: status, message: reason });
    }
  }

  drained(): void {
    if (!this.isOver) this.#events.drained();
  }

  message(bytes: Uint8Array): void {
    if (!this.isOver) this.#events.message(bytes);
  }

  tooLarge(length: number): void {
    const message = `grpc: received message larger than max (${length} vs. ${this.#bytesMax})`;
    this.#giveUp({ code: grpcCode.resourceExhausted, message });
  }

  /** The server is one we chose, and its replies may be long. */
  hold(): boolean {
    return true;
  }

  compressed(): void {
    this.#giveUp({
      code: grpcCode.internal,
      message: 'the server compressed a message though it was not asked to',
    });
  }

  #giveUp(status: GrpcStatus): void {
    if (this.isOver) return;
    this.#stream?.reset(errorCode.cancel);
    this.#end(status);
  }

  /** The answer is complete; if the request is not, the rest of it is not wanted. */
  #leave(endStream: boolean): void {
    const stream = this.#stream;
    if (stream === undefined || stream.localClosed) {
      if (endStream) return;
    }
    stream?.reset(endStream ? errorCode.noError : errorCode.cancel);
  }

  #end(status: GrpcStatus): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#timer?.cancel();
    this.#unwatch?.();
    this.#reader.stop();
    this.#early = [];
    this.#events.ended(status, this.#sent);
  }
}

/** gRPC's doc/http-grpc-status-mapping.md. */
function codeOfHttp(status: string): number {
  switch (status) {
    case '400':
      return grpcCode.internal;
    case '401':
      return grpcCode.unauthenticated;
    case '403':
      return grpcCode.permissionDenied;
    case '404':
      return grpcCode.unimplemented;
    case '429':
    case '502':
    case '503':
    case '504':
      return grpcCode.unavailable;
    default:
      return grpcCode.unknown;
  }
}
