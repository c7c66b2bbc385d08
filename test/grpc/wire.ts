import { concatBytes, decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { flag, frameType, preface, readUint32, writeFrameHeader } from '../../src/grpc/frame.ts';
import { encodeHeaders } from '../../src/grpc/hpack-encoder.ts';
import { HpackDecoder } from '../../src/grpc/hpack-decoder.ts';
import type { ByteStream } from '../../src/platform/streams.ts';

/** A byte stream without a network: keeps what is written to it. */
export class Recorder implements ByteStream {
  readonly remoteHost = '192.0.2.1';
  readonly chunks: Uint8Array[] = [];
  /** What is kept are copies. */
  readonly isWrittenOut = true;
  /** What `write` answers. */
  takes = true;
  ended = false;
  destroyed = false;

  write(bytes: Uint8Array): boolean {
    this.chunks.push(bytes.slice());
    return this.takes;
  }

  end(): void {
    this.ended = true;
  }

  pause(): void {}

  resume(): void {}

  destroy(): void {
    this.destroyed = true;
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  frames(): Frame[] {
    return parseFrames(concatBytes(this.chunks.length === 0 ? [new Uint8Array(0)] : this.chunks));
  }
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

export function parseFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    frames.push({
      type: bytes[at + 3]!,
      flags: bytes[at + 4]!,
      id: readUint32(bytes, at + 5),
      payload: bytes.slice(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return frames;
}

export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array | readonly number[] = [],
): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, id);
  bytes.set(payload, 9);
  return bytes;
}

export function settings(...pairs: readonly (readonly [number, number])[]): Uint8Array {
  const payload = pairs.flatMap(([id, value]) => [0, id, ...uint32(value)]);
  return frame(frameType.settings, 0, 0, payload);
}

export function uint32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export const hello: Uint8Array = concatBytes([preface, settings()]);

export function headers(
  id: number,
  path: string,
  extra: readonly string[] = [],
  flags: number = flag.endHeaders,
): Uint8Array {
  const fields = [':method', 'POST', ':scheme', 'http', ':path', path, ':authority', 'x', 'te', 'trailers'];
  return frame(
    frameType.headers,
    flags,
    id,
    encodeHeaders([...fields, 'content-type', 'application/grpc', ...extra]),
  );
}

export function message(body: Uint8Array | string, compressed = 0): Uint8Array {
  const bytes = typeof body === 'string' ? encodeUtf8(body) : body;
  return concatBytes([Uint8Array.from([compressed, ...uint32(bytes.length)]), bytes]);
}

export function data(id: number, payload: Uint8Array, endStream = true): Uint8Array {
  return frame(frameType.data, endStream ? flag.endStream : 0, id, payload);
}

/** What the frames of a server say about one stream: headers as text, DATA, resets. */
export function answersOf(frames: readonly Frame[]): string[] {
  const decoder = new HpackDecoder(1 << 20);
  const lines: string[] = [];
  for (const { type, id, payload, flags } of frames) {
    const end = (flags & flag.endStream) !== 0 ? ' end' : '';
    if (type === frameType.headers) {
      const { fields } = decoder.decode(payload, 0, payload.length);
      lines.push(`${id} headers ${fields.join(' ')}${end}`);
    } else if (type === frameType.data) lines.push(`${id} data ${decodeUtf8(payload.subarray(5))}${end}`);
    else if (type === frameType.rstStream) lines.push(`${id} reset ${readUint32(payload, 0)}`);
    else if (type === frameType.goaway)
      lines.push(`goaway ${readUint32(payload, 4)} ${decodeUtf8(payload.subarray(8))}`);
  }
  return lines;
}
