import { NetworkError } from '../../src/platform/errors.ts';
import type { Address, Identity, Listener } from '../../src/platform/network.ts';
import type { ByteStream, StreamConnectOptions, StreamEvents, Streams } from '../../src/platform/streams.ts';
import { Fifo } from '../fifo.ts';
import type { Life } from '../life.ts';
import type { ConnectionEnd, EndEvents } from './connection.ts';
import type { Caller, Fabric, NetworkHost } from './fabric.ts';

type Item =
  | { readonly type: 'accepted'; readonly remoteHost: string }
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  /** The receiver has consumed so many bytes. */
  | { readonly type: 'window'; readonly bytes: number };

/** What a stream's client says first. */
interface Hello {
  readonly secure: boolean;
}

/** Byte streams of one life, over connections with a window: a reader that pauses slows its writer. */
export class SimulatedStreams implements Streams {
  readonly #life: Life;
  readonly #host: NetworkHost;
  readonly #fabric: Fabric;

  constructor(life: Life, host: NetworkHost, fabric: Fabric) {
    this.#life = life;
    this.#host = host;
    this.#fabric = fabric;
  }

  listen(address: Address, accept: (stream: ByteStream) => StreamEvents): Promise<Listener> {
    return this.#life.later(0, 'listen', () =>
      this.#fabric.listen(this.#life, this.#host, address, 'streams', (end, caller) =>
        acceptStream(end, caller, address, this.#fabric.options.windowBytes, false, accept),
      ),
    );
  }

  connect(address: Address, events: StreamEvents, options: StreamConnectOptions = {}): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      const { tls = 'none', timeoutMillis } = options;
      const hello: Hello = { secure: tls !== 'none' };
      const shown = tls === 'mutual' || (typeof tls === 'object' && tls.cert !== '');
      const client = {
        hello,
        identity: shown ? this.#host.identity : undefined,
        ...(timeoutMillis !== undefined && { timeoutMillis }),
      };
      this.#fabric.connect(this.#life, this.#host, address, 'streams', client, (end) => {
        let stream: SimulatedStream | undefined;
        return {
          item: (item) => {
            if (stream !== undefined) {
              stream.item(item);
              return;
            }
            stream = new SimulatedStream(end, address.host, this.#fabric.options.windowBytes);
            stream.events = events;
            resolve(stream);
          },
          closed: (code, reason) => {
            if (stream === undefined) reject(new NetworkError(code ?? 'ECONNRESET', reason));
            else stream.closed(code, reason);
          },
        };
      });
    });
  }
}

/** The server's end of a stream; a client that speaks TLS where we do not, or the reverse, is cut off. */
export function acceptStream(
  end: ConnectionEnd,
  caller: Caller,
  address: Address,
  windowBytes: number,
  secure: boolean,
  accept: (stream: ByteStream) => StreamEvents,
): EndEvents {
  if ((caller.hello as Hello).secure !== secure) {
    end.destroy('ECONNRESET', `the server speaks ${secure ? 'TLS' : 'plain TCP'}`);
    return { item: () => {}, closed: () => {} };
  }
  const accepted: Item = { type: 'accepted', remoteHost: address.host };
  end.send(accepted);
  const stream = new SimulatedStream(end, caller.remoteHost, windowBytes, caller.identity);
  stream.events = accept(stream);
  return stream;
}

class SimulatedStream implements ByteStream, EndEvents {
  readonly remoteHost: string;
  readonly identity: Identity | undefined;
  /** The receiver gets the very arrays. */
  readonly isWrittenOut = false;
  events: StreamEvents | undefined;
  readonly #end: ConnectionEnd;
  readonly #windowBytes: number;
  #creditBytes: number;
  /** Written, and held back until the reader makes room. */
  readonly #held = new Fifo<Uint8Array>();
  #wantsDrained = false;
  #ending = false;
  #endSent = false;
  #endReceived = false;
  #paused = false;
  #delivering = false;
  #broken = false;
  /** The other end closed; told once everything that came before is delivered. */
  #closing = false;
  /** Arrived, and not yet delivered. */
  readonly #arrived = new Fifo<Item>();

  constructor(end: ConnectionEnd, remoteHost: string, windowBytes: number, identity?: Identity) {
    this.identity = identity;
    this.#end = end;
    this.remoteHost = remoteHost;
    this.#windowBytes = windowBytes;
    this.#creditBytes = windowBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending || !this.#end.isOpen || bytes.length === 0) return true;
    this.#held.push(bytes);
    this.#sendHeld();
    if (this.#held.size > 0 || this.#creditBytes < this.#windowBytes / 2) this.#wantsDrained = true;
    return !this.#wantsDrained;
  }

  end(): void {
    this.#ending = true;
    this.#sendHeld();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#end.life.after(0, 'stream resumes', () => this.#deliver());
  }

  destroy(): void {
    this.#broken = true;
    this.#end.destroy('ECONNRESET', 'the stream was destroyed here');
  }

  item(item: unknown): void {
    const message = item as Item;
    if (message.type === 'window') {
      this.#creditBytes += message.bytes;
      this.#sendHeld();
      if (this.#wantsDrained && this.#held.size === 0 && this.#creditBytes >= this.#windowBytes / 2) {
        this.#wantsDrained = false;
        this.events?.drained();
      }
      return;
    }
    const split =
      message.type === 'data' && message.bytes.length > 1 ? this.#splitAt(message.bytes.length) : 0;
    if (message.type === 'data' && split > 0) {
      this.#arrived.push({ type: 'data', bytes: message.bytes.subarray(0, split) });
      this.#arrived.push({ type: 'data', bytes: message.bytes.subarray(split) });
    } else {
      this.#arrived.push(message);
    }
    this.#deliver();
  }

  closed(code: string | undefined, reason: string): void {
    if (code === undefined && !this.#broken) {
      this.#closing = true;
      this.#deliver();
      return;
    }
    const wanted = this.#broken || (this.#endSent && this.#endReceived);
    this.#broken = true;
    this.events?.closed(wanted ? undefined : `${code}: ${reason}`);
  }

  #splitAt(length: number): number {
    const { options, random, hits } = this.#end.path;
    if (!random.chance(options.streamSplitProbability)) return 0;
    hits.hit('stream-split');
    return 1 + random.integer(length - 1);
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#paused && !this.#broken) {
      const item = this.#arrived.shift();
      if (item === undefined) break;
      if (item.type === 'data') {
        this.#send({ type: 'window', bytes: item.bytes.length });
        this.events?.data(item.bytes);
      } else if (item.type === 'end') {
        this.#endReceived = true;
        this.events?.ended();
        this.#closeIfDone();
      }
    }
    this.#delivering = false;
    if (this.#closing && this.#arrived.size === 0 && !this.#broken) {
      this.#broken = true;
      this.events?.closed();
    }
  }

  #sendHeld(): void {
    while (this.#creditBytes > 0) {
      const bytes = this.#held.peek();
      if (bytes === undefined) break;
      this.#held.shift();
      this.#creditBytes -= bytes.length;
      this.#send({ type: 'data', bytes });
    }
    if (this.#ending && !this.#endSent && this.#held.size === 0) {
      this.#endSent = true;
      this.#send({ type: 'end' });
      this.#closeIfDone();
    }
  }

  #closeIfDone(): void {
    if (this.#endSent && this.#endReceived) this.#end.close();
  }

  #send(item: Item): void {
    this.#end.send(item);
  }
}
