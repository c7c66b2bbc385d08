import type { Address, Listener } from './network.ts';

/** Byte streams with TCP's promise: in order, or broken. */
export interface Streams {
  listen(address: Address, accept: (stream: ByteStream) => StreamEvents): Promise<Listener>;
  /** Rejects with a NetworkError: ECONNREFUSED, ETIMEDOUT, … */
  connect(address: Address, events: StreamEvents, options?: { timeoutMillis?: number }): Promise<ByteStream>;
}

export interface ByteStream {
  readonly remoteHost: string;
  /** Queues bytes; false asks the writer to wait for `drained`. */
  write(bytes: Uint8Array): boolean;
  /** No more writes from this side (half close). */
  end(): void;
  /** Stops and resumes `data`, so that a slow reader slows the sender. */
  pause(): void;
  resume(): void;
  /** Breaks the stream at once. Idempotent. */
  destroy(): void;
}

export interface StreamEvents {
  data(bytes: Uint8Array): void;
  drained(): void;
  /** The other side will send no more. */
  ended(): void;
  /** Called exactly once, last. */
  closed(error?: string): void;
}
