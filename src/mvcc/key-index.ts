import { assert } from '../base/assert.ts';
import { type Cursor, type LeafCursor, OrderedMap } from '../base/ordered-map.ts';
import { unboundedEnd } from './key-range.ts';
import type { RecordRun } from './record-run.ts';
import { type Key, type LeaseId, noLease } from './types.ts';

/** One change of a key (etcd's Revision). `main` is the transaction's revision, `sub` the change's place in it. */
export interface Change {
  readonly main: number;
  readonly sub: number;
}

/**
 * The changes of one key, oldest first (etcd's keyIndex). A generation of the key is a run of puts; a
 * tombstone ends it. Half a million changes are ordinary, so a change is two numbers in two arrays and no object.
 *
 * A transaction may change a key more than once: put it and delete it, or delete it and put it. The last of these
 * changes is what its revision reads as.
 */
export class KeyHistory {
  readonly key: Key;
  /** 2 × main, and 1 more for a tombstone. */
  #mains: number[] = [];
  /** Nearly all are 0: then there is no list. */
  #subs: number[] | undefined;
  /** How many of the oldest are forgotten and still lie in the lists: moving the others up each time would cost too much. */
  #forgotten = 0;
  /** Of the newest change, so that a put need not read it. Zero while the key does not exist. */
  createRevision = 0;
  version = 0;
  lease: LeaseId = noLease;
  /** Digest of the newest record; 0 while the key does not exist. See state-hash.ts. */
  digest = 0;
  /** The newest record, if it is cached (record-cache.ts). */
  record: Uint8Array | undefined;
  /** Read since the cache last looked here. */
  recordUsed = false;
  /** The run that has the newest record, if a list has made one (record-run.ts). */
  run: RecordRun | undefined;

  constructor(key: Key) {
    this.key = key;
  }

  get length(): number {
    return this.#mains.length - this.#forgotten;
  }

  get exists(): boolean {
    return this.version > 0;
  }

  get newest(): Change {
    return this.change(this.length - 1);
  }

  change(at: number): Change {
    return { main: this.mainAt(at), sub: this.subAt(at) };
  }

  mainAt(at: number): number {
    return Math.floor(this.#mains[this.#forgotten + at]! / 2);
  }

  subAt(at: number): number {
    return this.#subs?.[this.#forgotten + at] ?? 0;
  }

  isTombstone(at: number): boolean {
    return this.#mains[this.#forgotten + at]! % 2 === 1;
  }

  add(main: number, sub: number, tombstone: boolean): void {
    const last = this.length - 1;
    const lastMain = last < 0 ? 0 : this.mainAt(last);
    assert(lastMain < main || (lastMain === main && this.subAt(last) < sub), 'the changes of a key ascend');
    if (sub > 0) this.#subs ??= this.#mains.map(() => 0);
    this.#mains.push(main * 2 + (tombstone ? 1 : 0));
    this.#subs?.push(sub);
  }

  /** The index of the put that is in force at revision `main`; -1 if the key does not exist there. */
  at(main: number): number {
    const at = this.#indexAt(main);
    return at < 0 || this.isTombstone(at) ? -1 : at;
  }

  /** The index of the last change at or before `main`; -1 if there is none. Within one revision only the subs ascend. */
  #indexAt(main: number): number {
    const mains = this.#mains;
    const bound = main * 2 + 1;
    const last = mains.length - 1;
    if (mains[last]! <= bound) return last - this.#forgotten;
    let low = this.#forgotten;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (mains[middle]! <= bound) low = middle + 1;
      else high = middle;
    }
    return low - 1 - this.#forgotten;
  }

  /**
   * Takes out and returns the changes before the last one at `main`, which that one superseded, and itself too if it is a tombstone
   * before `compactRevision`. A tombstone at the compacted revision stays: a watch that starts there must see the delete.
   */
  forgetBefore(main: number, compactRevision: number): Change[] {
    const at = this.#indexAt(main);
    if (at < 0) return [];
    const drop = this.isTombstone(at) && this.mainAt(at) < compactRevision ? at + 1 : at;
    if (drop === 0) return [];
    const dropped: Change[] = [];
    for (let i = 0; i < drop; i++) dropped.push(this.change(i));
    this.#forget(drop);
    return dropped;
  }

  #forget(count: number): void {
    this.#forgotten += count;
    // At most half of a list is waste, and a list is copied once for as many as it loses.
    if (this.#forgotten * 2 < this.#mains.length) return;
    this.#mains = this.#mains.slice(this.#forgotten);
    this.#subs = this.#subs?.slice(this.#forgotten);
    this.#forgotten = 0;
  }
}

