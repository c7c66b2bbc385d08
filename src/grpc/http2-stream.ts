import { assert } from '../base/assert.ts';
import { errorCode } from './frame.ts';
import type { HeaderBlock } from './header-block.ts';
import type { Http2Connection } from './http2-connection.ts';
import type { Message } from './message.ts';

/** What the user of a stream hears. */
export interface StreamOwner {
  headers(block: HeaderBlock, endStream: boolean): void;
  data(bytes: Uint8Array, endStream: boolean): void;
  /** The stream is over before its regular end: reset by the peer or with its connection. Last. */
  broken(code: number, reason: string): void;
  /** Everything that was queued has gone out. */
  drained(): void;
}

/** Something in line to be sent on a stream: pieces of DATA, or a header block. */
interface Queued {
  readonly pieces: readonly Uint8Array[];
  readonly isHeaders: boolean;
  readonly endStream: boolean;
  /** Bytes not yet sent. */
  left: number;
}

/** One HTTP/2 stream (RFC 9113 §5): its two windows, and what waits to be sent on it. */
export class Http2Stream {
  readonly id: number;
  readonly connection: Http2Connection;
  owner: StreamOwner | undefined;
  /** §6.9: what the peer lets us send. Negative after it shrank its initial window. */
  sendWindow: number;
  /** Received and not yet given back to the peer's window. */
  receivedBytes = 0;
  remoteClosed = false;
  localClosed = false;
  /** In line for the connection's round of sending. */
  inLine = false;
  queuedBytes = 0;
  readonly #queue: Queued[] = [];
  /** Where the head of the queue stands. */
  #piece = 0;
  #offset = 0;

  constructor(connection: Http2Connection, id: number, sendWindow: number) {
    this.connection = connection;
    this.id = id;
    this.sendWindow = sendWindow;
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  get closed(): boolean {
    return this.localClosed && this.remoteClosed;
  }

  sendHeaders(block: Uint8Array, endStream: boolean): void {
    if (this.localClosed) return;
    if (endStream) this.localClosed = true;
    if (this.#queue.length === 0 && this.connection.mayWrite) {
      this.connection.writeHeaders(this.id, block, endStream);
      if (endStream) this.connection.streamSent(this);
    } else {
      this.#enqueue({ pieces: [block], isHeaders: true, endStream, left: 0 });
    }
  }

  /**
   * Sends DATA; `prefix` goes before the bytes. False when some of it had to be queued.
   */
  sendData(prefix: Uint8Array, message: Message, endStream: boolean): boolean {
    if (this.localClosed) return true;
    if (endStream) this.localClosed = true;
    const length = prefix.length + message.length;
    if (this.#queue.length === 0 && this.connection.mayWriteData(this, length)) {
      this.connection.writeData(this, prefix, message, length, endStream);
      if (endStream) this.connection.streamSent(this);
      return true;
    }
    const body = 'pieces' in message ? message.pieces : [message];
    const pieces = prefix.length > 0 ? [prefix.slice(), ...body] : body;
    this.queuedBytes += length;
    this.#enqueue({ pieces, isHeaders: false, endStream, left: length });
    return this.connection.sendQueued(this);
  }

  /** Ends the stream at once; nothing more is heard of it. */
  reset(code: number): void {
    this.connection.resetStream(this, code);
  }

  /** §8.1: an answer is complete before its request: tell the peer to stop sending. */
  stopReceiving(): void {
    if (this.remoteClosed) return;
    if (this.#queue.length > 0) this.remoteClosedAfterSend = true;
    else this.connection.resetStream(this, errorCode.noError);
  }

  /** Reset with NO_ERROR as soon as everything has gone out. */
  remoteClosedAfterSend = false;

  /** Sends as much of the queue as the windows allow. False when something is left. */
  flushQueue(): boolean {
    const { connection } = this;
    while (this.#queue.length > 0 && connection.mayWrite) {
      const head = this.#queue[0]!;
      if (head.isHeaders) {
        connection.writeHeaders(this.id, head.pieces[0]!, head.endStream);
        this.#queue.shift();
      } else if (!this.#sendHead(head)) {
        return false;
      }
    }
    return this.#queue.length === 0;
  }

  dropQueue(): void {
    this.#queue.length = 0;
    this.queuedBytes = 0;
    this.#piece = 0;
    this.#offset = 0;
  }

  /** Sends one DATA frame of the head, more of it the next time. False when a window is shut. */
  #sendHead(head: Queued): boolean {
    const { connection } = this;
    const { left } = head;
    const allowed = connection.dataAllowance(this);
    const count = Math.min(left, allowed);
    if (count <= 0 && left > 0) return false;
    connection.expectData(left);
    const last = count === left;
    connection.writeDataHeader(this, count, last && head.endStream);
    this.queuedBytes -= count;
    head.left -= count;
    let rest = count;
    while (rest > 0) {
      const piece = head.pieces[this.#piece]!;
      const take = Math.min(rest, piece.length - this.#offset);
      connection.writeDataRange(piece, this.#offset, this.#offset + take);
      rest -= take;
      this.#offset += take;
      if (this.#offset === piece.length) {
        this.#piece++;
        this.#offset = 0;
      }
    }
    if (last) {
      this.#queue.shift();
      this.#piece = 0;
      this.#offset = 0;
      assert(this.queuedBytes >= 0, 'sent more than was queued');
    }
    return true;
  }

  #enqueue(item: Queued): void {
    this.#queue.push(item);
    this.connection.lineUp(this);
  }
}
