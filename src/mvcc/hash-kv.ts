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

/**
 * etcd's HashKV (storage/mvcc/hash.go): CRC-32C over the bucket's name, then over key and record of every revision up to the
 * given one. The key of a revision is its main and sub revision, eight bytes each, with '_' between, and a 't' behind if it is
 * a tombstone. Of what lies at or before the compaction only what is in force at the *given* revision counts; yet if no key
 * exists there, etcd leaves nothing out of what the compaction keeps but tombstones.
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
  readonly #revisionKey = new Uint8Array(18);
  readonly #putKey = this.#revisionKey.subarray(0, 17);
  #crc = crc32c(bucketName);
  #nextMain = 0;
  #done = false;

  constructor(view: BackendView, index: KeyIndex, revision: number, compactRevision: number) {
    this.#view = view;
    this.#index = index;
    this.revision = revision;
    this.compactRevision = compactRevision;
    this.#keptAt = existsAny(index, revision) ? revision : compactRevision;
    this.#revisionKey[8] = underscore;
    this.#revisionKey[17] = tombstoneMark;
  }

  /** Hashes about `recordsMax` more records. Returns whether there are more. */
  step(recordsMax: number): boolean {
    if (this.#done) return false;
    let count = 0;
    let next: number | undefined;
    let last = -1;
    this.#view.scan(this.#nextMain, this.revision + 1, (main, sub, record) => {
      if (count >= recordsMax && main !== last) {
        next = main;
        return false;
      }
      last = main;
      count++;
      const tombstone = isTombstone(record);
      if (main > this.compactRevision || (!tombstone && this.#inForce(decodeKey(record), main))) {
        this.#add(main, sub, tombstone, record);
      }
      return true;
    });
    this.#done = next === undefined;
    this.#nextMain = next ?? 0;
    return !this.#done;
  }

  get hash(): number {
    assert(this.#done, 'the hash is known when all is hashed');
    return this.#crc;
  }

  close(): void {
    this.#view.close();
  }

  #inForce(key: string, main: number): boolean {
    const history = this.#index.get(key);
    const at = history === undefined ? -1 : history.at(this.#keptAt);
    return at >= 0 && history!.mainAt(at) === main;
  }

  #add(main: number, sub: number, tombstone: boolean, record: Uint8Array): void {
    const key = this.#revisionKey;
    putUint64(key, 0, main);
    putUint64(key, 9, sub);
    this.#crc = crc32c(record, crc32c(tombstone ? key : this.#putKey, this.#crc));
  }
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
