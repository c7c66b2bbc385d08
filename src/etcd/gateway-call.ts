import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Message } from '../grpc/message.ts';
import type { Metadata } from '../grpc/metadata.ts';
import type { CallEvents, ServerCall } from '../grpc/service.ts';
import { type GrpcStatus, okStatus } from '../grpc/status.ts';
import type { Identity } from '../platform/network.ts';

/** More bytes than these wait: `send` says false. */
const sendQueueBytesMax = 1024 * 1024;

/**
 * A call that a request to the JSON gateway makes. To the method it is a gRPC call like any other; its messages are taken one by one
 * with `next`.
 */
export class GatewayCall implements ServerCall {
  readonly path: string;
  readonly metadata: Metadata;
  /** In etcd the gateway is a client of its own, and its certificate would be asked for: never the caller's. */
  readonly identity: Identity | undefined = undefined;
  readonly remoteHost: string;
  readonly deadlineMillis: number | undefined = undefined;
  onCancelled: ((reason: string) => void) | undefined;
  /** The events of a streaming method, once it is open. */
  events: CallEvents | undefined;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #full = false;
  #cancelled = false;
  #status: GrpcStatus | undefined;
  #waiting: Deferred<void> | undefined;

  constructor(path: string, metadata: Metadata, remoteHost: string) {
    this.path = path;
    this.metadata = metadata;
    this.remoteHost = remoteHost;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** By the method or by the client. */
  get ended(): boolean {
    return this.#status !== undefined;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  reply(message: Message): void {
    this.send(message);
    this.end();
  }

  fail(status: GrpcStatus): void {
    this.end(status);
  }

  send(message: Message): boolean {
    if (this.ended) return true;
    const bytes = message instanceof Uint8Array ? message : concatBytes(message.pieces);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > sendQueueBytesMax) this.#full = true;
    this.#wake();
    return !this.#full;
  }

  end(status: GrpcStatus = okStatus): void {
    if (this.ended) return;
    this.#status = status;
    this.#wake();
  }

  /** The next message, or how the call ended after the last one. One at a time. */
  async next(): Promise<Uint8Array | GrpcStatus> {
    assert(this.#waiting === undefined, 'messages are taken one at a time');
    for (;;) {
      const message = this.#queue.shift();
      if (message !== undefined) {
        this.#queuedBytes -= message.length;
        return message;
      }
      if (this.#full) {
        this.#full = false;
        if (!this.ended) this.events?.drained();
        continue;
      }
      if (this.#status !== undefined) return this.#status;
      this.#waiting = deferred();
      await this.#waiting.promise;
      this.#waiting = undefined;
    }
  }

  /** The client left. */
  cancel(reason: string): void {
    if (this.ended) return;
    this.#cancelled = true;
    this.#status = okStatus;
    this.#queue.length = 0;
    this.events?.cancelled(reason);
    this.onCancelled?.(reason);
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.resolve();
  }
}
