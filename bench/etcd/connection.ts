import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import {
  defaultWindowBytes,
  flag,
  frameHeaderBytes,
  frameType,
  preface,
  readUint32,
  setting,
  windowBytesMax,
  writeFrameHeader,
  writeUint32,
} from '../../src/grpc/frame.ts';
import { HpackDecoder } from '../../src/grpc/hpack-decoder.ts';
import { encodeHeaders } from '../../src/grpc/hpack-encoder.ts';

/** What a call hears. A message is a view that is valid during the callback only. */
export interface Call {
  onMessage(bytes: Buffer, start: number, end: number): void;
  /** `status` is the grpc-status: 0 is OK. */
  onEnd(status: number, message: string): void;
}

interface OpenStream {
  readonly call: Call;
  /** The beginning of a message that did not fit into one DATA frame. */
  pending: Buffer[];
  pendingBytes: number;
  unacknowledged: number;
  status: number;
  statusMessage: string;
}

/** Our windows are opened this far again as soon as half of it is used. */
const windowRefillBytes = 2 ** 30;
const headerListBytesMax = 64 * 1024;
const grpcPrefixBytes = 5;

/**
 * A client that costs as little as it can, so that a bench on the same cores measures the server: raw HTTP/2 frames on a
 * socket, request headers encoded once per method, responses counted and not decoded. Not for anybody's production: it
 * trusts the server, and never sends a message larger than a frame.
 */
