import { assert } from '../base/assert.ts';
import type { Index } from './types.ts';

/** A bounded ring of the last indexes of MsgApps on their way: the sliding window to one follower. */
export class Inflights {
  readonly #sizeMax: number;
  #ring: Index[] = [];
  #start = 0;
  #count = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.#sizeMax;
  }

  /** `lastIndex` never decreases from one call to the next. */
  add(lastIndex: Index): void {
    assert(!this.full, 'inflight window is full');
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#start + this.#count) % this.#ring.length] = lastIndex;
    this.#count++;
  }

  /** An ack for `index` covers every message that ended there or before. */
  freeUpTo(index: Index): void {
    while (this.#count > 0 && this.#ring[this.#start]! <= index) {
      this.#start = (this.#start + 1) % this.#ring.length;
      this.#count--;
    }
  }

  reset(): void {
    this.#start = 0;
    this.#count = 0;
  }

  /** Most followers never need the whole window, so the ring doubles on demand. */
  #grow(): void {
    const size = Math.min(this.#sizeMax, Math.max(8, this.#ring.length * 2));
    const ring: Index[] = [];
    for (let i = 0; i < size; i++) {
      ring.push(i < this.#count ? this.#ring[(this.#start + i) % this.#ring.length]! : (0 as Index));
    }
    this.#ring = ring;
    this.#start = 0;
  }
}
