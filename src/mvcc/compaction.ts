import { assert } from '../base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import type { Backend } from './backend.ts';
import type { KeyIndex } from './key-index.ts';
import { decodeKey } from './key-value-codec.ts';
import type { Key } from './types.ts';

const scheduledName = 'compact/scheduled';
const finishedName = 'compact/finished';

/**
 * Forgetting the past. `schedule` is at once what everybody goes by; the records that nobody can see any more are removed by
 * `scrub`, a slice at a time, and a restart in the middle goes on where it has to.
 */
export class Compaction {
  readonly #backend: Backend;
  readonly #index: KeyIndex;
  /** -1, as in etcd, until the first compaction: compacting at 0 succeeds once. */
  #revision: number;
  #finished: number;
  /** The next revision to look at; above `#revision` when all is done. */
  #next: number;

  constructor(backend: Backend, index: KeyIndex) {
    this.#backend = backend;
    this.#index = index;
    this.#revision = read(backend, scheduledName);
    this.#finished = read(backend, finishedName);
    this.#next = this.#finished < this.#revision ? Math.max(0, this.#finished) : this.#revision + 1;
  }

  /** Nothing before it can be read. */
  get revision(): number {
    return this.#revision;
  }

  /** Nothing is left of what was superseded at or before it. */
  get scrubbedRevision(): number {
    return this.#finished;
  }

  schedule(revision: number): void {
    assert(revision > this.#revision, 'compaction goes forward');
    // A tombstone may have stayed for being at the last compaction's very revision, so start there.
    this.#next = Math.min(this.#next, Math.max(0, this.#revision));
    this.#revision = revision;
    this.#backend.setValue(scheduledName, encodeUtf8(String(revision)));
  }

  /**
   * Returns whether there is more to do. Only a key that changed since the last compaction has something to forget. Each change
   * drops the one before it, so that a slice removes about as much as it looks at, however often a key changed.
   */
  scrub(recordsMax: number): boolean {
    if (this.#next > this.#revision) return false;
    const changes: (readonly [key: Key, main: number])[] = [];
    let next = this.#revision + 1;
    this.#backend.scan(this.#next, this.#revision + 1, (main, _sub, record) => {
      // Revisions are looked at as a whole.
      if (changes.length >= recordsMax && main !== changes.at(-1)![1]) {
        next = main;
        return false;
      }
      changes.push([decodeKey(record), main]);
      return true;
    });
    for (const [key, at] of changes) {
      for (const { main, sub } of this.#index.forgetBefore(key, at, this.#revision))
        this.#backend.delete(main, sub);
    }
    this.#next = next;
    if (next <= this.#revision) return true;
    this.#finished = this.#revision;
    this.#backend.setValue(finishedName, encodeUtf8(String(this.#finished)));
    return false;
  }
}

function read(backend: Backend, name: string): number {
  const value = backend.value(name);
  return value === undefined ? -1 : Number(decodeUtf8(value));
}