export class Connection {
  /** Resolves when the socket is gone, with the reason. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #decoder = new HpackDecoder(headerListBytesMax);
  readonly #streams = new Map<number, OpenStream>();
  #nextStream = 1;
  #rest: Buffer = Buffer.alloc(0);
  #out: Buffer = Buffer.allocUnsafe(256 * 1024);
  #outBytes = 0;
  #reading = false;
  #sendWindow = defaultWindowBytes;
  #unacknowledged = 0;
  /** Calls that wait for the server to open its window. */
  readonly #waiting: { streamId: number; headers: Buffer; body: Buffer; end: boolean }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => {
        resolve('the server closed the connection');
        for (const { call } of this.#streams.values()) call.onEnd(14, 'the connection is gone');
        this.#streams.clear();
      });
    });
    socket.on('data', (bytes) => this.#read(bytes));
    this.#begin();
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends a request; several in one turn, or within callbacks, leave in one write. Returns the stream's number. */
  call(method: Method, body: Buffer, call: Call, end = true): number {
    const streamId = this.#nextStream;
    this.#nextStream += 2;
    this.#streams.set(streamId, {
      call,
      pending: [],
      pendingBytes: 0,
      unacknowledged: 0,
      status: 2,
      statusMessage: 'no grpc-status',
    });
    this.#send(streamId, method.headers, body, end);
    return streamId;
  }

  /** One more message on a stream that `call` left open. */
  sendMore(streamId: number, body: Buffer): void {
    this.#send(streamId, noBytes, body, false);
  }

  /** A call with one response, whose message is copied. Rejects unless the status is OK. */
  unary(method: Method, body: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let response: Buffer = Buffer.alloc(0);
      this.call(method, body, {
        onMessage: (bytes, start, end) => {
          response = Buffer.from(bytes.subarray(start, end));
        },
        onEnd: (status, message) => {
          if (status === 0) resolve(response);
          else reject(new Error(`${method.path}: grpc-status ${status}: ${message}`));
        },
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #begin(): void {
    const bytes = Buffer.alloc(preface.length + frameHeaderBytes + 6 + frameHeaderBytes + 4);
    bytes.set(preface);
    let at = preface.length;
    writeFrameHeader(bytes, at, 6, frameType.settings, 0, 0);
    bytes[at + 10] = setting.initialWindowSize;
    writeUint32(bytes, at + 11, windowBytesMax);
    at += frameHeaderBytes + 6;
    writeFrameHeader(bytes, at, 4, frameType.windowUpdate, 0, 0);
    writeUint32(bytes, at + frameHeaderBytes, windowBytesMax - defaultWindowBytes);
    this.#socket.write(bytes);
  }

  #send(streamId: number, headers: Buffer, body: Buffer, end: boolean): void {
    if (body.length > this.#sendWindow || this.#waiting.length > 0) {
      this.#waiting.push({ streamId, headers, body, end });
      return;
    }
    this.#write(streamId, headers, body, end);
  }

  #write(streamId: number, headers: Buffer, body: Buffer, end: boolean): void {
    this.#sendWindow -= body.length;
    this.#reserve(2 * frameHeaderBytes + headers.length + body.length);
    const out = this.#out;
    let at = this.#outBytes;
    if (headers.length > 0) {
      writeFrameHeader(out, at, headers.length, frameType.headers, flag.endHeaders, streamId);
      out.set(headers, at + frameHeaderBytes);
      at += frameHeaderBytes + headers.length;
    }
    writeFrameHeader(out, at, body.length, frameType.data, end ? flag.endStream : 0, streamId);
    out.set(body, at + frameHeaderBytes);
    this.#outBytes = at + frameHeaderBytes + body.length;
  }

  /** Makes room, and sees to it that what is written into it leaves at the end of this turn. */
  #reserve(count: number): void {
    if (this.#outBytes + count > this.#out.length) this.#flush();
    if (this.#outBytes === 0 && !this.#reading) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#outBytes === 0) return;
    // The socket may keep what it is given until it is writable: a copy, the rest of the buffer serves on.
    this.#socket.write(Buffer.from(this.#out.subarray(0, this.#outBytes)));
    this.#outBytes = 0;
  }

  #read(chunk: Buffer): void {
    this.#reading = true;
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      const end = at + frameHeaderBytes + length;
      if (end > bytes.length) break;
      const streamId = readUint32(bytes, at + 5);
      this.#frame(bytes, bytes[at + 3]!, bytes[at + 4]!, streamId, at + frameHeaderBytes, end);
      at = end;
    }
    this.#rest = at === bytes.length ? noBytes : bytes.subarray(at);
    this.#reading = false;
    this.#flush();
  }

  #frame(bytes: Buffer, type: number, flags: number, streamId: number, start: number, end: number): void {
    switch (type) {
      case frameType.data:
        this.#data(bytes, streamId, start, end);
        if ((flags & flag.endStream) !== 0) this.#ended(streamId);
        return;
      case frameType.headers: {
        if ((flags & (flag.padded | flag.priority)) !== 0 || (flags & flag.endHeaders) === 0) {
          throw new Error('the server pads or continues its header blocks: not expected here');
        }
        const block = this.#decoder.decode(bytes, start, end);
        const status = block.get('grpc-status');
        const stream = this.#streams.get(streamId);
        if (status !== undefined && stream !== undefined) {
          stream.status = Number(status);
          stream.statusMessage = block.get('grpc-message') ?? '';
        }
        if ((flags & flag.endStream) !== 0) this.#ended(streamId);
        return;
      }
      case frameType.rstStream:
        this.#ended(streamId);
        return;
      case frameType.settings:
        if ((flags & flag.ack) === 0) this.#control(frameType.settings, flag.ack, noBytes);
        return;
      case frameType.ping:
        if ((flags & flag.ack) === 0) {
          this.#control(frameType.ping, flag.ack, bytes.subarray(start, end));
        }
        return;
      case frameType.windowUpdate:
        if (streamId === 0) {
          this.#sendWindow += readUint32(bytes, start);
          this.#resume();
        }
        return;
      default:
        return;
    }
  }

  #data(bytes: Buffer, streamId: number, start: number, end: number): void {
    this.#unacknowledged += end - start;
    if (this.#unacknowledged >= windowRefillBytes) {
      this.#windowUpdate(0, this.#unacknowledged);
      this.#unacknowledged = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.unacknowledged += end - start;
    if (stream.unacknowledged >= windowRefillBytes) {
      this.#windowUpdate(streamId, stream.unacknowledged);
      stream.unacknowledged = 0;
    }
    if (stream.pendingBytes === 0) {
      this.#messages(stream, bytes, start, end);
      return;
    }
    stream.pending.push(bytes.subarray(start, end));
    stream.pendingBytes += end - start;
    const first = stream.pending[0]!;
    if (first.length >= grpcPrefixBytes && stream.pendingBytes < grpcPrefixBytes + readUint32(first, 1))
      return;
    const whole = Buffer.concat(stream.pending);
    stream.pending = [];
    stream.pendingBytes = 0;
    this.#messages(stream, whole, 0, whole.length);
  }

  #messages(stream: OpenStream, bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (end - at >= grpcPrefixBytes) {
      const messageEnd = at + grpcPrefixBytes + readUint32(bytes, at + 1);
      if (messageEnd > end) break;
      stream.call.onMessage(bytes, at + grpcPrefixBytes, messageEnd);
      at = messageEnd;
    }
    if (at < end) {
      stream.pending.push(bytes.subarray(at, end));
      stream.pendingBytes += end - at;
    }
  }

  #ended(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    stream.call.onEnd(stream.status, stream.statusMessage);
  }

  #resume(): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.body.length <= this.#sendWindow) {
      const { streamId, headers, body, end } = this.#waiting.shift()!;
      this.#write(streamId, headers, body, end);
    }
  }

  #windowUpdate(streamId: number, count: number): void {
    const payload = Buffer.alloc(4);
    writeUint32(payload, 0, count);
    this.#control(frameType.windowUpdate, 0, payload, streamId);
  }

  #control(type: number, flags: number, payload: Buffer, streamId = 0): void {
    this.#reserve(frameHeaderBytes + payload.length);
    writeFrameHeader(this.#out, this.#outBytes, payload.length, type, flags, streamId);
    this.#out.set(payload, this.#outBytes + frameHeaderBytes);
    this.#outBytes += frameHeaderBytes + payload.length;
  }
}

const noBytes: Buffer = Buffer.alloc(0);

/** A gRPC method with its request headers, which have no state and serve every connection. */
export interface Method {
  readonly path: string;
  readonly headers: Buffer;
}

export function method(path: string): Method {
  const fields = [':method', 'POST', ':scheme', 'http', ':path', path, ':authority', '127.0.0.1'];
  fields.push('content-type', 'application/grpc', 'te', 'trailers', 'user-agent', 'drydock-bench');
  return { path, headers: Buffer.from(encodeHeaders(fields)) };
}
