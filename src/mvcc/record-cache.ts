import { assert } from '../base/assert.ts';
import type { LeafCursor } from '../base/ordered-map.ts';
import type { KeyHistory, KeyIndex } from './key-index.ts';
import { unboundedEnd } from './key-range.ts';
import { RecordRun, RunBuilder } from './record-run.ts';
import type { Key } from './types.ts';

/** What a cached record or run costs besides its bytes: a typed array and its buffer; of a run, a few words for each record, too. */
const overheadBytes = 200;
const overheadBytesInRun = 24;
/** Keys, or runs, looked at per eviction at most; the next one goes on from there. */
const evictionStepsMax = 256;
/** The neighbours of longer records are not kept together: copying them is what costs, then. */
const runBytesMax = 512 * 1024;
/** A run is made when a list takes at least one in so many of its records. */
const runPartMin = 4;

/** On a leaf whose records are too long for a run. */
const tooLong = Symbol('too long');

/**
 * The newest records that were read lately, as encoded bytes: who reads again is answered from here without touching the
 * backend.
 *
 * A record that was read on its own hangs on its key's history. Those that a list has read are kept together by leaves of the
 * key index, as a run, which the leaf and all its histories refer to. Each record is here once at most. What the cache
 * keeps is how much they are, a clock hand over the keys, and one over the runs, that evict what was not read since it
 * last came by.
 */
export class RecordCache {
  readonly #index: KeyIndex;
  readonly #bytesMax: number;
  #recordBytes = 0;
  #hand: Key = '';
  /** In the order in which the hand comes by. */
  readonly #runs = new Set<RecordRun>();
  #runBytes = 0;

  constructor(index: KeyIndex, bytesMax: number) {
    assert(bytesMax >= 0, 'a cache has a bound');
    this.#index = index;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#recordBytes + this.#runBytes;
  }

  get(history: KeyHistory): Uint8Array | undefined {
    const { record, run } = history;
    if (record !== undefined) {
      history.recordUsed = true;
      return record;
    }
    if (run === undefined) return undefined;
    run.isUsed = true;
    return run.record(run.placeOf(history, 0));
  }

  /** Keeps a copy of `record`, the newest of `history`, and returns it. */
  add(history: KeyHistory, record: Uint8Array): Uint8Array {
    const size = record.length + overheadBytes;
    if (size > this.#bytesMax / 4) return record;
    const kept = record.slice();
    history.record = kept;
    history.recordUsed = false;
    this.#recordBytes += size;
    if (this.bytes > this.#bytesMax) this.#evict();
    return kept;
  }

  /**
   * The run of a leaf, made if need be when a good part of it is wanted, up to `to`; `read` gets the newest record of a history
   * that has none here. Undefined: there is none, and the records are to be read one by one.
   */
  run(
    leaf: LeafCursor<KeyHistory>,
    to: number,
    read: (history: KeyHistory) => Uint8Array,
  ): RecordRun | undefined {
    const { note } = leaf;
    if (note instanceof RecordRun && note.isFresh) {
      note.isUsed = true;
      return note;
    }
    if (note === tooLong || (to - leaf.from) * runPartMin < leaf.values.length) return undefined;
    const run = this.#makeRun(leaf.values, read);
    leaf.note = run ?? tooLong;
    return run;
  }

  /** The history has a newer record, or none. */
  drop(history: KeyHistory): void {
    const { record, run } = history;
    if (record !== undefined) {
      this.#recordBytes -= record.length + overheadBytes;
      history.record = undefined;
    }
    if (run !== undefined) {
      run.isFresh = false;
      this.#leaveRun(history, run);
    }
  }

  #makeRun(
    histories: readonly KeyHistory[],
    read: (history: KeyHistory) => Uint8Array,
  ): RecordRun | undefined {
    const builder = new RunBuilder();
    for (let i = 0; i < histories.length; i++) {
      const history = histories[i]!;
      const { run, record } = history;
      if (run === undefined) builder.addRecord(record ?? read(history));
      else builder.addFrom(run, run.placeOf(history, i));
      if (builder.length > Math.min(runBytesMax, this.#bytesMax / 4)) return undefined;
    }
    const made = builder.finishRun(histories.slice());
    for (const history of histories) {
      this.drop(history);
      history.run = made;
    }
    this.#runs.add(made);
    this.#runBytes += sizeOf(made);
    if (this.bytes > this.#bytesMax) this.#evict();
    return made;
  }

  #leaveRun(history: KeyHistory, run: RecordRun): void {
    history.run = undefined;
    run.referrers--;
    if (run.referrers === 0) this.#forgetRun(run);
  }

  #forgetRun(run: RecordRun): void {
    this.#runs.delete(run);
    this.#runBytes -= sizeOf(run);
    run.release();
  }

  /** Of the two kinds the one that has more gives way. */
  #evict(): void {
    if (this.#runBytes > this.#recordBytes) this.#evictRuns();
    else this.#evictRecords();
  }

  #evictRuns(): void {
    let steps = 0;
    for (const run of this.#runs) {
      if (this.bytes <= this.#bytesMax || steps++ === evictionStepsMax) return;
      if (run.isUsed) {
        run.isUsed = false;
        this.#runs.delete(run);
        this.#runs.add(run);
        continue;
      }
      for (const history of run.histories) if (history.run === run) history.run = undefined;
      this.#forgetRun(run);
    }
  }

  #evictRecords(): void {
    let cursor = this.#index.existing(this.#hand, unboundedEnd);
    for (let steps = 0; this.bytes > this.#bytesMax && steps < evictionStepsMax; steps++) {
      if (!cursor.next()) {
        if (this.#hand === '') return;
        this.#hand = '';
        cursor = this.#index.existing('', unboundedEnd);
        continue;
      }
      const history = cursor.value;
      const { record } = history;
      this.#hand = `${cursor.key}\0`;
      if (record === undefined) continue;
      if (history.recordUsed) {
        history.recordUsed = false;
        continue;
      }
      this.#recordBytes -= record.length + overheadBytes;
      history.record = undefined;
    }
  }
}

function sizeOf({ bytes, histories }: RecordRun): number {
  return overheadBytes + bytes.length + histories.length * overheadBytesInRun;
}
