import { NetworkError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { ByteStream, StreamEvents } from '../platform/streams.ts';
import type { ProxyEndpoint } from './proxy-table.ts';

/** What a client may send before its endpoint is found; more breaks the connection. */
const earlyBytesMax = 1024 * 1024;

/**
 * One client connection, relayed to the first of `endpoints` that answers. Each side's end is passed on
 * alone (half close), and a slow reader on one side pauses the sender on the other.
 */
export class Relay {
  readonly #platform: Platform;
  readonly #client: ByteStream;
  #upstream: ByteStream | undefined;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #clientEnded = false;
  #closed = false;

  /** Receiver of the client's stream. */
  readonly clientEvents: StreamEvents = {
    data: (bytes) => this.#fromClient(bytes),
    drained: () => this.#upstream?.resume(),
    ended: () => {
      this.#clientEnded = true;
      this.#upstream?.end();
    },
    closed: () => {
      this.#closed = true;
      this.#upstream?.destroy();
    },
  };

  constructor(platform: Platform, client: ByteStream) {
    this.#platform = platform;
    this.#client = client;
  }

  /** Connects to an endpoint, trying them in the given order. Returns the one that answered. */
  async connect(
    endpoints: readonly ProxyEndpoint[],
    connectTimeoutMillis: number,
  ): Promise<ProxyEndpoint | undefined> {
    this.#client.pause();
    for (const endpoint of endpoints) {
      if (this.#closed) return undefined;
      try {
        const upstream = await this.#platform.network.streams.connect(
          { host: endpoint.ip, port: endpoint.port },
          this.#upstreamEvents(),
          { timeoutMillis: connectTimeoutMillis },
        );
        this.#start(upstream);
        return endpoint;
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        this.#platform.logger.debug('endpoint does not answer, trying the next one', {
          endpoint: `${endpoint.ip}:${endpoint.port}`,
          code: error.code,
        });
      }
    }
    this.#client.destroy();
    return undefined;
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream?.destroy();
  }

  #start(upstream: ByteStream): void {
    if (this.#closed) return upstream.destroy();
    this.#upstream = upstream;
    for (const bytes of this.#early) upstream.write(bytes);
    this.#early = [];
    if (this.#clientEnded) upstream.end();
    this.#client.resume();
  }

  #fromClient(bytes: Uint8Array): void {
    if (this.#upstream !== undefined) {
      if (!this.#upstream.write(bytes)) this.#client.pause();
      return;
    }
    // Was on its way when the client was paused.
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > earlyBytesMax) this.#client.destroy();
    else this.#early.push(bytes);
  }

  /** Of one attempt; those of an attempt that failed are never called. */
  #upstreamEvents(): StreamEvents {
    return {
      data: (bytes) => {
        if (!this.#client.write(bytes)) this.#upstream?.pause();
      },
      drained: () => this.#client.resume(),
      ended: () => this.#client.end(),
      closed: (error) => {
        // An orderly end was passed on by `ended`; what is still queued for the client must leave.
        if (error === undefined) this.#client.end();
        else this.#client.destroy();
      },
    };
  }
}
