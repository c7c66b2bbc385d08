import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

import { concatBytes } from '../../src/base/bytes.ts';
import { frameType, readUint32 } from '../../src/grpc/frame.ts';
import { frame, parseFrames, uint32 } from '../grpc/wire.ts';

/** A connection on which a test writes any bytes, and sees what comes back and how it ends. */
export class RawConnection {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => (this.closed = true));
  }

  /** Resolves when it stands. Rejects when nobody listens. */
  static open(port: number, { tls = false, silent = false } = {}): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = tls
        ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
        : connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        const made = new RawConnection(socket);
        if (silent) socket.pause();
        resolve(made);
      });
    });
  }

  write(...parts: readonly (Uint8Array | string)[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** Writes as fast as the other side takes it, until it is `count` times or the connection is closed. */
  async flood(bytes: Uint8Array, count: number): Promise<void> {
    for (let i = 0; i < count && !this.closed; i++) {
      if (!this.socket.write(bytes)) {
        await Promise.race([new Promise((resolve) => this.socket.once('drain', resolve)), sleep(500)]);
      }
    }
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** How often frames of a type have come. */
  count(type: number): number {
    return parseFrames(this.received).filter((frame) => frame.type === type).length;
  }

  /** Lets the other side of HTTP/2 send as much as it has, and reads it. */
  read(stream: number): void {
    const window = uint32(2 ** 30);
    this.write(frame(frameType.windowUpdate, 0, 0, window), frame(frameType.windowUpdate, 0, stream, window));
    this.socket.resume();
  }

  /** The gRPC messages that have come whole. */
  messages(stream: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    const payloads = parseFrames(this.received).filter(
      ({ type, id }) => type === frameType.data && id === stream,
    );
    const bytes = Buffer.concat(payloads.map(({ payload }) => payload));
    for (let at = 0; at + 5 <= bytes.length;) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      found.push(bytes.subarray(at + 5, end));
      at = end;
    }
    return found;
  }

  /** Waits until it is closed or for so long, and tells in a few words what has come. */
  async outcome(millisMax = 1500): Promise<string> {
    const until = performance.now() + millisMax;
    while (!this.closed && performance.now() < until) await sleep(5);
    const words = [describe(this.received), this.closed ? 'closed' : 'open'];
    this.socket.destroy();
    return words.filter((word) => word !== '').join(', ');
  }
}

/** HTTP's status, or HTTP/2's last words: the error code that a GOAWAY or resets had. */
function describe(received: Buffer): string {
  if (received.length === 0) return 'nothing';
  const status = /^HTTP\/1\.\d (\d+)/.exec(received.toString('latin1'));
  if (status !== null) return `HTTP ${status[1]}`;
  const frames = parseFrames(concatBytes([received]));
  if (frames[0]?.type !== frameType.settings) return 'other bytes';
  const goaway = frames.findLast(({ type }) => type === frameType.goaway);
  const resets = frames
    .filter(({ type }) => type === frameType.rstStream)
    .map(({ payload }) => readUint32(payload, 0));
  return [
    'HTTP/2',
    ...(goaway === undefined ? [] : [`goaway ${readUint32(goaway.payload, 4)}`]),
    ...(resets.length === 0 ? [] : [`reset ${[...new Set(resets)].join('/')}`]),
  ].join(' ');
}
