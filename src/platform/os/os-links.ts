import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

import { must } from '../../base/assert.ts';

import { NetworkError } from '../errors.ts';
import type { Link, LinkEvents, LinkMeter, Links } from '../links.ts';
import type { Address, Identity, Listener } from '../network.ts';
import { decodeFrame, encodeFrame } from './link-frames.ts';
import { listenOn } from './listening.ts';
import { addressText, connectError } from './system-errors.ts';
import { peerIdentity, tlsOptions, turnAwayOthers } from './tls.ts';
import type { TlsMaterial } from './tls.ts';

/** The longest message; a Raft snapshot travels as one. */
export const linkMessageBytesMax = 512 * 1024 * 1024;
/** A link whose peer takes nothing is broken when this much waits. One message may exceed it. */
export const linkBufferedBytesMax = 64 * 1024 * 1024;
const linkPingMillis = 1_500;
const linkSilentPingsMax = 3;
/** A link on which the peer was silent, pings unanswered, for this long is broken. */
export const linkSilenceMillisMax = linkPingMillis * (linkSilentPingsMax + 1);
const linkConnectMillisMax = 5_000;

/** Links as WebSocket frames over mutual TLS. */
export class OsLinks implements Links {
  readonly #tls: TlsMaterial | 'plain' | undefined;

  /** `plain`: without TLS, where the network is the lock or the operator said so. */
  constructor(tls: TlsMaterial | 'plain' | undefined) {
    this.#tls = tls;
  }

  async listen(address: Address, accept: (link: Link) => LinkEvents): Promise<Listener> {
    // Only hosts of the cluster may speak here: without a certificate of our authority, no handshake.
    const material = this.#material();
    const checked = material === 'plain' || material.policy?.unchecked !== true;
    const server =
      material === 'plain'
        ? createPlainServer()
        : createServer({ ...tlsOptions(material), requestCert: checked, rejectUnauthorized: checked });
    if (material !== 'plain') turnAwayOthers(server, material.policy);
    const sockets = new WebSocketServer({
      noServer: true,
      maxPayload: linkMessageBytesMax,
      perMessageDeflate: false,
    });
    server.on('request', (_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' });
      response.end('this port speaks WebSocket only\n');
    });
    server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const link = new WebSocketLink(webSocket, peerIdentity(request.socket));
        link.begin(accept(link));
      });
    });
    return listenOn(server, address);
  }

  async connect(address: Address, events: LinkEvents): Promise<Link> {
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    const material = this.#material();
    const scheme = material === 'plain' ? 'ws' : 'wss';
    const webSocket = new WebSocket(`${scheme}://${host}:${address.port}/`, {
      ...(material === 'plain'
        ? {}
        : { ...tlsOptions(material), rejectUnauthorized: material.policy?.unchecked !== true }),
      handshakeTimeout: linkConnectMillisMax,
      maxPayload: linkMessageBytesMax,
      perMessageDeflate: false,
    });
    return new Promise((resolve, reject) => {
      let identity: Identity | undefined;
      webSocket.once('upgrade', (response) => {
        identity = peerIdentity(response.socket);
      });
      const fail = (error: Error): void => reject(connectFailure(error, address));
      webSocket.on('error', fail);
      webSocket.once('open', () => {
        webSocket.off('error', fail);
        const link = new WebSocketLink(webSocket, identity);
        link.begin(events);
        resolve(link);
      });
    });
  }

  #material(): TlsMaterial | 'plain' {
    if (this.#tls === undefined) {
      throw new NetworkError('EUNTRUSTED', 'this host has no certificate: create one before using links');
    }
    return this.#tls;
  }
}

function connectFailure(error: Error, address: Address): NetworkError {
  if (error.message === 'Opening handshake has timed out') {
    const message = `cannot talk to ${addressText(address)}: no answer within ${linkConnectMillisMax} ms`;
    return new NetworkError('ETIMEDOUT', message, { cause: error });
  }
  return connectError(error, address);
}

class WebSocketLink implements Link {
  readonly identity?: Identity;
  readonly #webSocket: WebSocket;
  #meter: LinkMeter | undefined;
  #closing = false;
  #reason = 'the other side closed the link';

  constructor(webSocket: WebSocket, identity: Identity | undefined) {
    this.#webSocket = webSocket;
    if (identity !== undefined) this.identity = identity;
  }

  /** Wires the receiver. Must run before the turn ends in which the link opened, so that nothing is missed. */
  begin(events: LinkEvents): void {
    const webSocket = this.#webSocket;
    const { meter } = events;
    this.#meter = meter;
    let pingedMillis = 0;
    // Pings are counted, not milliseconds: a stall of this process must not look like silence of the other.
    let silentPings = 0;
    const liveness = setInterval(() => {
      if (silentPings === linkSilentPingsMax) {
        this.#break(`the other side was silent for ${linkSilenceMillisMax} ms`);
      } else {
        silentPings++;
        pingedMillis = performance.now();
        webSocket.ping();
      }
    }, linkPingMillis);
    // A long message counts as life while it arrives, not only when it is whole.
    must(socketOf(webSocket)).on('data', () => {
      silentPings = 0;
    });
    if (meter !== undefined) {
      webSocket.on('pong', () => meter.roundTrip(performance.now() - pingedMillis));
    }
    webSocket.on('message', (data) => {
      if (this.#closing) return;
      meter?.received((data as Buffer).length);
      let message: unknown;
      try {
        message = decodeFrame(data as Buffer);
      } catch (error) {
        this.#break(`the other side sent a frame that is no message: ${String(error)}`);
        return;
      }
      events.message(message);
    });
    webSocket.on('error', (error) => this.#break(error.message));
    webSocket.once('close', () => {
      clearInterval(liveness);
      this.#closing = true;
      events.closed(this.#reason);
    });
  }

  send(message: unknown): void {
    if (this.#closing) return;
    if (this.#webSocket.bufferedAmount > linkBufferedBytesMax) {
      this.#break(`the other side is too slow: more than ${linkBufferedBytesMax} bytes wait for it`);
      return;
    }
    const frame = encodeFrame(message);
    this.#meter?.sent(frame.length);
    // Errors are told by the socket's `error` and `close` events.
    this.#webSocket.send(frame, { binary: true }, () => {});
  }

  bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  close(): void {
    this.#break('closed by this side');
  }

  #break(reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#reason = reason;
    this.#webSocket.terminate();
  }
}

/** The socket under a WebSocket; `ws` keeps it in an undocumented field. */
function socketOf(webSocket: WebSocket): Socket | undefined {
  const socket: unknown = '_socket' in webSocket ? webSocket._socket : undefined;
  return socket instanceof Socket ? socket : undefined;
}
