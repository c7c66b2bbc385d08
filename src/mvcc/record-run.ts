import { emptyBytes } from '../base/bytes.ts';
import { putVarint, varintBytes } from '../base/protobuf.ts';
import type { KeyHistory } from './key-index.ts';
import { decodeKey } from './key-value-codec.ts';
import type { RangeRecords, RangeRuns } from './types.ts';

/** RangeResponse.kvs: field 2, a message. */
const kvsTag = 2 * 8 + 2;

/**
 * The newest records of consecutive keys, one after the other as the field `kvs` of a RangeResponse has them: a list is made
 * of a few of these, and nothing is done per key. Its bytes never change; a newer record makes the run stale.
 */
export class RecordRun {
  bytes: Uint8Array;
  histories: readonly KeyHistory[];
  /** Where each record ends. */
  readonly #ends: readonly number[];
  /** Every record is still the newest of its key. */
  isFresh = true;
  /** Read since the cache last looked here. */
  isUsed = false;
  /** How many histories refer to this run: those whose record here is still the newest. */
  referrers: number;

  constructor(bytes: Uint8Array, ends: readonly number[], histories: readonly KeyHistory[]) {
    this.bytes = bytes;
    this.#ends = ends;
    this.histories = histories;
    this.referrers = histories.length;
  }

  /** Lets go of all that it holds: a leaf may go on to refer to it. */
  release(): void {
    this.isFresh = false;
    this.bytes = emptyBytes;
    this.histories = [];
  }

  /** The records [from, to). */
  part(from: number, to: number): Uint8Array {
    if (from === 0 && to === this.#ends.length) return this.bytes;
    return this.bytes.subarray(this.startOf(from), this.startOf(to));
  }

  /** Where record `i` begins, with its tag and length. */
  startOf(i: number): number {
    return i === 0 ? 0 : this.#ends[i - 1]!;
  }

  /** Record `i` on its own. */
  record(i: number): Uint8Array {
    let start = this.startOf(i) + 1;
    while (this.bytes[start++]! >= 0x80);
    return this.bytes.subarray(start, this.#ends[i]!);
  }

  /** The place of a history's record; `guess` is looked at first. */
  placeOf(history: KeyHistory, guess: number): number {
    return this.histories[guess] === history ? guess : this.histories.indexOf(history);
  }
}

/** Puts a run together: of new records, and of stretches of older runs. */
export class RunBuilder {
  readonly #ends: number[] = [];
  readonly #pieces: { readonly bytes: Uint8Array; start: number; end: number; readonly isRecord: boolean }[] =
    [];
  #length = 0;

  /** Of all that was added, in bytes. */
  get length(): number {
    return this.#length;
  }

  addRecord(record: Uint8Array): void {
    this.#pieces.push({ bytes: record, start: 0, end: record.length, isRecord: true });
    this.#added(1 + varintBytes(record.length) + record.length);
  }

  /** Record `i` of `run`. */
  addFrom(run: RecordRun, i: number): void {
    const { bytes } = run;
    const start = run.startOf(i);
    const end = run.startOf(i + 1);
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.bytes === bytes && last.end === start) last.end = end;
    else this.#pieces.push({ bytes, start, end, isRecord: false });
    this.#added(end - start);
  }

  #added(length: number): void {
    this.#length += length;
    this.#ends.push(this.#length);
  }

  /** The bytes of all that was added. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const { bytes: from, start, end, isRecord } of this.#pieces) {
      if (isRecord) {
        bytes[at] = kvsTag;
        at = putVarint(bytes, at + 1, end);
      }
      bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
      at += end - start;
    }
    return bytes;
  }

  finishRun(histories: readonly KeyHistory[]): RecordRun {
    return new RecordRun(this.finish(), this.#ends, histories);
  }
}

/** Records that are not in runs, as one. */
export function asRuns({ records, count, more }: RangeRecords): RangeRuns {
  const builder = new RunBuilder();
  for (const record of records) builder.addRecord(record);
  const bytes = builder.finish();
  const last = records.at(-1);
  return {
    runs: [bytes],
    length: bytes.length,
    kvCount: records.length,
    lastKey: last === undefined ? '' : decodeKey(last),
    count,
    more,
  };
}
