import { crc32 } from 'node:zlib';

import { assert } from '../../base/assert.ts';

/** A record under its revision, as a block takes it. */
export interface RevisionRecord {
  readonly main: number;
  readonly sub: number;
  readonly record: Uint8Array;
}

/**
 * What a block aims at. With LMDB's own header of 24 bytes it fills two of its pages of 4096; docs/storage.md has the
 * measurement of other sizes. A longer record has a block of its own.
 */
const blockBytes = 8160;

/** Of a record in a block, besides its contents. */
const entryBytes = 16;
const headerBytes = 8;

/**
 * Consecutive records in one LMDB value: LMDB's work per value is then shared by some two dozen records. All integers
 * are little-endian.
 *
 *   block:  crc u32 | count u32 | count entries | contents
 *   entry:  main f64 | sub u32 | end u32, where the contents of the record end in the block
 *
 * `crc` (CRC-32) covers the rest: LMDB has no checksums of its own.
 */
export function encodeBlocks(records: readonly RevisionRecord[]): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let start = 0;
  let length = headerBytes;
  for (const [i, { record }] of records.entries()) {
    const more = entryBytes + record.length;
    if (i > start && length + more > blockBytes) {
      blocks.push(encodeBlock(records, start, i, length));
      start = i;
      length = headerBytes;
    }
    length += more;
  }
  if (records.length > start) blocks.push(encodeBlock(records, start, records.length, length));
  return blocks;
}

function encodeBlock(
  records: readonly RevisionRecord[],
  start: number,
  end: number,
  length: number,
): Uint8Array {
  // A buffer of its own: a slice of a pool would keep the pool alive.
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, end - start, true);
  let entry = headerBytes;
  let at = headerBytes + (end - start) * entryBytes;
  for (let i = start; i < end; i++) {
    const { main, sub, record } = records[i]!;
    bytes.set(record, at);
    at += record.length;
    view.setFloat64(entry, main, true);
    view.setUint32(entry + 8, sub, true);
    view.setUint32(entry + 12, at, true);
    entry += entryBytes;
  }
  assert(at === length, 'a block is as long as what is in it');
  view.setUint32(0, crc32(bytes.subarray(4)), true);
  return bytes;
}

/** As much as one record that somebody keeps can keep alive. */
const slabBytes = 8192;
let slab = new ArrayBuffer(slabBytes);
let slabUsed = 0;

/** Reads a block. */
export class BlockReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    // Never a Buffer, whose `slice` is no copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get count(): number {
    return this.#view.getUint32(4, true);
  }

  /** Whether it is what was written. Costs a pass over the bytes. */
  intact(): boolean {
    return (
      this.bytes.length >= headerBytes && crc32(this.bytes.subarray(4)) === this.#view.getUint32(0, true)
    );
  }

  main(i: number): number {
    return this.#view.getFloat64(headerBytes + i * entryBytes, true);
  }

  sub(i: number): number {
    return this.#view.getUint32(headerBytes + i * entryBytes + 8, true);
  }

  /** A view of the contents of record `i`. */
  record(i: number): Uint8Array {
    return this.bytes.subarray(this.#start(i), this.#end(i));
  }

  /** A copy, in a slab shared with the copies next to it: an ArrayBuffer of its own costs as much as the rest of a read. */
  copy(i: number): Uint8Array {
    const start = this.#start(i);
    const end = this.#end(i);
    const length = end - start;
    if (length > slabBytes / 4) return this.bytes.slice(start, end);
    if (slabUsed + length > slabBytes) {
      slab = new ArrayBuffer(slabBytes);
      slabUsed = 0;
    }
    const copy = new Uint8Array(slab, slabUsed, length);
    slabUsed += length;
    copy.set(this.bytes.subarray(start, end));
    return copy;
  }

  recordLength(i: number): number {
    return this.#end(i) - this.#start(i);
  }

  /** The place of the first record at or after the revision; `count` when there is none. */
  search(main: number, sub: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.main(middle);
      if (at < main || (at === main && this.sub(middle) < sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The place of the record; undefined when there is none. */
  find(main: number, sub: number): number | undefined {
    // Where it is when every change is a revision of its own, and none was deleted.
    const guess = main - this.main(0);
    if (guess < this.count && this.main(guess) === main && this.sub(guess) === sub) return guess;
    const i = this.search(main, sub);
    return i < this.count && this.main(i) === main && this.sub(i) === sub ? i : undefined;
  }

  #start(i: number): number {
    return i === 0 ? headerBytes + this.count * entryBytes : this.#end(i - 1);
  }

  #end(i: number): number {
    return this.#view.getUint32(headerBytes + i * entryBytes + 12, true);
  }
}
