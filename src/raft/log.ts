import { assert } from '../base/assert.ts';
import { ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { countWithin, entryBytes } from './storage.ts';
import type { Storage, StorageError } from './storage.ts';
import type { Entry, Index, Snapshot, Term } from './types.ts';
import { Unstable } from './unstable.ts';

/**
 * The replicated log: what Storage holds, then what is not durable yet.
 *
 *   firstIndex ……… applied ≤ applying ≤ committed ≤ lastIndex
 *   [ Storage …………………………… | Unstable …… ]
 */
export class RaftLog {
  readonly #storage: Storage;
  readonly #unstable: Unstable;
  #committed: Index;
  #applied: Index;
  /** The last index handed out to be applied. */
  #applying: Index;

  constructor(storage: Storage, committed: Index, applied: Index) {
    const compacted = (storage.firstIndex() - 1) as Index;
    this.#storage = storage;
    this.#unstable = new Unstable((storage.lastIndex() + 1) as Index);
    // A snapshot can be ahead of the hard state that was saved before it.
    this.#committed = Math.max(committed, compacted, applied) as Index;
    this.#applied = Math.max(applied, compacted) as Index;
    this.#applying = this.#applied;
    assert(this.#committed <= storage.lastIndex(), () => `commit ${committed} is beyond the stored log`);
  }

  get committed(): Index {
    return this.#committed;
  }

  get applied(): Index {
    return this.#applied;
  }

  /** The last index the driver reported durable (entries only: a pending snapshot counts as there). */
  get stableIndex(): Index {
    return (this.#unstable.offset - 1) as Index;
  }

  get pendingSnapshot(): Snapshot | undefined {
    return this.#unstable.snapshot;
  }

  get firstIndex(): Index {
    const snapshot = this.#unstable.snapshot;
    return snapshot === undefined ? this.#storage.firstIndex() : ((snapshot.metadata.index + 1) as Index);
  }

  get lastIndex(): Index {
    // From `offset` on only the unstable part counts: Storage may still hold a tail that was truncated.
    return (this.#unstable.offset + this.#unstable.length - 1) as Index;
  }

  get lastTerm(): Term {
    const term = this.termAt(this.lastIndex);
    assert(term !== undefined, 'the last entry has a term');
    return term;
  }

  /** The term at `index`, or undefined when the log does not reach there (compacted, or not yet). */
  termAt(index: Index): Term | undefined {
    if (index > this.lastIndex || index < this.firstIndex - 1) return undefined;
    const unstable = this.#unstable.term(index);
    if (unstable !== undefined) return unstable;
    const stored = this.#storage.term(index);
    return stored.ok ? stored.value : undefined;
  }

  matches(index: Index, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Raft §5.4.1: whether a log that ends at (index, term) is at least as up-to-date as this one. */
  isUpToDate(index: Index, term: Term): boolean {
    const lastTerm = this.lastTerm;
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex);
  }

  /** Entries lo ≤ index < hi, cut after `maxBytes` but never below one. A copy of the references. */
  slice(lo: Index, hi: Index, maxBytes: number): Result<readonly Entry[], StorageError> {
    assert(lo <= hi && hi <= this.lastIndex + 1, () => `slice [${lo}, ${hi}) of a log to ${this.lastIndex}`);
    if (lo === hi) return ok([]);
    const offset = this.#unstable.offset;
    if (lo >= offset) return ok(this.#unstableSlice(lo, hi, maxBytes));
    const stored = this.#storage.entries(lo, Math.min(hi, offset) as Index, maxBytes);
    if (!stored.ok || hi <= offset || lo + stored.value.length < offset) return stored;
    let bytesLeft = maxBytes;
    for (const entry of stored.value) bytesLeft -= entryBytes(entry);
    if (bytesLeft <= 0) return stored;
    return ok(stored.value.concat(this.#unstableSlice(offset, hi, bytesLeft)));
  }

  #unstableSlice(lo: Index, hi: Index, maxBytes: number): Entry[] {
    const { entries, offset } = this.#unstable;
    const from = lo - offset;
    return entries.slice(from, from + countWithin(entries, from, hi - offset, maxBytes));
  }

  /** A leader's own entries. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#committed, () => `entry ${first.index} would replace a committed one`);
    this.#unstable.truncateAndAppend(entries);
  }

  /**
   * AppendEntries, steps 2–5 (Raft figure 2). Returns the last index now known to match the leader's log, or
   * undefined when the entry before `entries` does not match.
   */
  maybeAppend(index: Index, logTerm: Term, commit: Index, entries: readonly Entry[]): Index | undefined {
    if (!this.matches(index, logTerm)) return undefined;
    const lastNew = (index + entries.length) as Index;
    // Only a real conflict truncates: an old MsgApp must not cut off what a newer one brought (§5.3).
    const from = entries.findIndex((entry) => !this.matches(entry.index, entry.term));
    if (from >= 0) this.append(from === 0 ? entries : entries.slice(from));
    this.commitTo(Math.min(commit, lastNew) as Index);
    return lastNew;
  }

  /**
   * The largest index ≤ `index` whose term is ≤ `term`, and that term (0 when compacted). Everything above it
   * on one side conflicts with the other side, so back-up can skip whole terms (§5.3).
   */
  findConflictByTerm(index: Index, term: Term): { readonly index: Index; readonly term: Term } {
    let at = index;
    for (; at > 0; at = (at - 1) as Index) {
      const ours = this.termAt(at);
      if (ours === undefined) return { index: at, term: 0 as Term };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0 as Index, term: 0 as Term };
  }

  commitTo(index: Index): void {
    if (index <= this.#committed) return;
    assert(
      index <= this.lastIndex,
      () =>
        `the leader has committed index ${index}, this member's log ends at ${this.lastIndex} although it had acknowledged more: its disk is an old copy, or was emptied; remove the member from the cluster and add it as a new one`,
    );
    this.#committed = index;
  }

  restore(snapshot: Snapshot): void {
    this.#unstable.restore(snapshot);
    this.#committed = snapshot.metadata.index;
  }

  /** Entries that are not durable yet, whether or not they are being written. */
  get hasUnstableEntries(): boolean {
    return this.#unstable.length > 0;
  }

  /** Something waits to be handed out for writing. */
  get hasNextUnstable(): boolean {
    return this.#unstable.hasNext;
  }

  nextUnstableEntries(): readonly Entry[] {
    return this.#unstable.nextEntries();
  }

  nextUnstableSnapshot(): Snapshot | undefined {
    return this.#unstable.nextSnapshot();
  }

  /** What `nextUnstable…` gave was handed out. */
  acceptUnstable(): void {
    this.#unstable.acceptInProgress();
  }

  /**
   * Nothing above a pending snapshot is applied before it is. `allowUnstable`: the driver writes before it applies,
   * so entries may be handed out for both at once.
   */
  hasNextCommitted(allowUnstable: boolean): boolean {
    return this.#applicable(allowUnstable) > this.#applying && this.#unstable.snapshot === undefined;
  }

  #applicable(allowUnstable: boolean): number {
    return allowUnstable ? this.#committed : Math.min(this.#committed, this.#unstable.offset - 1);
  }

  nextCommitted(maxBytes: number, allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return [];
    const end = (this.#applicable(allowUnstable) + 1) as Index;
    const entries = this.slice((this.#applying + 1) as Index, end, maxBytes);
    assert(entries.ok, 'committed entries that are not applied are in the log');
    return entries.value;
  }

  appliedTo(index: Index): void {
    assert(index <= this.#committed, () => `applied ${index} is beyond commit ${this.#committed}`);
    this.#applied = Math.max(this.#applied, index) as Index;
    this.#applying = Math.max(this.#applying, index) as Index;
  }

  /** Entries up to `index` were handed out. */
  acceptApplying(index: Index): void {
    this.#applying = Math.max(this.#applying, index) as Index;
  }

  stableTo(index: Index, term: Term): void {
    this.#unstable.stableTo(index, term);
  }

  stableSnapshotTo(index: Index): void {
    this.#unstable.stableSnapshotTo(index);
  }

  /** The snapshot to send to a member whose next entry is compacted, if there is one now. */
  snapshotToSend(): Snapshot | undefined {
    if (this.#unstable.snapshot !== undefined) return this.#unstable.snapshot;
    const stored = this.#storage.snapshot();
    return stored.ok && stored.value.metadata.index > 0 ? stored.value : undefined;
  }
}
