import type { Server, Socket } from 'node:net';

import type { Address, Listener } from '../network.ts';
import { breakSocket, isShuttingDown } from './socket-stream.ts';
import { listenError } from './system-errors.ts';

/** Connections one listener keeps; further ones are dropped at once rather than exhausting the process. */
const connectionsMax = 8_192;

/**
 * Binds `server` and makes a Listener of it whose close also breaks every connection it accepted.
 * Rejects with a NetworkError that names the address and the remedy.
 */
export async function listenOn(server: Server, address: Address): Promise<Listener> {
  server.maxConnections = connectionsMax;
  const sockets = new Set<Socket>();
  const secured = new Set<Socket>();
  const keepIn = (set: Set<Socket>) => (socket: Socket) => {
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  };
  server.on('connection', keepIn(sockets));
  server.on('secureConnection', keepIn(secured));
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(listenError(error, address));
    server.once('error', fail);
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  let closed: Promise<void> | undefined;
  return {
    address: { host: address.host, port },
    close: () => {
      closed ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        // The reset of what lies below TLS while that shuts down would keep the handle for ever: only TLS knows that it does.
        const ending = new Set<string>();
        for (const socket of secured) {
          if (!isShuttingDown(socket)) continue;
          ending.add(peerOf(socket));
          socket.destroy();
        }
        for (const socket of sockets) if (!ending.has(peerOf(socket))) breakSocket(socket);
      });
      return closed;
    },
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
