import type { Key } from './types.ts';

interface Entry<T> {
  readonly from: Key;
  readonly end: Key;
  readonly items: Set<T>;
}

/**
 * Items by a half-open key range, found by a key inside it. Equal ranges share an entry: many watchers
 * watch few ranges. The entries, sorted by `from`, form an implicit balanced tree in which each subtree
 * knows its greatest end (an interval tree), so that a lookup takes O(log ranges + hits).
 */
export class RangeIndex<T> {
  readonly #entries: Entry<T>[] = [];
  /** The greatest end in the subtree whose middle is i. */
  readonly #maxEnds: Key[] = [];
  /** Ranges came or went since `#maxEnds` was made: it is made again when somebody looks, not for each of 10 000. */
  #stale = false;

  add(from: Key, end: Key, item: T): void {
    const at = this.#find(from, end);
    const entry = this.#entries[at];
    if (entry !== undefined && entry.from === from && entry.end === end) {
      entry.items.add(item);
      return;
    }
    this.#entries.splice(at, 0, { from, end, items: new Set([item]) });
    this.#stale = true;
  }

  delete(from: Key, end: Key, item: T): void {
    const at = this.#find(from, end);
    const items = this.#entries[at]!.items;
    items.delete(item);
    if (items.size > 0) return;
    this.#entries.splice(at, 1);
    this.#stale = true;
  }

  /** Visits the items whose range contains `key`, by range and then in the order of adding. `visit` adds and deletes none. */
  visit(key: Key, visit: (item: T) => void): void {
    if (this.#stale) {
      this.#maxEnds.length = this.#entries.length;
      this.#rebuild(0, this.#entries.length);
      this.#stale = false;
    }
    this.#visit(0, this.#entries.length, key, visit);
  }

  #visit(low: number, high: number, key: Key, visit: (item: T) => void): void {
    if (low >= high) return;
    const middle = (low + high) >> 1;
    if (this.#maxEnds[middle]! <= key) return;
    this.#visit(low, middle, key, visit);
    const entry = this.#entries[middle]!;
    if (entry.from > key) return;
    if (key < entry.end) {
      for (const item of entry.items) visit(item);
    }
    this.#visit(middle + 1, high, key, visit);
  }

  #find(from: Key, end: Key): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle]!;
      if (entry.from < from || (entry.from === from && entry.end < end)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rebuild(low: number, high: number): Key {
    if (low >= high) return '';
    const middle = (low + high) >> 1;
    const below = this.#rebuild(low, middle);
    const above = this.#rebuild(middle + 1, high);
    let maxEnd = this.#entries[middle]!.end;
    if (below > maxEnd) maxEnd = below;
    if (above > maxEnd) maxEnd = above;
    this.#maxEnds[middle] = maxEnd;
    return maxEnd;
  }
}