/** Every key that has a history, in key order, and apart from them the keys that exist now. */
export class KeyIndex {
  readonly #all = new OrderedMap<KeyHistory>();
  readonly #existing = new OrderedMap<KeyHistory>();

  get(key: Key): KeyHistory | undefined {
    return this.#all.get(key);
  }

  /** The history of `key`, begun if there is none. */
  open(key: Key): KeyHistory {
    let history = this.#all.get(key);
    if (history === undefined) {
      history = new KeyHistory(key);
      this.#all.set(key, history);
    }
    return history;
  }

  put(
    history: KeyHistory,
    { main, sub }: Change,
    createRevision: number,
    version: number,
    lease: LeaseId,
  ): void {
    history.add(main, sub, false);
    if (!history.exists) this.#existing.set(history.key, history);
    history.createRevision = createRevision;
    history.version = version;
    history.lease = lease;
  }

  delete(history: KeyHistory, { main, sub }: Change): void {
    history.add(main, sub, true);
    if (history.exists) this.#existing.delete(history.key);
    history.createRevision = 0;
    history.version = 0;
    history.lease = noLease;
  }

  /** Takes out and returns what `KeyHistory.forgetBefore` does; forgets the key when nothing is left of it. */
  forgetBefore(key: Key, main: number, compactRevision: number): readonly Change[] {
    const history = this.#all.get(key);
    if (history === undefined) return [];
    const dropped = history.forgetBefore(main, compactRevision);
    if (history.length === 0) this.#all.delete(key);
    return dropped;
  }

  /** The keys in [from, end) that exist now. */
  existing(from: Key, end: Key): Cursor<KeyHistory> {
    return this.#existing.scan(from, end);
  }

  /** The same by the dozen. */
  existingLeaves(from: Key, end: Key): LeafCursor<KeyHistory> {
    return this.#existing.scanLeaves(from, end);
  }

  /** How many keys in [from, end) exist now. O(log n). */
  existingCount(from: Key, end: Key): number {
    return this.#existing.count(from, end);
  }

  /** The keys in [from, end) that have a history. */
  all(from: Key, end: Key): Cursor<KeyHistory> {
    return this.#all.scan(from, end);
  }

  checkInvariants(): void {
    this.#all.checkInvariants();
    this.#existing.checkInvariants();
    let existing = 0;
    const cursor = this.#all.scan('', unboundedEnd);
    while (cursor.next()) {
      const history = cursor.value;
      const { length } = history;
      assert(length > 0, 'a key without history is forgotten');
      assert(history.key === cursor.key, 'a history is under its key');
      assert(
        history.exists === !history.isTombstone(length - 1),
        'a key exists unless its newest is a tombstone',
      );
      if (history.exists) {
        existing++;
        assert(this.#existing.get(history.key) === history, 'an existing key is among the existing');
      }
      for (let i = 1; i < length; i++) {
        assert(isBefore(history.change(i - 1), history.change(i)), 'changes ascend');
        assert(!(history.isTombstone(i - 1) && history.isTombstone(i)), 'what does not exist is not deleted');
      }
    }
    assert(this.#existing.size === existing, 'only existing keys are among the existing');
  }
}

function isBefore(a: Change, b: Change): boolean {
  return a.main < b.main || (a.main === b.main && a.sub < b.sub);
}
