import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Address } from '../../../platform/network.ts';
import type { Lane, RelayPath } from './relay-path.ts';

/** The two directions of what is said over a connection. */
export interface Ways {
  /** From the one who dialled to the one who listens. */
  readonly there: RelayPath;
  readonly back: RelayPath;
}

/**
 * Whose a connection is, told from what its dialler said first. undefined: not known yet, and until then everything passes: the
 * bytes are handed on all the same.
 */
export type Recognize = (bytes: Uint8Array) => Ways | undefined;

/** Bytes that wait on a lane; what more the sender has stays in its kernel. */
const waitingBytesMax = 256 * 1024;
/** A connection whose bytes are held for longer than this breaks at their sender (TCP_USER_TIMEOUT, as sim/network has it). */
const brokenAfterMillis = 5000;
const loopback = '127.0.0.1';

/**
 * A port that leads to another one, over ways that can be cut, clogged and slowed in each direction. As TCP does it hands on every
 * byte, in order, or breaks: what is cut waits, and comes when the cut is healed in time.
 */
export class Relay {
  readonly #server: Server;
  readonly #target: Address;
  readonly #recognize: () => Recognize;
  readonly #connections = new Set<Connection>();

  private constructor(target: Address, recognize: () => Recognize) {
    this.#target = target;
    this.#recognize = recognize;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#accept(near));
  }

  /** On a port of the system's choosing. `recognize` is asked for anew for each connection. */
  static async open(target: Address, recognize: () => Recognize): Promise<Relay> {
    const relay = new Relay(target, recognize);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen({ host: loopback, port: 0 }, resolve);
    });
    return relay;
  }

  get address(): Address {
    return { host: loopback, port: (this.#server.address() as AddressInfo).port };
  }

  close(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #accept(near: Socket): void {
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const connection = new Connection(near, far, this.#recognize(), () => {
      this.#connections.delete(connection);
    });
    this.#connections.add(connection);
  }
}

class Connection {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #there: RelayLane;
  readonly #back: RelayLane;
  readonly #onClosed: () => void;
  #recognize: Recognize | undefined;
  #open = 2;

  constructor(near: Socket, far: Socket, recognize: Recognize, onClosed: () => void) {
    this.#near = near;
    this.#far = far;
    this.#onClosed = onClosed;
    this.#recognize = recognize;
    this.#there = new RelayLane(near, far, () => this.destroy());
    this.#back = new RelayLane(far, near, () => this.destroy());
    near.on('data', (bytes: Buffer) => {
      this.#look(bytes);
      this.#there.take(bytes);
    });
    far.on('data', (bytes: Buffer) => this.#back.take(bytes));
    for (const [socket, lane] of [
      [near, this.#there],
      [far, this.#back],
    ] as const) {
      // `close` follows, and says what it must.
      socket.on('error', () => {});
      socket.on('end', () => lane.end());
      socket.on('close', (failed) => {
        lane.close(failed);
        if (--this.#open > 0) return;
        this.#there.leave();
        this.#back.leave();
        this.#onClosed();
      });
    }
    // Who is known by the port alone is so before anything is said.
    this.#look(new Uint8Array(0));
  }

  /** At once, whatever still waits to be written: resetAndDestroy would wait for one who is stopped. */
  destroy(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  #look(bytes: Uint8Array): void {
    const ways = this.#recognize?.(bytes);
    if (ways === undefined) return;
    this.#recognize = undefined;
    this.#there.travel(ways.there);
    this.#back.travel(ways.back);
  }
}

type Piece =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly dueMillis: number }
  | { readonly type: 'end' | 'break'; readonly dueMillis: number };

/** One direction of a connection: hands on what it takes, when its way lets it. */
class RelayLane implements Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #destroy: () => void;
  #path: RelayPath | undefined;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #lastDueMillis = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Runs while something is held by a blocked way. */
  #patience: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(from: Socket, to: Socket, destroy: () => void) {
    this.#from = from;
    this.#to = to;
    this.#destroy = destroy;
    to.on('drain', () => this.#control());
  }

  /** From now on its bytes go this way. */
  travel(path: RelayPath): void {
    this.#path = path;
    path.attach(this);
  }

  leave(): void {
    this.#path?.detach(this);
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
  }

  take(bytes: Uint8Array): void {
    this.#push({ type: 'bytes', bytes, dueMillis: this.#due(bytes.length) });
    this.#waitingBytes += bytes.length;
    this.#pump();
  }

  /** The sender says no more. */
  end(): void {
    this.#ended = true;
    this.#push({ type: 'end', dueMillis: this.#due(0) });
    this.#pump();
  }

  /** The sender is gone. */
  close(failed: boolean): void {
    if (this.#ended && !failed) return;
    this.#push({ type: 'break', dueMillis: this.#due(0) });
    this.#pump();
  }

  resume(): void {
    this.#pump();
  }

  reset(): void {
    this.#destroy();
  }

  #push(piece: Piece): void {
    if (this.#path?.isBlocked === true) this.#path.held();
    this.#waiting.push(piece);
  }

  #due(bytes: number): number {
    const now = performance.now();
    const delay = this.#path?.delayMillis(bytes, now) ?? 0;
    // Nothing overtakes in a stream.
    this.#lastDueMillis = Math.max(this.#lastDueMillis, now + delay);
    return delay === 0 && this.#waiting.length === 0 ? now : this.#lastDueMillis;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0) {
      if (this.#path?.isBlocked === true) {
        this.#patience ??= setTimeout(() => this.#from.destroy(), brokenAfterMillis);
        break;
      }
      clearTimeout(this.#patience);
      this.#patience = undefined;
      const [piece] = this.#waiting as [Piece];
      const waitMillis = piece.dueMillis - performance.now();
      if (waitMillis > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMillis));
        break;
      }
      this.#waiting.shift();
      this.#deliver(piece);
    }
    this.#control();
  }

  #deliver(piece: Piece): void {
    if (piece.type === 'bytes') this.#waitingBytes -= piece.bytes.length;
    if (this.#to.destroyed) return;
    switch (piece.type) {
      case 'bytes':
        this.#to.write(piece.bytes);
        break;
      case 'end':
        this.#to.end();
        break;
      case 'break':
        this.#to.destroy();
    }
  }

  /** Reads on while what waits is not too much. */
  #control(): void {
    if (this.#waitingBytes > waitingBytesMax || this.#to.writableNeedDrain) this.#from.pause();
    else if (this.#from.isPaused()) this.#from.resume();
  }
}
