import type { Identity } from '../platform/network.ts';
import type { Message } from './message.ts';
import type { Metadata } from './metadata.ts';
import type { GrpcStatus } from './status.ts';

/** What a server offers, by path: `/etcdserverpb.KV/Range`. */
export type GrpcMethods = ReadonlyMap<string, GrpcMethod>;

export type GrpcMethod = UnaryMethod | StreamingMethod;

/** One request, one reply. */
export interface UnaryMethod {
  /**
   * Answers with exactly one `call.reply` or `call.fail`, at once or later. `request` is a view into what the socket
   * read (up to 64 KiB): it stays valid, but whoever keeps it long copies it.
   */
  handle(request: Uint8Array, call: ServerCall): void;
}

/** Any number of messages either way, in order. */
export interface StreamingMethod {
  /** A call began. It ends with exactly one `call.end`, from here, or with `cancelled`. */
  open(call: ServerCall): CallEvents;
}

/** What the receiving side of a streaming call hears. Never after `call.end` or `cancelled`. */
export interface CallEvents {
  /** The next message; the same rule of lifetime as for a unary request. */
  message(bytes: Uint8Array): void;
  /** The client will send no more. */
  halfClosed(): void;
  /** The call is over: reset, connection lost, or its deadline passed. Last. */
  cancelled(reason: string): void;
  /** There is room again after `send` said false. */
  drained(): void;
}

/** A call as the server sees it. After its end, and after cancellation, everything sent is dropped. */
export interface ServerCall {
  readonly path: string;
  readonly metadata: Metadata;
  /** The verified client certificate's subject. */
  readonly identity: Identity | undefined;
  readonly remoteHost: string;
  /** When the client's patience ends, on `clock.monotonicMillis`. The call is cancelled and answered code 4 by itself. */
  readonly deadlineMillis: number | undefined;
  readonly cancelled: boolean;
  /** For unary calls: called once when the call is cancelled before its answer. */
  onCancelled: ((reason: string) => void) | undefined;
  /** Sends the only message and status 0. */
  reply(message: Message): void;
  /** Ends the call with an error. `code` is not 0. */
  fail(status: GrpcStatus): void;
  /**
   * Sends one message of a stream. False when the client does not keep up and `sendQueueBytesMax` (1 MiB) is queued:
   * wait for `drained`, which says that all of it went out. It is queued all the same; whoever goes on is unbounded.
   */
  send(message: Message): boolean;
  /** Bytes queued and not yet taken by the connection. */
  readonly queuedBytes: number;
  /** Ends a stream after what was sent. Default: code 0. */
  end(status?: GrpcStatus): void;
}
