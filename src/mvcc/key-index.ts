import { assert } from '../base/assert.ts';
import { type Cursor, OrderedMap } from '../base/ordered-map.ts';
import { unboundedEnd } from './key-range.ts';
import type { Key } from './types.ts';

/** One change of a key. `main` is the transaction's revision, `sub` the change's place in it. */
export interface Change {
  readonly main: number;
  readonly sub: number;
  readonly tombstone: boolean;
}

/**
 * The changes of one key, oldest first (etcd's keyIndex). A generation of the key is a run of puts; a
 * tombstone ends it.
 */
export class KeyHistory {
  readonly key: Key;
  readonly changes: Change[] = [];
  /** Digest of the newest KeyValue; 0 while the key does not exist. See state-hash.ts. */
  digest = 0;

  constructor(key: Key) {
    this.key = key;
  }

  get newest(): Change | undefined {
    return this.changes.at(-1);
  }

  get exists(): boolean {
    const newest = this.newest;
    return newest !== undefined && !newest.tombstone;
  }

  /** The put that is in force at revision `main`, if the key exists there. */
  at(main: number): Change | undefined {
    const change = this.changes[this.#indexAt(main)];
    return change === undefined || change.tombstone ? undefined : change;
  }

  /** Takes out and returns the changes that nobody can see from revision `compactRevision` on. */
  compact(compactRevision: number): Change[] {
    const at = this.#indexAt(compactRevision);
    const inForce = this.changes[at];
    if (inForce === undefined) return [];
    // A tombstone at the compacted revision itself stays: a watch that starts there must see the delete.
    const drop = inForce.tombstone && inForce.main < compactRevision ? at + 1 : at;
    return this.changes.splice(0, drop);
  }

  /** The index of the last change at or before `main`; -1 if there is none. */
  #indexAt(main: number): number {
    const changes = this.changes;
    const last = changes.length - 1;
    if (last >= 0 && changes[last]!.main <= main) return last;
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changes[middle]!.main <= main) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Every key that has a history, in key order, and apart from them the keys that exist now. */
export class KeyIndex {
  readonly #all = new OrderedMap<KeyHistory>();
  readonly #existing = new OrderedMap<KeyHistory>();

  get(key: Key): KeyHistory | undefined {
    return this.#all.get(key);
  }

  /** Appends `change` to the history of `key`. */
  add(key: Key, change: Change): KeyHistory {
    let history = this.#all.get(key);
    if (history === undefined) {
      history = new KeyHistory(key);
      this.#all.set(key, history);
    }
    const newest = history.newest;
    assert(newest === undefined || newest.main < change.main, 'a key changes once in a revision');
    const existed = history.exists;
    history.changes.push(change);
    if (existed && change.tombstone) this.#existing.delete(key);
    else if (!existed && !change.tombstone) this.#existing.set(key, history);
    return history;
  }

  /** Takes out and returns what `KeyHistory.compact` does; forgets the key when nothing is left of it. */
  compact(key: Key, compactRevision: number): Change[] {
    const history = this.#all.get(key);
    if (history === undefined) return [];
    const dropped = history.compact(compactRevision);
    if (history.changes.length === 0) this.#all.delete(key);
    return dropped;
  }

  /** The keys in [from, end) that exist now. */
  existing(from: Key, end: Key): Cursor<KeyHistory> {
    return this.#existing.scan(from, end);
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
      assert(history.changes.length > 0, 'a key without history is forgotten');
      assert(history.key === cursor.key, 'a history is under its key');
      if (history.exists) {
        existing++;
        assert(this.#existing.get(history.key) === history, 'an existing key is among the existing');
      }
      for (let i = 1; i < history.changes.length; i++) {
        assert(history.changes[i - 1]!.main < history.changes[i]!.main, 'changes ascend');
        assert(
          !(history.changes[i - 1]!.tombstone && history.changes[i]!.tombstone),
          'what does not exist is not deleted',
        );
      }
    }
    assert(this.#existing.size === existing, 'only existing keys are among the existing');
  }
}
