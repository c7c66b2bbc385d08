import { compareStrings } from '../../base/order.ts';
import { endOf } from '../key-range.ts';
import type { Key, KeyRange } from '../types.ts';

/** Half-open [from, end). */
interface Span {
  readonly from: Key;
  end: Key;
}

/** A set of keys as the fewest spans: sorted, none touching the next. Answers in O(log n). */
export class SpanSet {
  readonly #spans: readonly Span[];

  constructor(ranges: readonly KeyRange[]) {
    const sorted = ranges
      .map((range) => ({ from: range.key, end: endOf(range) }))
      .filter(({ from, end }) => from < end)
      .toSorted((a, b) => compareStrings(a.from, b.from));
    const merged: Span[] = [];
    for (const span of sorted) {
      const last = merged.at(-1);
      if (last !== undefined && span.from <= last.end) {
        if (span.end > last.end) last.end = span.end;
      } else {
        merged.push(span);
      }
    }
    this.#spans = merged;
  }

  /**
   * Whether every key of `range` is in the set. A range that holds no key (end <= key) counts as its first one, as in etcd's
   * interval tree.
   */
  covers(range: KeyRange): boolean {
    const end = endOf(range);
    const span = this.#lastFrom(range.key);
    return span !== undefined && span.end > range.key && span.end >= end;
  }

  /** The last span that starts at or before `key`. */
  #lastFrom(key: Key): Span | undefined {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spans[middle]!.from <= key) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low - 1];
  }
}
