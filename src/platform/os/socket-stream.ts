import type { Socket } from 'node:net';

import type { Identity } from '../network.ts';
import type { ByteStream, StreamEvents } from '../streams.ts';
import { messageOf } from './system-errors.ts';
import { peerIdentity } from './tls.ts';

/** Feeds a socket's events to `events`. */
export function begin(socket: Socket, events: StreamEvents): void {
  let failure: string | undefined;
  socket.on('data', (bytes: Buffer) => {
    events.data(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  socket.on('drain', () => events.drained());
  socket.on('end', () => events.ended());
  socket.on('error', (error) => {
    failure = messageOf(error);
  });
  socket.once('close', () => events.closed(failure));
}

/** A byte stream over a TCP or TLS socket. */
export class SocketStream implements ByteStream {
  readonly remoteHost: string;
  readonly identity: Identity | undefined;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteHost = socket.remoteAddress ?? '';
    this.identity = peerIdentity(socket);
  }

  write(bytes: Uint8Array): boolean {
    // Bytes for a stream that is ending or broken are lost, as they are on the wire; `closed` tells.
    if (!this.#socket.writable) return true;
    // Node asks to wait after any long write, also when the kernel has taken all of it.
    return this.#socket.write(bytes) || this.#socket.writableLength === 0;
  }

  get isWrittenOut(): boolean {
    return this.#socket.writableLength === 0;
  }

  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    breakSocket(this.#socket);
  }
}

/** Breaks a connection at once, with a reset where that can be: a plain close looks like `end` to the other side. */
export function breakSocket(socket: Socket): void {
  // TLS knows no reset.
  if (isShuttingDown(socket) || 'alpnProtocol' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Node 20 never closes a handle that it is asked to reset while a shutdown is under way. */
export function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished;
}
