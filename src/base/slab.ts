import { assert } from './assert.ts';

/**
 * Hands out small byte arrays from large ones: an ArrayBuffer of its own for each of many short-lived arrays would cost more
 * than what is in them. A slab lives as long as any of its arrays: keep a copy (`slice`) of what is to live long.
 */
export class Slab {
  readonly #slabBytes: number;
  #slab: Uint8Array;
  #used = 0;

  constructor(slabBytes = 64 * 1024) {
    assert(slabBytes > 0, 'a slab has room');
    this.#slabBytes = slabBytes;
    this.#slab = new Uint8Array(0);
  }

  /** `length` zero bytes, or what a slab held at its making: all zero. */
  take(length: number): Uint8Array {
    // What would waste much of a slab gets an array of its own.
    if (length > this.#slabBytes / 4) return new Uint8Array(length);
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(this.#slabBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return this.#slab.subarray(start, this.#used);
  }
}
