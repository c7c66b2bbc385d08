import { frameHeaderBytes, writeFrameHeader } from './frame.ts';

const slabBytes = 65_536;

/**
 * Bytes to be written, copied together into slabs so that all frames of a turn go out in one write. A slab that was
 * handed over is not written to again: the socket may still hold it.
 */
export class Output {
  #slab = new Uint8Array(slabBytes);
  #start = 0;
  #end = 0;
  #full: Uint8Array[] = [];
  #fullBytes = 0;

  get length(): number {
    return this.#fullBytes + this.#end - this.#start;
  }

  /** A frame's header. Its payload is to follow with `bytes`. */
  frameHeader(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(frameHeaderBytes);
    writeFrameHeader(this.#slab, this.#end, length, type, flags, streamId);
    this.#end += frameHeaderBytes;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#slab[this.#end++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    const slab = this.#slab;
    slab[this.#end++] = value >>> 24;
    slab[this.#end++] = value >>> 16;
    slab[this.#end++] = value >>> 8;
    slab[this.#end++] = value;
  }

  bytes(source: Uint8Array): void {
    const { length } = source;
    if (length <= slabBytes - this.#end) {
      // A call of `set` costs more than a few dozen bytes.
      if (length < 48) {
        const slab = this.#slab;
        let at = this.#end;
        for (let i = 0; i < length; i++) slab[at++] = source[i]!;
      } else {
        this.#slab.set(source, this.#end);
      }
      this.#end += length;
      return;
    }
    this.#spread(source, 0, length);
  }

  range(source: Uint8Array, start: number, end: number): void {
    if (start === 0 && end === source.length) this.bytes(source);
    else this.#spread(source, start, end);
  }

  /** Hands over all bytes, in order. */
  take(write: (bytes: Uint8Array) => void): void {
    const full = this.#full;
    const last = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (full.length > 0) {
      this.#full = [];
      this.#fullBytes = 0;
      for (const slab of full) write(slab);
    }
    if (last.length > 0) write(last);
  }

  #spread(source: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      this.#reserve(1);
      const count = Math.min(end - at, slabBytes - this.#end);
      this.#slab.set(source.subarray(at, at + count), this.#end);
      this.#end += count;
      at += count;
    }
  }

  #reserve(count: number): void {
    if (slabBytes - this.#end >= count) return;
    if (this.#end > this.#start) {
      this.#full.push(this.#slab.subarray(this.#start, this.#end));
      this.#fullBytes += this.#end - this.#start;
    }
    this.#slab = new Uint8Array(slabBytes);
    this.#start = 0;
    this.#end = 0;
  }
}
