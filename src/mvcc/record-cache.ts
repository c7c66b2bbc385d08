import { assert } from '../base/assert.ts';
import type { KeyHistory, KeyIndex } from './key-index.ts';
import { unboundedEnd } from './key-range.ts';
import type { Key } from './types.ts';

/** What a cached record costs besides its bytes: a typed array and its buffer. */
const overheadBytes = 200;
/** Keys looked at per eviction at most; the next one goes on from there. */
const evictionStepsMax = 256;

/**
 * The newest records that were read lately, as encoded bytes: a list answers from here without touching the backend. A
 * record hangs on its key's history; what the cache keeps is how much they are, and a clock hand over the keys that evicts
 * what was not read since it last came by.
 */
export class RecordCache {
  readonly #index: KeyIndex;
  readonly #bytesMax: number;
  #bytes = 0;
  #hand: Key = '';

  constructor(index: KeyIndex, bytesMax: number) {
    assert(bytesMax >= 0, 'a cache has a bound');
    this.#index = index;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(history: KeyHistory): Uint8Array | undefined {
    const { record } = history;
    if (record !== undefined) history.recordUsed = true;
    return record;
  }

  /** Keeps a copy of `record`, the newest of `history`, and returns it. */
  add(history: KeyHistory, record: Uint8Array): Uint8Array {
    const size = record.length + overheadBytes;
    if (size > this.#bytesMax / 4) return record;
    const kept = record.slice();
    history.record = kept;
    history.recordUsed = false;
    this.#bytes += size;
    if (this.#bytes > this.#bytesMax) this.#evict();
    return kept;
  }

  /** The history has a newer record, or none. */
  drop(history: KeyHistory): void {
    if (history.record === undefined) return;
    this.#bytes -= history.record.length + overheadBytes;
    history.record = undefined;
  }

  #evict(): void {
    let cursor = this.#index.existing(this.#hand, unboundedEnd);
    for (let steps = 0; this.#bytes > this.#bytesMax && steps < evictionStepsMax; steps++) {
      if (!cursor.next()) {
        if (this.#hand === '') return;
        this.#hand = '';
        cursor = this.#index.existing('', unboundedEnd);
        continue;
      }
      const history = cursor.value;
      this.#hand = `${cursor.key}\0`;
      if (history.recordUsed) history.recordUsed = false;
      else this.drop(history);
    }
  }
}
