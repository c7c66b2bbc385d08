import { assert } from '../base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import type { Backend } from './backend.ts';
import { CompactionHash, hashCost, type KvHash } from './hash-kv.ts';
import type { KeyIndex } from './key-index.ts';
import { decodeKey } from './key-value-codec.ts';
import type { Key } from './types.ts';

const scheduledName = 'compact/scheduled';
const finishedName = 'compact/finished';
/** Hashes of so many compactions are remembered, as etcd does (hashStorageMaxSize). */
const hashesMax = 10;
/** A compaction of more than this is not hashed on the way: that reads all there is, where scrubbing reads what is new. */
const hashedBytesMax = 256 * 1024 * 1024;

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
  /** Of the compaction under way. It is not durable: after a restart in the middle there is none. */
  #hash: CompactionHash | undefined;
  /** The next revision to be hashed of what the compaction before has left. */
  #nextLeft = 0;
  /** The compaction before the one under way. */
  #previous = -1;
  #hashes: readonly KvHash[] = [];

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

  /** The hash that the compaction at just this revision took, if it is remembered. */
  hashOf(revision: number): KvHash | undefined {
    return this.#hashes.find((hash) => hash.revision === revision);
  }

  schedule(revision: number): void {
    assert(revision > this.#revision, 'compaction goes forward');
    this.#hash =
      this.#backend.liveBytes <= hashedBytesMax
        ? new CompactionHash(this.#index, revision, this.#revision)
        : undefined;
    this.#nextLeft = 0;
    this.#previous = this.#revision;
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
    if (this.#hashLeft(recordsMax)) return true;
    const hash = this.#hash;
    const changes: (readonly [key: Key, main: number])[] = [];
    let cost = 0;
    let next = this.#revision + 1;
    this.#backend.scan(this.#next, this.#revision + 1, (main, sub, record) => {
      // Revisions are looked at as a whole.
      if (cost >= recordsMax && main !== changes.at(-1)![1]) {
        next = main;
        return false;
      }
      changes.push([decodeKey(record), main]);
      if (hash === undefined || main <= this.#previous) cost++;
      else {
        cost += hashCost(record);
        hash.add(main, sub, record);
      }
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
    if (hash !== undefined) this.#hashes = [...this.#hashes, hash.value].slice(-hashesMax);
    this.#hash = undefined;
    return false;
  }

  /** Hashes a slice of what the compaction before has left, before any of it is removed. Returns whether there was any. */
  #hashLeft(recordsMax: number): boolean {
    const hash = this.#hash;
    if (hash === undefined || this.#nextLeft > this.#previous) return false;
    let cost = 0;
    let next = this.#previous + 1;
    let last = -1;
    this.#backend.scan(this.#nextLeft, this.#previous + 1, (main, sub, record) => {
      if (cost >= recordsMax && main !== last) {
        next = main;
        return false;
      }
      last = main;
      cost += hashCost(record);
      hash.add(main, sub, record);
      return true;
    });
    this.#nextLeft = next;
    return true;
  }
}

function read(backend: Backend, name: string): number {
  const value = backend.value(name);
  return value === undefined ? -1 : Number(decodeUtf8(value));
}
