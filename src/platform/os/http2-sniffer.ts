import type { Server, Socket } from 'node:net';

import { must } from '../../base/assert.ts';
import type { ByteStream, StreamEvents } from '../streams.ts';
import { SocketStream, begin } from './socket-stream.ts';

/** The beginning of the HTTP/2 preface (RFC 9113 §3.4) that no request of HTTP/1.1 has. */
const prefaceStart = 'PRI * HTTP/2';
/** How every request of HTTP/1.1 begins: with a method. */
const methodStart = /^[A-Z]/;
/** How long a connection may take to say what it speaks. */
const firstBytesMillisMax = 60_000;

/**
 * Lets `server`, one of node:http or node:https, hand the connections that speak HTTP/2 to `accept` and keep the others:
 * over TLS by what ALPN chose, otherwise by their first bytes.
 */
export function divertHttp2(
  server: Server,
  event: 'connection' | 'secureConnection',
  accept: (stream: ByteStream) => StreamEvents,
): void {
  const serveHttp1 = must(server.listeners(event)[0]);
  server.removeListener(event, serveHttp1 as (socket: Socket) => void);
  const serveHttp2 = (socket: Socket): void => {
    socket.setNoDelay(true);
    begin(socket, accept(new SocketStream(socket)));
  };
  server.on(event, (socket: Socket & { readonly alpnProtocol?: string | false | null }) => {
    if (event === 'connection') sniff(socket, serveHttp2, () => serveHttp1.call(server, socket));
    else if (socket.alpnProtocol === 'h2') serveHttp2(socket);
    else serveHttp1.call(server, socket);
  });
}

function sniff(socket: Socket, serveHttp2: (socket: Socket) => void, serveHttp1: () => void): void {
  const drop = (): void => void socket.destroy();
  let first: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    const start = first.toString('latin1', 0, prefaceStart.length);
    // Too little to tell: `readable` comes again with more. Not put back before, or it would come at once.
    if (start.length < prefaceStart.length && prefaceStart.startsWith(start)) return;
    // TLS, mostly. Its client wants no sentence in HTTP; etcd's multiplexer hangs up too.
    if (!methodStart.test(start)) return drop();
    socket.setTimeout(0);
    socket.unshift(first);
    socket.off('readable', look);
    socket.off('timeout', drop);
    socket.off('error', drop);
    socket.off('end', drop);
    if (start === prefaceStart) serveHttp2(socket);
    else serveHttp1();
  };
  socket.setTimeout(firstBytesMillisMax, drop);
  socket.on('error', drop);
  socket.on('end', drop);
  socket.on('readable', look);
}
