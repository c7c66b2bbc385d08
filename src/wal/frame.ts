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

const frameHeaderBytes = 16;
const recordHeaderBytes = 16;
const two32 = 2 ** 32;

/** Bytes of a record in a frame. */
export function recordBytes(record: WalRecord): number {
  return recordHeaderBytes + padded(record.payload.length);
}

/** One frame at `offset`, followed by zeros up to `end` of the file if that is further. */
export function encodeFrame(
  records: readonly WalRecord[],
  offset: number,
  previousCrc: number,
  end = 0,
): { readonly bytes: Uint8Array; readonly crc: number; readonly end: number } {
  let length = 0;
  for (const record of records) length += recordBytes(record);
  const frameEnd = offset + frameHeaderBytes + length;
  assert(frameEnd < two32, 'a segment stays below 4 GiB');
  const bytes = new Uint8Array(Math.max(end, frameEnd) - offset);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint32(8, previousCrc, true);
  view.setUint32(12, offset, true);
  let at = frameHeaderBytes;
  for (const record of records) {
    view.setUint32(at, record.payload.length, true);
    view.setUint32(at + 4, record.type, true);
    view.setUint32(at + 8, record.index % two32, true);
    view.setUint32(at + 12, Math.floor(record.index / two32), true);
    bytes.set(record.payload, at + recordHeaderBytes);
    at += recordBytes(record);
  }
  const crc = checksum(bytes.subarray(0, at));
  view.setUint32(4, crc, true);
  return { bytes, crc, end: frameEnd };
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
