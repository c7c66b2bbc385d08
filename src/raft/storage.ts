import { assert } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { noMember } from './types.ts';
import type { ConfState, Entry, HardState, Index, Snapshot, Term } from './types.ts';

/** `compacted`: the log no longer holds it, a snapshot does. `unavailable`: not there, or not now. */
export type StorageError = 'compacted' | 'unavailable';

/** What an entry costs in a message besides its data; a rough, stable figure for the size limits. */
const entryOverheadBytes = 16;

export function entryBytes(entry: Entry): number {
  return entry.data.length + entryOverheadBytes;
}

/** How many of `entries[from..to)` fit into `maxBytes`; one always does, so that a huge entry still moves. */
export function countWithin(entries: readonly Entry[], from: number, to: number, maxBytes: number): number {
  let bytes = 0;
  for (let i = from; i < to; i++) {
    bytes += entryBytes(entries[i]!);
    if (bytes > maxBytes) return Math.max(1, i - from);
  }
  return to - from;
}

/**
 * The stable part of the log, as Raft reads it. Reads are synchronous, so the driver keeps the tail of the
 * log in memory (MemoryStorage does) and its disk format is its own business.
 */
export interface Storage {
  /** The hard state last made durable, and the membership as of the driver's `applied` index. */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState };
  /** Entries lo ≤ index < hi, cut after `maxBytes` but never below one. Not to be mutated. */
  entries(lo: Index, hi: Index, maxBytes: number): Result<readonly Entry[], StorageError>;
  /** Known for firstIndex - 1 ≤ index ≤ lastIndex: the entry before the first one is still compared. */
  term(index: Index): Result<Term, StorageError>;
  firstIndex(): Index;
  lastIndex(): Index;
  /** The newest snapshot. `unavailable` while one is being made: Raft asks again later. */
  snapshot(): Result<Snapshot, 'unavailable'>;
}

export const emptyConfState: ConfState = { voters: [], learners: [] };
export const emptySnapshot: Snapshot = {
  metadata: { index: 0 as Index, term: 0 as Term, confState: emptyConfState },
  data: emptyBytes,
};

/**
 * Where every first member of a cluster starts: its membership, at an index the log begins after. A member that
 * joins later starts from `emptySnapshot`, finds nothing to match, and is sent a snapshot; were the membership at
 * index 0 instead, it would replay the log without ever learning who founded the cluster.
 */
export function bootstrapSnapshot(confState: ConfState, data: Uint8Array = emptyBytes): Snapshot {
  return { metadata: { index: 1 as Index, term: 0 as Term, confState }, data };
}

/** Storage in memory: the whole of it for tests, the readable tail of the write-ahead log for a member. */
export class MemoryStorage implements Storage {
  #hardState: HardState = { term: 0 as Term, vote: noMember, commit: 0 as Index };
  #confState: ConfState;
  #snapshot: Snapshot;
  /** Index and term of the entry before `#entries[0]`. */
  #compactedIndex: Index;
  #compactedTerm: Term;
  #entries: Entry[] = [];

  /** From the newest snapshot: a founding member's is `bootstrapSnapshot`, a joining one's `emptySnapshot`. */
  constructor(snapshot: Snapshot = emptySnapshot) {
    this.#snapshot = snapshot;
    this.#confState = snapshot.metadata.confState;
    this.#compactedIndex = snapshot.metadata.index;
    this.#compactedTerm = snapshot.metadata.term;
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#confState };
  }

  entries(lo: Index, hi: Index, maxBytes: number): Result<readonly Entry[], StorageError> {
    if (lo <= this.#compactedIndex) return err('compacted');
    if (hi > this.lastIndex() + 1) return err('unavailable');
    const from = lo - this.#compactedIndex - 1;
    const count = countWithin(this.#entries, from, hi - this.#compactedIndex - 1, maxBytes);
    return ok(this.#entries.slice(from, from + count));
  }

  term(index: Index): Result<Term, StorageError> {
    if (index === this.#compactedIndex) return ok(this.#compactedTerm);
    if (index < this.#compactedIndex) return err('compacted');
    const entry = this.#entries[index - this.#compactedIndex - 1];
    return entry === undefined ? err('unavailable') : ok(entry.term);
  }

  firstIndex(): Index {
    return (this.#compactedIndex + 1) as Index;
  }

  lastIndex(): Index {
    return (this.#compactedIndex + this.#entries.length) as Index;
  }

  snapshot(): Result<Snapshot, 'unavailable'> {
    return ok(this.#snapshot);
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /** For a driver that keeps the membership beside its state machine: the one as of its applied index. */
  setConfState(confState: ConfState): void {
    this.#confState = confState;
  }

  /** Appends, first truncating what it holds from `entries[0].index` on. There may be no gap. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    const keep = first.index - this.#compactedIndex - 1;
    if (keep < 0) {
      // A snapshot overtook part of these entries; what it covers is not needed again.
      this.append(entries.slice(-keep));
      return;
    }
    assert(keep <= this.#entries.length, () => `gap: log ends at ${this.lastIndex()}, got ${first.index}`);
    if (keep < this.#entries.length) this.#entries.length = keep;
    for (const entry of entries) this.#entries.push(entry);
  }

  /** Replaces the log by a snapshot received from the leader. Nothing happens when it is not newer. */
  applySnapshot(snapshot: Snapshot): void {
    const { index, term, confState } = snapshot.metadata;
    if (index <= this.#snapshot.metadata.index) return;
    this.#snapshot = snapshot;
    this.#confState = confState;
    this.#compactedIndex = index;
    this.#compactedTerm = term;
    this.#entries = [];
  }

  /** Records the state machine's own snapshot at an applied `index`; the log stays until `compact`. */
  createSnapshot(index: Index, confState: ConfState, data: Uint8Array): Snapshot {
    assert(index >= this.#snapshot.metadata.index, () => `snapshot ${index} is older than the newest`);
    const term = this.term(index);
    assert(term.ok, () => `no term for snapshot index ${index}`);
    this.#snapshot = { metadata: { index, term: term.value, confState }, data };
    return this.#snapshot;
  }

  /** Forgets entries up to and including `index`, which a snapshot must cover. */
  compact(index: Index): void {
    if (index <= this.#compactedIndex) return;
    assert(index <= this.#snapshot.metadata.index, () => `compact ${index} is not covered by a snapshot`);
    const term = this.term(index);
    assert(term.ok, () => `compact ${index} is beyond the log`);
    this.#entries = this.#entries.slice(index - this.#compactedIndex);
    this.#compactedIndex = index;
    this.#compactedTerm = term.value;
  }
}
