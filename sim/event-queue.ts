import { must } from '../src/base/assert.ts';

/** What waits in an EventQueue. All three numbers may change only while it is not in one. */
export interface Queued {
  readonly atMillis: number;
  /** Decides among those of one moment. */
  readonly tie: number;
  /** Decides among those of one moment and one tie; no two are equal. */
  readonly sequence: number;
}

/**
 * A binary min-heap by (time, tie, sequence). base/heap.ts with its order written into it: the loop asks for it more than ten
 * times for each event, and a call each would cost as much as all the rest of the loop.
 */
export class EventQueue<T extends Queued> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let child = items.length;
    items.push(item);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(item, items[parent]!)) break;
      items[child] = items[parent]!;
      child = parent;
    }
    items[child] = item;
  }

  /** Removes and returns the first. @throws AssertionError when empty */
  pop(): T {
    const items = this.#items;
    const last = must(items.pop(), 'pop from an empty queue');
    if (items.length === 0) return last;
    const first = items[0]!;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++;
      if (!before(items[child]!, last)) break;
      items[parent] = items[child]!;
      parent = child;
    }
    items[parent] = last;
    return first;
  }
}

function before(a: Queued, b: Queued): boolean {
  if (a.atMillis !== b.atMillis) return a.atMillis < b.atMillis;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.sequence < b.sequence;
}
