import { assert } from '../base/assert.ts';
import type { Entry, Index, Snapshot, Term } from './types.ts';

/**
 * The tail of the log, and a received snapshot, that the driver has not reported durable yet.
 * `entries[i]` has index `offset + i`; everything below `offset` is in Storage or in `snapshot`.
 */
export class Unstable {
  #offset: Index;
  #entries: Entry[] = [];
  #snapshot: Snapshot | undefined;

  constructor(offset: Index) {
    this.#offset = offset;
  }

  get offset(): Index {
    return this.#offset;
  }

  get length(): number {
    return this.#entries.length;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** The live array: for reading at once, not for keeping. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  term(index: Index): Term | undefined {
    if (index >= this.#offset) return this.#entries[index - this.#offset]?.term;
    return this.#snapshot?.metadata.index === index ? this.#snapshot.metadata.term : undefined;
  }

  truncateAndAppend(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    const keep = first.index - this.#offset;
    assert(keep <= this.#entries.length, () => `gap: unstable log ends before ${first.index}`);
    if (keep < 0) {
      this.#offset = first.index;
      this.#entries = [...entries];
      return;
    }
    if (keep < this.#entries.length) this.#entries.length = keep;
    for (const entry of entries) this.#entries.push(entry);
  }

  restore(snapshot: Snapshot): void {
    this.#offset = (snapshot.metadata.index + 1) as Index;
    this.#entries = [];
    this.#snapshot = snapshot;
  }

  /** The driver wrote entries up to this one. Ignored when another leader replaced them meanwhile. */
  stableTo(index: Index, term: Term): void {
    if (index < this.#offset || this.term(index) !== term) return;
    const count = index - this.#offset + 1;
    this.#entries = count === this.#entries.length ? [] : this.#entries.slice(count);
    this.#offset = (index + 1) as Index;
  }

  stableSnapshotTo(index: Index): void {
    if (this.#snapshot?.metadata.index === index) this.#snapshot = undefined;
  }
}
