import { assert } from '../base/assert.ts';
import type { Index } from './types.ts';

/** A bounded ring of the last indexes and sizes of MsgApps on their way: the sliding window to one follower. */
export class Inflights {
  readonly #sizeMax: number;
  readonly #bytesMax: number;
  #ring: Index[] = [];
  #ringBytes: number[] = [];
  #bytes = 0;
  #start = 0;
  #count = 0;

  constructor(sizeMax: number, bytesMax = Infinity) {
    this.#sizeMax = sizeMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.#sizeMax || this.#bytes >= this.#bytesMax;
  }

  /** `lastIndex` never decreases from one call to the next. */
  add(lastIndex: Index, bytes = 0): void {
    assert(!this.full, 'inflight window is full');
    if (this.#count === this.#ring.length) this.#grow();
    const at = (this.#start + this.#count) % this.#ring.length;
    this.#ring[at] = lastIndex;
    this.#ringBytes[at] = bytes;
    this.#bytes += bytes;
    this.#count++;
  }

  /** An ack for `index` covers every message that ended there or before. */
  freeUpTo(index: Index): void {
    while (this.#count > 0 && this.#ring[this.#start]! <= index) {
      this.#bytes -= this.#ringBytes[this.#start]!;
      this.#start = (this.#start + 1) % this.#ring.length;
      this.#count--;
    }
  }

  reset(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Most followers never need the whole window, so the ring doubles on demand. */
  #grow(): void {
    const size = Math.min(this.#sizeMax, Math.max(8, this.#ring.length * 2));
    const ring: Index[] = [];
    const ringBytes: number[] = [];
    for (let i = 0; i < size; i++) {
      const at = (this.#start + i) % this.#ring.length;
      ring.push(i < this.#count ? this.#ring[at]! : (0 as Index));
      ringBytes.push(i < this.#count ? this.#ringBytes[at]! : 0);
    }
    this.#ring = ring;
    this.#ringBytes = ringBytes;
    this.#start = 0;
  }
}
