import { assert } from '../base/assert.ts';
import { encodeUtf8 } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import type { BackendView } from './backend.ts';
import type { KeyIndex } from './key-index.ts';
import { decodeKey, isTombstone } from './key-value-codec.ts';
import { unboundedEnd } from './key-range.ts';

const bucketName = encodeUtf8('key');
const underscore = '_'.charCodeAt(0);
const tombstoneMark = 't'.charCodeAt(0);

/** A hash of the history up to `revision`, by what a compaction at `compactRevision` has left of it; -1 if there was none. */
export interface KvHash {
  readonly hash: number;
  readonly revision: number;
  readonly compactRevision: number;
}

/**
 * The sum that etcd's hashes of the history are (storage/mvcc/hash.go): CRC-32C over the bucket's name, then over key and record
 * of one revision after the other. The key of a revision is its main and sub revision, eight bytes each, with '_' between, and a
 * 't' behind if it is a tombstone.
 */
class RevisionSum {
  readonly #revisionKey = new Uint8Array(18);
  readonly #putKey = this.#revisionKey.subarray(0, 17);
  crc = crc32c(bucketName);

  constructor() {
    this.#revisionKey[8] = underscore;
    this.#revisionKey[17] = tombstoneMark;
  }

  add(main: number, sub: number, tombstone: boolean, record: Uint8Array): void {
    const key = this.#revisionKey;
    putUint64(key, 0, main);
    putUint64(key, 9, sub);
    this.crc = crc32c(record, crc32c(tombstone ? key : this.#putKey, this.crc));
  }
}

/** What it costs to hash a record, in records of ordinary size: a slice is bounded by it. */
export function hashCost(record: Uint8Array): number {
  return 1 + (record.length >>> 10);
}

/**
 * etcd's HashKV over every revision up to the given one. Of what lies at or before the compaction only what is in force at the
 * *given* revision counts; yet if no key exists there, etcd leaves nothing out of what the compaction keeps but tombstones.
 *
 * Runs in steps over a view, so that a large store does not stop its member. The caller sees to it that the store was not
 * compacted meanwhile: what was in force can then not be told any more, and it begins again.
 */
export class HashKvRun {
  readonly revision: number;
  /** -1 if the store was never compacted. */
  readonly compactRevision: number;
  readonly #view: BackendView;
  readonly #index: KeyIndex;
  /** In force at this revision: what counts of the compacted past. */
  readonly #keptAt: number;
  readonly #sum = new RevisionSum();
  #nextMain = 0;
  #done = false;

  constructor(view: BackendView, index: KeyIndex, revision: number, compactRevision: number) {
    this.#view = view;
    this.#index = index;
    this.revision = revision;
    this.compactRevision = compactRevision;
    this.#keptAt = existsAny(index, revision) ? revision : compactRevision;
  }

  /** Hashes about `recordsMax` more records. Returns whether there are more. */
  step(recordsMax: number): boolean {
    if (this.#done) return false;
    let cost = 0;
    let next: number | undefined;
    let last = -1;
    this.#view.scan(this.#nextMain, this.revision + 1, (main, sub, record) => {
      if (cost >= recordsMax && main !== last) {
        next = main;
        return false;
      }
      last = main;
      cost += hashCost(record);
      const tombstone = isTombstone(record);
      if (main > this.compactRevision || (!tombstone && inForce(this.#index, record, main, this.#keptAt))) {
        this.#sum.add(main, sub, tombstone, record);
      }
      return true;
    });
    this.#done = next === undefined;
    this.#nextMain = next ?? 0;
    return !this.#done;
  }

  get hash(): number {
    assert(this.#done, 'the hash is known when all is hashed');
    return this.#sum.crc;
  }

  close(): void {
    this.#view.close();
  }
}

/**
 * The hash that etcd takes on the way while it compacts, and answers from then on when asked for just that revision: of every
 * revision after the compaction before, and of what that one left, what this one keeps.
 */
export class CompactionHash {
  readonly #index: KeyIndex;
  readonly #revision: number;
  readonly #previous: number;
  readonly #sum = new RevisionSum();

  constructor(index: KeyIndex, revision: number, previous: number) {
    this.#index = index;
    this.#revision = revision;
    this.#previous = previous;
  }

  /** Takes all records up to the compaction, in order, before the compaction removes any. */
  add(main: number, sub: number, record: Uint8Array): void {
    const tombstone = isTombstone(record);
    if (main > this.#previous || (!tombstone && inForce(this.#index, record, main, this.#revision))) {
      this.#sum.add(main, sub, tombstone, record);
    }
  }

  /** When all has been added. */
  get value(): KvHash {
    return { hash: this.#sum.crc, revision: this.#revision, compactRevision: this.#previous };
  }
}

/** Whether the put at `main` in `record` is what its key reads as at `revision`. A key is put at most once in a revision. */
function inForce(index: KeyIndex, record: Uint8Array, main: number, revision: number): boolean {
  const history = index.get(decodeKey(record));
  const at = history === undefined ? -1 : history.at(revision);
  return at >= 0 && history!.mainAt(at) === main;
}

/** Whether any key exists at a revision. */
function existsAny(index: KeyIndex, revision: number): boolean {
  const cursor = index.all('', unboundedEnd);
  while (cursor.next()) {
    if (cursor.value.at(revision) >= 0) return true;
  }
  return false;
}

function putUint64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  for (let i = 0; i < 4; i++) {
    bytes[at + i] = high >>> (24 - 8 * i);
    bytes[at + 4 + i] = value >>> (24 - 8 * i);
  }
}
