import { frameHeaderBytes, writeFrameHeader } from './frame.ts';

/** What most turns write. */
const slabBytes = 65_536;
/** For long messages, so that a page of a list goes out in one write. */
const largeSlabBytes = 262_144;
/** Slabs that wait for their next use, per size: as many as turns need at once. More are left to the collector. */
const idleSlabsMax = 16;

/** Slabs of one size, for all connections: those that were used just now are in the CPU's cache. */
class SlabPool {
  readonly #bytes: number;
  readonly #idle: Uint8Array[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Its contents are of no meaning. */
  take(): Uint8Array {
    return this.#idle.pop() ?? new Uint8Array(this.#bytes);
  }

  /** Only a slab that nobody reads any more. */
  give(slab: Uint8Array): void {
    if (this.#idle.length < idleSlabsMax) this.#idle.push(slab);
  }
}

const slabs = new SlabPool(slabBytes);
const largeSlabs = new SlabPool(largeSlabBytes);
const noSlab = new Uint8Array(0);

/** Where an Output's bytes go. */
export interface OutputSink {
  /** Must not come back to the Output. */
  write(bytes: Uint8Array): void;
  /** Whether all that was written so far was copied on its way out, so that its slabs may be used again. */
  readonly isWrittenOut: boolean;
}

/**
 * Bytes to be written, copied together into slabs so that all frames of a turn go out in one write. A slab that was
 * handed over is not written to again unless the sink says that it has no use for it: the socket may still hold it.
 */
export class Output {
  readonly #sink: OutputSink;
  #slab: Uint8Array = noSlab;
  #start = 0;
  #end = 0;
  #full: Uint8Array[] = [];
  #fullBytes = 0;

  constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  get length(): number {
    return this.#fullBytes + this.#end - this.#start;
  }

  /** So many bytes are about to follow: what does not fit into the slab is to have a large one. */
  expect(count: number): void {
    if (count > slabBytes && count > this.#slab.length - this.#end) this.#next(largeSlabs);
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
    if (length > this.#slab.length - this.#end) {
      this.#spread(source, 0, length);
      return;
    }
    // A call of `set` costs more than a few dozen bytes.
    if (length < 48) {
      const slab = this.#slab;
      let at = this.#end;
      for (let i = 0; i < length; i++) slab[at++] = source[i]!;
    } else {
      this.#slab.set(source, this.#end);
    }
    this.#end += length;
  }

  range(source: Uint8Array, start: number, end: number): void {
    if (start === 0 && end === source.length) this.bytes(source);
    else this.#spread(source, start, end);
  }

  /** Hands over all bytes, in order. */
  flush(): void {
    const full = this.#full;
    const slab = this.#slab;
    const last = this.#end > this.#start ? slab.subarray(this.#start, this.#end) : noSlab;
    this.#start = this.#end;
    if (full.length > 0) {
      this.#full = [];
      this.#fullBytes = 0;
      for (const part of full) this.#sink.write(part);
    }
    if (last.length > 0) this.#sink.write(last);
    const { isWrittenOut } = this.#sink;
    // The rest of a small slab serves on meanwhile; a large one would be much to keep for a connection that is idle.
    if (isWrittenOut || slab.length > slabBytes) {
      this.#slab = noSlab;
      this.#start = 0;
      this.#end = 0;
    }
    if (!isWrittenOut) return;
    giveBack(slab);
    for (const { buffer } of full) giveBack(new Uint8Array(buffer));
  }

  #spread(source: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      this.#reserve(1);
      const count = Math.min(end - at, this.#slab.length - this.#end);
      this.#slab.set(source.subarray(at, at + count), this.#end);
      this.#end += count;
      at += count;
    }
  }

  #reserve(count: number): void {
    if (this.#slab.length - this.#end < count) this.#next(this.#full.length > 0 ? largeSlabs : slabs);
  }

  #next(pool: SlabPool): void {
    if (this.#end > this.#start) {
      this.#full.push(this.#slab.subarray(this.#start, this.#end));
      this.#fullBytes += this.#end - this.#start;
    }
    this.#slab = pool.take();
    this.#start = 0;
    this.#end = 0;
  }
}

function giveBack(slab: Uint8Array): void {
  if (slab.length === slabBytes) slabs.give(slab);
  else if (slab.length === largeSlabBytes) largeSlabs.give(slab);
}
