import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Message } from '../grpc/message.ts';
import type { Metadata } from '../grpc/metadata.ts';
import type { CallEvents, ServerCall } from '../grpc/service.ts';
import { grpcCode, type GrpcStatus, okStatus } from '../grpc/status.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Identity } from '../platform/network.ts';

/** More bytes than these wait: `send` says false. */
const sendQueueBytesMax = 1024 * 1024;
/** A timer takes no more; whoever waits longer than 24 days waits too long. */
const timerMillisMax = 2 ** 31 - 1;
export const timeIsUp: GrpcStatus = { code: grpcCode.deadlineExceeded, message: 'context deadline exceeded' };

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
  readonly deadlineMillis: number | undefined;
  onCancelled: ((reason: string) => void) | undefined;
  /** The events of a streaming method, once it is open. */
  events: CallEvents | undefined;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #full = false;
  #cancelled = false;
  #status: GrpcStatus | undefined;
  #waiting: Deferred<void> | undefined;
  #timer: Timer | undefined;

  /** @param timeoutMillis from now on; undefined: no limit */
  constructor(
    path: string,
    metadata: Metadata,
    remoteHost: string,
    clock: Clock,
    timeoutMillis: number | undefined,
  ) {
    this.path = path;
    this.metadata = metadata;
    this.remoteHost = remoteHost;
    if (timeoutMillis === undefined) return;
    this.deadlineMillis = clock.monotonicMillis() + timeoutMillis;
    this.#timer = clock.setTimer(Math.min(timeoutMillis, timerMillisMax), () =>
      this.#cancel(timeIsUp.message, timeIsUp),
    );
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
    this.#end(status);
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
    this.#cancel(reason, okStatus);
  }

  #cancel(reason: string, status: GrpcStatus): void {
    if (this.ended) return;
    this.#cancelled = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#end(status);
    this.events?.cancelled(reason);
    this.onCancelled?.(reason);
  }

  #end(status: GrpcStatus): void {
    this.#status = status;
    this.#timer?.cancel();
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.resolve();
  }
}
