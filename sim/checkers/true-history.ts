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

  /** Changes with revisions in (after, upTo] that `wanted` accepts, in order. */
  changes(after: number, upTo: number, wanted: (event: Event) => boolean): Event[] {
    const found: Event[] = [];
    for (let revision = after + 1; revision <= upTo; revision++) {
      for (const event of this.#revisions.get(revision) ?? []) if (wanted(event)) found.push(event);
    }
    return found;
  }
}

/** The first difference of two lists of events; undefined when they are the same. */
export function differenceOf(expected: readonly Event[], got: readonly Event[]): string | undefined {
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const a = expected[i];
    const b = got[i];
    if (a === undefined || b === undefined || !sameChange(a, b)) {
      return `${describeEvent(b)} instead of ${describeEvent(a)}`;
    }
  }
  return undefined;
}

/** The same change of the same key, and not a word about what was there before. */
export function sameChange(a: Event, b: Event): boolean {
  return (
    a.type === b.type &&
    a.kv.key === b.kv.key &&
    a.kv.modRevision === b.kv.modRevision &&
    equalBytes(a.kv.value, b.kv.value)
  );
}

export function describeEvent(event: Event | undefined): string {
  return event === undefined ? 'nothing' : `the ${event.type} of ${event.kv.key} at ${event.kv.modRevision}`;
}

export function covers({ key, rangeEnd }: KeyRange, candidate: string): boolean {
  if (rangeEnd === undefined || rangeEnd === '') return candidate === key;
  return candidate >= key && (rangeEnd === '\0' || candidate < rangeEnd);
}
