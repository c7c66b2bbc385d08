/**
 * wal/: a write-ahead log in segments, and snapshot files, over platform.Disk.
 *
 * Boundary: knows nothing of Raft. A record is a type, an index and bytes; what they mean is the owner's
 * business. Above it sits etcd/, which appends entries and hard state and takes them back after a crash.
 *
 * Invariants
 *   W1  When `sync` resolves, every record appended before the call survives a power loss.
 *   W2  The records of one sync are found again all or none, and in the order appended.
 *   W3  A sync is written only after the one before it is durable. Hence an unreadable frame with an
 *       intact one after it is damage, never a torn write.
 *   W4  Only what was never acknowledged is cut off. Damage to anything acknowledged that can be told from
 *       a torn write is refused, with the file, the offset and the remedy.
 *   W5  After a failed write or sync the log is broken for good: the kernel may have dropped the pages that
 *       a second fsync would report as written.
 *   W6  A segment gets its name only when it is durable from its first frame on, and that frame holds the
 *       metadata and the owner's header record: older segments can be removed without losing those.
 *   W7  Segments are removed oldest first, each removal durable before the next: the rest has no gap.
 *   W8  What `open` gives back is durable, whatever became of the process that wrote it: its reader will
 *       vouch for it.
 */

import { assert, must } from '../base/assert.ts';
import { concatBytes, emptyBytes } from '../base/bytes.ts';

import type { Disk, DiskFile } from '../platform/disk.ts';
import { noFaultPoints, type FaultPoints } from '../platform/fault-points.ts';
import { makeDurableDirectory } from './durable-directory.ts';
import { WalError } from './errors.ts';
import { FrameEncoder, recordBytes, recordTypeMax } from './frame.ts';
import type { WalAppend, WalRecord } from './frame.ts';
import { checkChain, metadataType, readSegment, segmentNumbers, segmentPath } from './segment.ts';
import { beginSegment, discardSpare, prepareSpare, writeZeros, type SpareSegment } from './spare-segment.ts';

export { WalError } from './errors.ts';
export type { WalAppend, WalRecord } from './frame.ts';

export interface WalOptions {
  /**
   * Records of this type are state, of which the newest counts (Raft's hard state): each new segment starts
   * with the newest durable one, so that releasing segments never loses it.
   */
  readonly headerType?: number;
  /**
   * A segment that has reached this size is followed by a new one, which is made ahead, zeros and all, once the segment
   * is half full. Default 64 000 000, as in etcd.
   */
  readonly segmentBytes?: number;
  /**
   * A segment that was not made ahead (the first of a life) grows by this much at a time, with zeros, so that most syncs
   * change neither the file's size nor its map of blocks, and skip the file system's journal. Default 1 MiB.
   */
  readonly preallocateBytes?: number;
  /** Where a simulator steps in. */
  readonly faults?: FaultPoints;
}

export interface OpenedWal {
  readonly wal: Wal;
  /** What `create` was given. */
  readonly metadata: Uint8Array;
  /**
   * All records not released, in order. The newest record of `headerType` shows up once more at the start of
   * each segment.
   */
  readonly records: readonly WalRecord[];
  /** Bytes at the end that a crash left half written, and that were cut off; they were never acknowledged. */
  readonly cutBytes: number;
}

/** Records appended and not yet being written. More is a bug of the owner, who must sync. */
export const walPendingBytesMax = 256 * 1024 * 1024;

const segmentBytesDefault = 64_000_000;
const preallocateBytesDefault = 1024 * 1024;

/** The end of the log: where the next frame goes. */
interface Tail {
  readonly file: DiskFile;
  readonly number: number;
  offset: number;
  /** The file's size; zeros from `offset` on. */
  allocated: number;
  crc: number;
  lastIndex: number;
}

/**
 * An append-only log.
 *
 * @example
 * const { wal, records } = await Wal.open(disk, 'member/wal');
 * wal.append([{ type: 1, index: 8, payload }]);
 * await wal.sync();
 */
export class Wal {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #metadata: Uint8Array;
  readonly #segmentBytes: number;
  readonly #preallocateBytes: number;
  readonly #faults: FaultPoints;
  /** All segments but the newest, oldest first. */
  readonly #older: { readonly number: number; readonly lastIndex: number }[];
  #tail: Tail;
  readonly #headerType: number | undefined;
  /** The newest durable record of the header type. */
  #header: WalRecord | undefined;
  #pending: WalAppend[] = [];
  #pendingBytes = 0;
  /** The sync being written, and the one that everybody who asks meanwhile shares. */
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;
  #releasing: Promise<void> = Promise.resolve();
  readonly #encoder = new FrameEncoder();
  /** The next segment, made ahead; `undefined` inside when that failed: then it is made when it is needed. */
  #spare: Promise<SpareSegment | undefined> | undefined;
  #closed = false;

