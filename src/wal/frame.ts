import { assert } from '../base/assert.ts';
import { crc32c } from '../base/crc32c.ts';

/** One thing the owner wants to find again. `type` and `index` are the owner's. */
export interface WalRecord {
  /** 0 .. recordTypeMax. */
  readonly type: number;
  /** Decides when the record may be released; a safe integer >= 0. */
  readonly index: number;
  /** Not to be changed until `sync` has resolved. */
  readonly payload: Uint8Array;
}

/** Types above it are the log's own. */
export const recordTypeMax = 0xffff;

/**
 * The records of one sync, on disk. All integers are little-endian.
 *
 *   frame:   length u32 | crc u32 | previousCrc u32 | offset u32 | records, `length` bytes
 *   record:  length u32 | type u32 | index u64 | payload, zeros to a multiple of 8
 *
 * `crc` covers all of the frame but itself. `previousCrc` is that of the frame before, so that no frame
 * can vanish or come back unnoticed; `offset` is the frame's own place in the file, so that a frame can
 * be recognised wherever one starts to look.
 */
export interface Frame {
  readonly records: readonly WalRecord[];
  readonly previousCrc: number;
  readonly crc: number;
  /** Where the next frame starts. */
  readonly end: number;
}

/** A record on its way in. */
export interface WalAppend extends WalRecord {
  /**
   * Goes before the payload: read back, the two are one payload. Saves an owner that puts a few bytes before something
   * large from copying that.
   */
  readonly head?: Uint8Array;
}

const frameHeaderBytes = 16;
const recordHeaderBytes = 16;
const two32 = 2 ** 32;
/** Larger frames have a buffer of their own, which does not stay. */
const keptBufferBytesMax = 4 * 1024 * 1024;

/** Bytes of a record in a frame. */
export function recordBytes(record: WalAppend): number {
  return recordHeaderBytes + padded((record.head?.length ?? 0) + record.payload.length);
}

/** Writes frames, one after another, into one buffer. */
export class FrameEncoder {
  #buffer = new Uint8Array(64 * 1024);
  #view = new DataView(this.#buffer.buffer);

  /** A frame for `offset` of a segment. Its bytes are good until the next call. */
  encode(
    records: readonly WalAppend[],
    offset: number,
    previousCrc: number,
  ): { readonly bytes: Uint8Array; readonly crc: number; readonly end: number } {
    let frameBytes = frameHeaderBytes;
    for (const record of records) frameBytes += recordBytes(record);
    assert(offset + frameBytes < two32, 'a segment stays below 4 GiB');
    const { buffer, view } = this.#room(frameBytes);
    view.setUint32(0, frameBytes - frameHeaderBytes, true);
    view.setUint32(8, previousCrc, true);
    view.setUint32(12, offset, true);
    let at = frameHeaderBytes;
    for (const { type, index, head, payload } of records) {
      const headBytes = head === undefined ? 0 : head.length;
      view.setUint32(at, headBytes + payload.length, true);
      view.setUint32(at + 4, type, true);
      view.setUint32(at + 8, index % two32, true);
      view.setUint32(at + 12, Math.floor(index / two32), true);
      at += recordHeaderBytes;
      if (head !== undefined) buffer.set(head, at);
      buffer.set(payload, at + headBytes);
      at += headBytes + payload.length;
      // The buffer holds what earlier frames left.
      for (; at % 8 !== 0; at++) buffer[at] = 0;
    }
    const bytes = buffer.subarray(0, frameBytes);
    const crc = checksum(bytes);
    view.setUint32(4, crc, true);
    return { bytes, crc, end: offset + frameBytes };
  }

  #room(bytes: number): { readonly buffer: Uint8Array; readonly view: DataView } {
    if (bytes > this.#buffer.length) {
      const buffer = new Uint8Array(Math.max(bytes, Math.min(2 * bytes, keptBufferBytesMax)));
      const view = new DataView(buffer.buffer);
      if (bytes > keptBufferBytesMax) return { buffer, view };
      this.#buffer = buffer;
      this.#view = view;
    }
    return { buffer: this.#buffer, view: this.#view };
  }
}

/** The frame that starts at `offset` of the file `bytes`; undefined when there is no intact one. */
export function decodeFrame(bytes: Uint8Array, offset: number): Frame | undefined {
  if (bytes.length - offset < frameHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(offset + 12, true) !== offset) return undefined;
  const length = view.getUint32(offset, true);
  const end = offset + frameHeaderBytes + length;
  // No frame is empty: a run of zeros, at offset 0 too, is none.
  if (length === 0 || length % 8 !== 0 || end > bytes.length) return undefined;
  const crc = view.getUint32(offset + 4, true);
  if (checksum(bytes.subarray(offset, end)) !== crc) return undefined;
  const records: WalRecord[] = [];
  for (let at = offset + frameHeaderBytes; at < end; at += recordBytes(records.at(-1)!)) {
    const payloadStart = at + recordHeaderBytes;
    const payloadEnd = payloadStart + view.getUint32(at, true);
    if (payloadEnd > end) return undefined;
    records.push({
      type: view.getUint32(at + 4, true),
      index: view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * two32,
      payload: bytes.subarray(payloadStart, payloadEnd),
    });
  }
  return { records, previousCrc: view.getUint32(offset + 8, true), crc, end };
}

/** Where the first intact frame at or after `offset` starts; undefined when there is none. */
export function findFrame(bytes: Uint8Array, offset: number): number | undefined {
  for (let at = padded(offset); at < bytes.length; at += 8) {
    if (decodeFrame(bytes, at) !== undefined) return at;
  }
  return undefined;
}

/** Of a whole frame, without its own field. */
function checksum(frame: Uint8Array): number {
  return crc32c(frame.subarray(8), crc32c(frame.subarray(0, 4)));
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
