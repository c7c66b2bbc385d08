import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';

import { NetworkError } from '../errors.ts';
import type { Address, Listener } from '../network.ts';
import type { ByteStream, StreamEvents, Streams } from '../streams.ts';
import { listenOn } from './listening.ts';
import { addressText, connectError, messageOf } from './system-errors.ts';

const connectMillisDefault = 5_000;

/** Byte streams as TCP sockets. */
export class OsStreams implements Streams {
  listen(address: Address, accept: (stream: ByteStream) => StreamEvents): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      begin(socket, accept(new SocketStream(socket)));
    });
    return listenOn(server, address);
  }

  connect(
    address: Address,
    events: StreamEvents,
    options: { timeoutMillis?: number } = {},
  ): Promise<ByteStream> {
    const { timeoutMillis = connectMillisDefault } = options;
    return new Promise((resolve, reject) => {
      const socket = createConnection({ ...address, allowHalfOpen: true, noDelay: true });
      const timer = setTimeout(() => {
        const message = `cannot talk to ${addressText(address)}: no answer within ${timeoutMillis} ms`;
        socket.destroy(new NetworkError('ETIMEDOUT', message));
      }, timeoutMillis);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(connectError(error, address));
      };
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        begin(socket, events);
        resolve(new SocketStream(socket));
      });
    });
  }
}

function begin(socket: Socket, events: StreamEvents): void {
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

class SocketStream implements ByteStream {
  readonly remoteHost: string;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteHost = socket.remoteAddress ?? '';
  }

  write(bytes: Uint8Array): boolean {
    // Bytes for a stream that is ending or broken are lost, as they are on the wire; `closed` tells.
    return !this.#socket.writable || this.#socket.write(bytes);
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
    // With a reset: a plain close looks like `end` to the other side.
    this.#socket.resetAndDestroy();
  }
}
