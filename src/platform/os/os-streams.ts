import { createConnection, createServer, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';

import { NetworkError } from '../errors.ts';
import type { Address, Listener, TlsMaterial } from '../network.ts';
import type { ByteStream, StreamConnectOptions, StreamEvents, Streams } from '../streams.ts';
import { SocketStream, begin } from './socket-stream.ts';
import { clientTlsOptions, noMaterialError } from './tls.ts';
import { listenOn } from './listening.ts';
import { addressText, connectError } from './system-errors.ts';

const connectMillisDefault = 5_000;

/** Byte streams as TCP sockets. */
export class OsStreams implements Streams {
  readonly #tls: TlsMaterial | undefined;

  constructor(tls: TlsMaterial | undefined) {
    this.#tls = tls;
  }

  listen(address: Address, accept: (stream: ByteStream) => StreamEvents): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      begin(socket, accept(new SocketStream(socket)));
    });
    return listenOn(server, address);
  }

  connect(address: Address, events: StreamEvents, options: StreamConnectOptions = {}): Promise<ByteStream> {
    const { timeoutMillis = connectMillisDefault, tls = 'none', protocol } = options;
    return new Promise((resolve, reject) => {
      const tcp = { ...address, allowHalfOpen: true, noDelay: true };
      const socket =
        tls === 'none'
          ? createConnection(tcp)
          : connectTls({
              ...tcp,
              ...clientTlsOptions(tls === 'mutual' ? this.#material() : tls, protocol),
              ...(isIP(address.host) === 0 && { servername: address.host }),
            });
      const timer = setTimeout(() => {
        const message = `cannot talk to ${addressText(address)}: no answer within ${timeoutMillis} ms`;
        socket.destroy(new NetworkError('ETIMEDOUT', message));
      }, timeoutMillis);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(connectError(error, address));
      };
      socket.once('error', fail);
      socket.once(tls === 'none' ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer);
        if (tls !== 'none' && protocol !== undefined && (socket as TLSSocket).alpnProtocol !== protocol) {
          const message = `cannot talk to ${addressText(address)}: it does not speak ${protocol}`;
          socket.destroy(new NetworkError('EOTHER', message));
          return;
        }
        socket.off('error', fail);
        begin(socket, events);
        resolve(new SocketStream(socket));
      });
    });
  }

  #material(): TlsMaterial {
    if (this.#tls === undefined) throw noMaterialError();
    return this.#tls;
  }
}
