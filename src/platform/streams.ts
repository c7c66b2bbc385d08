import type { Address, Identity, Listener, TlsMaterial } from './network.ts';

/** Byte streams with TCP's promise: in order, or broken. */
export interface Streams {
  listen(address: Address, accept: (stream: ByteStream) => StreamEvents): Promise<Listener>;
  /** Rejects with a NetworkError: ECONNREFUSED, ETIMEDOUT, … */
  connect(address: Address, events: StreamEvents, options?: StreamConnectOptions): Promise<ByteStream>;
}

export interface StreamConnectOptions {
  /** Default 5 000. */
  readonly timeoutMillis?: number;
  /** `mutual`: TLS with this host's certificate and authority. Default `none`. */
  readonly tls?: 'mutual' | 'none' | TlsMaterial;
  /** What is spoken over TLS, offered by ALPN: `h2`. A server that does not speak it is refused with EOTHER. */
  readonly protocol?: string;
}

export interface ByteStream {
  readonly remoteHost: string;
  /** The verified subject of the other end's certificate. */
  readonly identity?: Identity | undefined;
  /** Queues bytes, which nobody changes from then on; false asks the writer to wait for `drained`. */
  write(bytes: Uint8Array): boolean;
  /**
   * Whether nothing that was written is still read here: then the writer may use its arrays again after all. Never where bytes
   * travel by reference.
   */
  readonly isWrittenOut: boolean;
  /** No more writes from this side (half close). */
  end(): void;
  /** Stops and resumes `data`, so that a slow reader slows the sender. */
  pause(): void;
  resume(): void;
  /** Breaks the stream at once. Idempotent. */
  destroy(): void;
}

export interface StreamEvents {
  /** The next bytes. They belong to the receiver: nobody writes into them any more. */
  data(bytes: Uint8Array): void;
  drained(): void;
  /** The other side will send no more. */
  ended(): void;
  /** Called exactly once, last. */
  closed(error?: string): void;
}
