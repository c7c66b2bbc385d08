import { assert } from '../base/assert.ts';
import type { Entry, Index, Snapshot, Term } from './types.ts';

/**
 * The tail of the log, and a received snapshot, that the driver has not reported durable yet.
 * `entries[i]` has index `offset + i`; everything below `offset` is in Storage or in `snapshot`. What was handed out
 * to be written is in progress and not handed out again.
 */
export class Unstable {
  #offset: Index;
  #entries: Entry[] = [];
  #snapshot: Snapshot | undefined;
  /** Entries below are being written. Invariant: offset ≤ this ≤ offset + length. */
  #offsetInProgress: Index;
  #snapshotInProgress = false;

  constructor(offset: Index) {
    this.#offset = offset;
    this.#offsetInProgress = offset;
  }

  get hasNext(): boolean {
    const next = this.#snapshot !== undefined && !this.#snapshotInProgress;
    return next || this.#offsetInProgress < this.#offset + this.#entries.length;
  }

  /** What is to be written and is not yet: a copy, for it is handed out. */
  nextEntries(): readonly Entry[] {
    return this.#entries.slice(this.#offsetInProgress - this.#offset);
  }

  nextSnapshot(): Snapshot | undefined {
    return this.#snapshotInProgress ? undefined : this.#snapshot;
  }

  acceptInProgress(): void {
    this.#offsetInProgress = (this.#offset + this.#entries.length) as Index;
    this.#snapshotInProgress = this.#snapshot !== undefined;
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
    // A write under way of what is replaced here will be followed by the write of its replacement.
    if (first.index < this.#offsetInProgress) this.#offsetInProgress = first.index;
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
    this.#offsetInProgress = this.#offset;
    this.#snapshot = snapshot;
    this.#snapshotInProgress = false;
  }

  /** The driver wrote entries up to this one. Ignored when another leader replaced them meanwhile. */
  stableTo(index: Index, term: Term): void {
    if (index < this.#offset || this.term(index) !== term) return;
    const count = index - this.#offset + 1;
    this.#entries = count === this.#entries.length ? [] : this.#entries.slice(count);
    this.#offset = (index + 1) as Index;
    if (this.#offsetInProgress < this.#offset) this.#offsetInProgress = this.#offset;
  }

  stableSnapshotTo(index: Index): void {
    if (this.#snapshot?.metadata.index !== index) return;
    this.#snapshot = undefined;
    this.#snapshotInProgress = false;
  }
}