  private constructor(
    disk: Disk,
    directory: string,
    metadata: Uint8Array,
    older: { readonly number: number; readonly lastIndex: number }[],
    tail: Tail,
    options: WalOptions,
  ) {
    this.#disk = disk;
    this.#directory = directory;
    this.#metadata = metadata;
    this.#older = older;
    this.#tail = tail;
    this.#headerType = options.headerType;
    this.#segmentBytes = options.segmentBytes ?? segmentBytesDefault;
    this.#preallocateBytes = options.preallocateBytes ?? preallocateBytesDefault;
    this.#faults = options.faults ?? noFaultPoints;
  }

  /** Whether there is a log to open. An attempt to create one that a crash cut short is none. */
  static async exists(disk: Disk, directory: string): Promise<boolean> {
    if (!(await disk.exists(directory))) return false;
    return segmentNumbers(await disk.list(directory)).length > 0;
  }

  /** What every segment begins with; undefined when there is no log. Rejects with a WalError `damaged`, or a DiskError. */
  static async readMetadata(disk: Disk, directory: string): Promise<Uint8Array | undefined> {
    if (!(await Wal.exists(disk, directory))) return undefined;
    const [oldest] = segmentNumbers(await disk.list(directory));
    return (await readSegment(disk, directory, must(oldest))).metadata;
  }

  /**
   * Makes an empty log whose every segment begins with `metadata`. When it resolves, the log is durable.
   * Rejects with a WalError `exists`, or a DiskError.
   */
  static async create(
    disk: Disk,
    directory: string,
    options: WalOptions & { readonly metadata: Uint8Array },
  ): Promise<Wal> {
    if (await Wal.exists(disk, directory)) {
      throw new WalError(
        'exists',
        directory,
        `there is a log in ${directory} already: open it, or remove it`,
      );
    }
    await makeDurableDirectory(disk, directory);
    await removeTemporaries(disk, directory);
    const faults = options.faults ?? noFaultPoints;
    const tail = await beginTail(disk, directory, faults, 1, 0, options.metadata, undefined, undefined);
    return new Wal(disk, directory, options.metadata, [], tail, options);
  }

  /**
   * Reads the log back, cuts off what a crash left half written, and goes on behind it.
   * Rejects with a WalError `missing` or `damaged`, or a DiskError.
   */
  static async open(disk: Disk, directory: string, options: WalOptions = {}): Promise<OpenedWal> {
    if (!(await Wal.exists(disk, directory))) {
      throw new WalError('missing', directory, `there is no log in ${directory}: check the data directory`);
    }
    await removeTemporaries(disk, directory);
    const segments = [];
    for (const number of segmentNumbers(await disk.list(directory))) {
      segments.push(await readSegment(disk, directory, number));
    }
    checkChain(segments);
    const newest = must(segments.pop());
    const file = await disk.open(newest.path, 'update');
    const size = await file.size();
    // Durable before anything is written behind it: no later reader can mistake the remains for records.
    if (newest.torn) await file.truncate(newest.end);
    // Who wrote the last frame may have been killed before its sync, or died of it: then the page cache shows
    // what the disk does not hold, perhaps marked clean for ever (fsyncgate, 2018). Written once more, it is dirty.
    await file.write(newest.lastFrame, await file.read(newest.lastFrame, newest.end - newest.lastFrame));
    options.faults?.reach('wal.open.before-sync');
    await file.sync();
    await disk.syncDirectory(directory);
    const { metadata, number, crc, lastIndex, end } = newest;
    const tail = { file, number, offset: end, allocated: newest.torn ? end : size, crc, lastIndex };
    // The contents go to the owner alone.
    const older = segments.map((segment) => ({ number: segment.number, lastIndex: segment.lastIndex }));
    const records = [...segments, newest].flatMap((segment) => segment.records);
    const wal = new Wal(disk, directory, metadata, older, tail, options);
    wal.#noteHeader(records);
    return {
      wal,
      metadata,
      records,
      cutBytes: newest.torn ? size - newest.end : 0,
    };
  }

