import { equalBytes } from '../../src/base/bytes.ts';
import type { Event, KeyRange } from '../../src/mvcc/types.ts';

/**
 * What the store really did, by revision: the first member to apply a revision tells. Members of one cluster
 * must agree on it, which `add` checks for each that comes later.
 */
export class TrueHistory {
  readonly #revisions = new Map<number, readonly Event[]>();
  #newest = 0;

  get newest(): number {
    return this.#newest;
  }

  at(revision: number): readonly Event[] | undefined {
    return this.#revisions.get(revision);
  }

  /** Returns how a later member's version of a revision differs, if it does. */
  add(revision: number, events: readonly Event[]): string | undefined {
    const first = this.#revisions.get(revision);
    if (first === undefined) {
      this.#revisions.set(revision, events);
      this.#newest = Math.max(this.#newest, revision);
      return undefined;
    }
    return differenceOf(first, events);
  }

  /** Changes of keys in `range`, with revisions in (after, upTo], in order. */
  changes(range: KeyRange, after: number, upTo: number): Event[] {
    const found: Event[] = [];
    for (let revision = after + 1; revision <= upTo; revision++) {
      for (const event of this.#revisions.get(revision) ?? [])
        if (covers(range, event.kv.key)) found.push(event);
    }
    return found;
  }
}

/** The first difference of two lists of events; undefined when they are the same. */
export function differenceOf(expected: readonly Event[], got: readonly Event[]): string | undefined {
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const a = expected[i];
    const b = got[i];
    const same =
      a !== undefined &&
      b !== undefined &&
      a.type === b.type &&
      a.kv.key === b.kv.key &&
      a.kv.modRevision === b.kv.modRevision &&
      equalBytes(a.kv.value, b.kv.value);
    if (!same) return `${describe(b)} instead of ${describe(a)}`;
  }
  return undefined;
}

function describe(event: Event | undefined): string {
  return event === undefined ? 'nothing' : `the ${event.type} of ${event.kv.key} at ${event.kv.modRevision}`;
}

function covers({ key, rangeEnd }: KeyRange, candidate: string): boolean {
  if (rangeEnd === undefined || rangeEnd === '') return candidate === key;
  return candidate >= key && (rangeEnd === '\0' || candidate < rangeEnd);
}
