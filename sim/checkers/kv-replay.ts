import { compareStrings } from '../../src/base/order.ts';
import type { KvFound, KvPair, KvWrite } from '../kv-history.ts';
import type { KvView } from './kv-model.ts';

/** The keys as they are after some revision. Keys once seen keep their place, so that ranges need no sorting. */
export class KvReplay implements KvView {
  readonly #found = new Map<string, KvFound>();
  readonly #order: string[] = [];
  readonly #placed = new Set<string>();

  get(key: string): KvFound | undefined {
    return this.#found.get(key);
  }

  range(key: string, rangeEnd: string): readonly KvPair[] {
    const pairs: KvPair[] = [];
    for (let i = this.#placeOf(key); i < this.#order.length; i++) {
      const name = this.#order[i]!;
      if (rangeEnd !== '\0' && name >= rangeEnd) break;
      const found = this.#found.get(name);
      if (found?.value !== undefined) {
        pairs.push({ key: name, value: found.value, modRevision: found.modRevision });
      }
    }
    return pairs;
  }

  apply(writes: readonly KvWrite[], revision: number): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#found.delete(key);
      else {
        this.#found.set(key, { value, modRevision: revision });
        if (this.#placed.has(key)) continue;
        this.#placed.add(key);
        this.#order.splice(this.#placeOf(key), 0, key);
      }
    }
  }

  /** Where a key is or would be. */
  #placeOf(key: string): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareStrings(this.#order[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