  /** Queues records for the next sync. @throws AssertionError above `walPendingBytesMax` */
  append(records: readonly WalAppend[]): void {
    assert(!this.#closed, 'append to a closed log');
    for (const record of records) {
      checkRecord(record);
      this.#pending.push(record);
      this.#pendingBytes += recordBytes(record);
    }
    assert(
      this.#pendingBytes <= walPendingBytesMax,
      'more is appended than walPendingBytesMax without a sync',
    );
  }

  /**
   * Resolves when all records appended before the call are durable. Concurrent callers share one write
   * and one fdatasync. Rejects with a WalError `broken`, for ever, once a write or sync has failed.
   */
  sync(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#pending.length === 0) return this.#running ?? Promise.resolve();
    this.#waiting = this.#writeAfter(this.#running);
    return this.#waiting;
  }

  /**
   * Removes the segments whose records all have an index <= `index`; never the newest segment.
   * Rejects with a DiskError; the log stays usable and the next call tries again.
   */
  release(index: number): Promise<void> {
    const released = this.#releasing.then(() => this.#removeSegments(index));
    // A failure is the caller's to handle; it must not stop those who come later.
    this.#releasing = released.catch(() => {});
    return released;
  }

  /** Waits for the syncs under way, then closes the file. What was not synced is lost. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled([this.#waiting ?? this.#running, this.#releasing]);
    await this.#tail.file.close();
    const spare = await this.#spare;
    if (spare !== undefined) await discardSpare(this.#disk, spare);
  }

  async #writeAfter(before: Promise<void> | undefined): Promise<void> {
    // One turn in any case, so that what is appended in this turn shares the write. When `before` failed, this
    // fails with it, and so does every later one (W5).
    await before;
    this.#running = this.#waiting;
    this.#waiting = undefined;
    const records = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      if (this.#tail.offset >= this.#segmentBytes || this.#faults.rare('wal.segment-early'))
        await this.#cut();
      await this.#write(records);
    } catch (error) {
      throw brokenError(segmentPath(this.#directory, this.#tail.number), error);
    }
  }

  async #write(records: readonly WalAppend[]): Promise<void> {
    const tail = this.#tail;
    const frame = this.#encoder.encode(records, tail.offset, tail.crc);
    this.#faults.reach('wal.append.before-write');
    await tail.file.write(tail.offset, frame.bytes);
    if (frame.end >= tail.allocated) {
      const allocated = Math.max(frame.end, Math.min(frame.end + this.#preallocateBytes, this.#segmentBytes));
      await writeZeros(tail.file, frame.end, allocated);
      tail.allocated = allocated;
    }
    this.#faults.reach('wal.append.before-sync');
    await tail.file.sync();
    this.#faults.reach('wal.append.after-sync');
    tail.offset = frame.end;
    tail.crc = frame.crc;
    for (const record of records) tail.lastIndex = Math.max(tail.lastIndex, record.index);
    // Only now: a segment that began with state from a sync not yet written would speak of what is not there.
    this.#noteHeader(records);
    if (tail.offset >= this.#segmentBytes / 2 && !this.#closed && !this.#faults.rare('wal.no-spare')) {
      this.#spare ??= prepareSpare(this.#disk, this.#directory, tail.number + 1, this.#segmentBytes);
    }
  }

  #noteHeader(records: readonly WalAppend[]): void {
    if (this.#headerType === undefined) return;
    const newest = records.findLast((record) => record.type === this.#headerType);
    // A copy, for the payload may be a view of a whole segment.
    if (newest !== undefined) {
      const { type, index, head, payload } = newest;
      this.#header = { type, index, payload: concatBytes([head ?? emptyBytes, payload]) };
    }
  }

  /** Begins a new segment. All of the old one is durable: this runs between two syncs. */
  async #cut(): Promise<void> {
    const old = this.#tail;
    const spare = await this.#spare;
    this.#spare = undefined;
    this.#tail = await beginTail(
      this.#disk,
      this.#directory,
      this.#faults,
      old.number + 1,
      old.crc,
      this.#metadata,
      this.#header,
      spare,
    );
    this.#faults.reach('wal.cut.after-name');
    this.#older.push({ number: old.number, lastIndex: old.lastIndex });
    await old.file.close();
  }

  async #removeSegments(index: number): Promise<void> {
    for (;;) {
      const oldest = this.#older[0];
      if (oldest === undefined || oldest.lastIndex > index) return;
      const path = segmentPath(this.#directory, oldest.number);
      // It is gone already when only the sync of the folder failed last time.
      if (await this.#disk.exists(path)) await this.#disk.remove(path);
      this.#faults.reach('wal.release.before-folder-sync');
      await this.#disk.syncDirectory(this.#directory);
      this.#older.shift();
    }
  }
}

async function beginTail(
  disk: Disk,
  directory: string,
  faults: FaultPoints,
  number: number,
  previousCrc: number,
  metadata: Uint8Array,
  header: WalRecord | undefined,
  spare: SpareSegment | undefined,
): Promise<Tail> {
  const records: WalRecord[] = [{ type: metadataType, index: number, payload: metadata }];
  if (header !== undefined) records.push(header);
  const { bytes, crc, end } = new FrameEncoder().encode(records, 0, previousCrc);
  const { file, allocated } = await beginSegment(disk, directory, faults, number, bytes, spare);
  return { file, number, offset: end, allocated, crc, lastIndex: header?.index ?? 0 };
}

function checkRecord(record: WalRecord): void {
  assert(record.type >= 0 && record.type <= recordTypeMax, () => `not a record type: ${record.type}`);
  assert(Number.isSafeInteger(record.index) && record.index >= 0, () => `not an index: ${record.index}`);
}

function brokenError(path: string, cause: unknown): WalError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `the log is broken and takes no more records: ${reason}; mend the disk and restart this member`;
  return new WalError('broken', path, message, { cause });
}

/** What a crash left of segments under construction. */
async function removeTemporaries(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory)) {
    if (name.endsWith('.wal.tmp')) await disk.remove(`${directory}/${name}`);
  }
}
