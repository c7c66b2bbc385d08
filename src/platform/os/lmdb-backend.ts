/**
 * The multi-version data in LMDB: mvcc's Backend at sea. docs/storage.md says why LMDB, and what was measured.
 *
 * Records are packed into blocks, one LMDB value each (lmdb-backend-block.ts). Of a block the heap keeps its first
 * revision; contents are read from LMDB's pages. What is not durable yet is held in memory and read from there: the
 * step that no `commit` has ended, the tail of records that are in no block yet, and blocks on their way to the disk.
 * A transaction of LMDB is written by its own thread.
 *
 * Boundary: only LmdbBackends knows that there is LMDB. One backend per folder and per process.
 *
 * Invariants
 *   L1  One LMDB transaction holds whole steps, in order, and is on its way alone: hence B2.
 *   L2  A block is never changed. Deleting makes another one under the same or a later first revision, so that views
 *       keep what they saw: hence B3.
 *   L3  The bytes of a block leave the heap only when a transaction with it is durable (synced, not just visible), and
 *       the read transaction was renewed after that.
 *   L4  Blocks are ordered, and do not overlap.
 */

import { statSync } from 'node:fs';

import { open } from 'lmdb';
import type { Database, RootDatabase, Transaction } from 'lmdb';

import { assert, must } from '../../base/assert.ts';
import { deferred } from '../../base/deferred.ts';
import type { Deferred } from '../../base/deferred.ts';
import { compareStrings } from '../../base/order.ts';
import type { Backend, Backends, BackendView, VisitRecord } from '../../mvcc/backend.ts';
import { recordKeyBytes } from '../../mvcc/memory-backend.ts';

import type { DiskFile, DiskLock } from '../disk.ts';
import { DiskError } from '../errors.ts';
import { BlockReader, encodeBlocks } from './lmdb-backend-block.ts';
import type { RevisionRecord } from './lmdb-backend-block.ts';
import { OsDisk } from './os-disk.ts';

export interface LmdbBackendOptions {
  /** What was committed is on its way to the disk this many milliseconds later at the latest. etcd's is 100. */
  readonly commitMillis?: number;
}

const commitMillisDefault = 100;
/** And as soon as this many operations wait, as in etcd, or as many bytes. */
const commitOperationsMax = 10_000;
const commitBytesMax = 2 * 1024 * 1024;
/** Blocks with deleted records are packed anew when there are this many: some 1 ms of work. */
const editedBlocksMax = 256;
/** And records into new blocks: while they are young, the collector of the heap has nothing to do for them. */
const tailRecordsMax = 1024;
/** More than this on its way to the disk, and `drained` makes the owner wait. */
const pendingBytesMax = 32 * 1024 * 1024;
/** Blocks kept in the heap after they are durable, newest first: most reads ask for what was just written. */
const cachedBytesMax = 4 * 1024 * 1024;
/** Address space, not disk: the file grows as it is written. */
const mapBytes = 64 * 1024 ** 3;
const formatVersion = 1;
const dataFile = 'data.mdb';

/** The state that is written with every transaction, and that counting at each start would be too slow for. */
interface Counts {
  readonly format: number;
  readonly records: number;
  readonly liveBytes: number;
}

/** Some consecutive records: see L2. */
class Block {
  /** Its first revision, which is its key. */
  readonly main: number;
  readonly sub: number;
  /** Its contents while they are in the heap. */
  bytes: Uint8Array | undefined;
  /** One byte per record, 1 when it was deleted since the last sealing. */
  dead: Uint8Array | undefined;
  deadCount = 0;

  constructor(main: number, sub: number, bytes?: Uint8Array) {
    this.main = main;
    this.sub = sub;
    this.bytes = bytes;
  }
}

/** A record that is in no block yet. */
interface TailRecord extends RevisionRecord {
  deleted: boolean;
}

/** What one block becomes in the next transaction: its bytes, or nothing. */
interface BlockWrite {
  readonly block: Block;
  readonly bytes: Uint8Array | undefined;
}

/** Opens LMDB environments, each in a folder of its own. */
export class LmdbBackends implements Backends {
  readonly #options: LmdbBackendOptions;

  constructor(options: LmdbBackendOptions = {}) {
    this.#options = options;
  }

  async open(directory: string): Promise<LmdbBackend> {
    const disk = new OsDisk();
    await disk.makeDirectory(directory);
    const lock = await disk.lock(directory);
    try {
      await checkMetaPages(directory);
      const root = openEnvironment(directory);
      try {
        const backend = new LmdbBackend(directory, root, lock, this.#options);
        // LMDB syncs its file, not the names of new files.
        await disk.syncDirectory(directory);
        await disk.syncDirectory(`${directory}/..`);
        return backend;
      } catch (error) {
        await root.close();
        throw error;
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
}

export class LmdbBackend implements Backend {
  readonly failed: Promise<Error>;
  onDurable?: (millis: number) => void;
  readonly #directory: string;
  readonly #root: RootDatabase<Counts, string>;
  readonly #blockTable: Database<Buffer, Buffer>;
  readonly #valueTable: Database<Buffer, string>;
  readonly #lock: DiskLock;
  readonly #commitMillis: number;
  readonly #failure = deferred<Error>();
  #error: Error | undefined;

  /** All blocks, by their first revision. Views have a copy. */
  #blocks: Block[] = [];
  /** Records later than all blocks; the first `#tailCommitted` belong to finished steps. */
  #tail: TailRecord[] = [];
  #tailCommitted = 0;
  /** All values as of the last commit. */
  readonly #values = new Map<string, Uint8Array>();
  /** Of the step that is not finished. */
  readonly #stepDeletes = new Map<number, number[]>();
  readonly #stepValues = new Map<string, Uint8Array | undefined>();
  #stepOperations = 0;

  /** Finished, and not yet packed into blocks. */
  #openOperations = 0;
  #openBytes = 0;
  readonly #edited = new Set<Block>();
  /** Sealed or finished, and not yet handed to LMDB. */
  #blockWrites: BlockWrite[] = [];
  #valueWrites = new Map<string, Uint8Array | undefined>();
  #waitingBytes = 0;
  /** Handed to LMDB, and not yet durable. */
  #writing: readonly BlockWrite[] = [];
  #writingBytes = 0;
  #isWriting = false;
  /** Steps finished, steps handed to LMDB, and steps durable, counted. */
  #finished = 0;
  #durable = 0;
  #flushes: { readonly step: number; readonly done: Deferred<void> }[] = [];
  #drained: Deferred<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Durable blocks whose bytes are still in the heap, oldest first. */
  readonly #cached: Block[] = [];
  #cachedBytes = 0;
  /** The block read last, for scans and deletions go along. */
  #last: { readonly block: Block; readonly reader: BlockReader } | undefined;

  /** As of the last commit. */
  #counts: Counts = { format: formatVersion, records: 0, liveBytes: 0 };
  #short: { readonly from: Uint8Array; readonly reader: BlockReader } | undefined;
  #liveBytes = 0;
  #recordCount = 0;
  #fileBytes = 0;
  readonly #views = new Set<BackendView>();
  #lastMain = -1;
  #lastSub = -1;
  #closing: Promise<void> | undefined;

  constructor(
    directory: string,
    root: RootDatabase<Counts, string>,
    lock: DiskLock,
    options: LmdbBackendOptions,
  ) {
    this.failed = this.#failure.promise;
    this.#directory = directory;
    this.#root = root;
    this.#lock = lock;
    this.#commitMillis = options.commitMillis ?? commitMillisDefault;
    this.#blockTable = root.openDB('blocks', { encoding: 'binary', keyEncoding: 'binary' });
    this.#valueTable = root.openDB('values', { encoding: 'binary' });
    this.#load();
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  get fileBytes(): number {
    return this.#fileBytes;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Bytes put and not yet durable. */
  get pendingBytes(): number {
    return this.#openBytes + this.#waitingBytes + this.#writingBytes;
  }

  /** Resolves when at most `pendingBytesMax` are pending: at once, mostly. An owner that outruns the disk waits here. */
  drained(): Promise<void> {
    if (this.pendingBytes <= pendingBytesMax || this.#error !== undefined) return Promise.resolve();
    this.#drained ??= deferred<void>();
    return this.#drained.promise;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    if (this.#isStepDeleted(main, sub)) return undefined;
    const inTail = this.#tailPlace(main, sub);
    const found = this.#tail[inTail];
    if (found !== undefined && found.main === main && found.sub === sub) {
      return found.deleted ? undefined : found.record;
    }
    // Blocks are older than all of the tail.
    if (inTail > 0) return undefined;
    const block = this.#blocks[blockPlace(this.#blocks, main, sub)];
    if (block === undefined) return undefined;
    const reader = this.#shortReader(block);
    const i = reader.find(main, sub);
    if (i === undefined || block.dead?.[i] === 1) return undefined;
    return reader.copy(i);
  }

  scan(fromMain: number, endMain: number, visit: VisitRecord): void {
    const checked: VisitRecord = (main, sub, record) =>
      this.#isStepDeleted(main, sub) ? undefined : visit(main, sub, record);
    if (!scanBlocks(this.#blocks, (block) => this.#reader(block), fromMain, endMain, checked)) return;
    for (let i = this.#tailPlace(fromMain, 0); i < this.#tail.length; i++) {
      const { main, sub, record, deleted } = this.#tail[i]!;
      if (main >= endMain) return;
      if (!deleted && checked(main, sub, record) === false) return;
    }
  }

  value(name: string): Uint8Array | undefined {
    return this.#stepValues.has(name) ? this.#stepValues.get(name) : this.#values.get(name);
  }

  values(prefix: string): readonly (readonly [name: string, value: Uint8Array])[] {
    if (this.#stepValues.size === 0) return valuesOf(this.#values, prefix);
    const merged = new Map(this.#values);
    for (const [name, value] of this.#stepValues) setOrDelete(merged, name, value);
    return valuesOf(merged, prefix);
  }

  put(main: number, sub: number, record: Uint8Array): void {
    assert(
      main > this.#lastMain || (main === this.#lastMain && sub > this.#lastSub),
      () => `revisions ascend: ${main}.${sub} after ${this.#lastMain}.${this.#lastSub}`,
    );
    this.#lastMain = main;
    this.#lastSub = sub;
    this.#tail.push({ main, sub, record, deleted: false });
    const bytes = record.length + recordKeyBytes;
    this.#liveBytes += bytes;
    this.#recordCount++;
    this.#openBytes += bytes;
    this.#stepOperations++;
  }

  delete(main: number, sub: number): void {
    const length = this.#recordLength(main, sub);
    assert(length !== undefined, () => `no record at ${main}.${sub}`);
    const subs = this.#stepDeletes.get(main);
    if (subs === undefined) this.#stepDeletes.set(main, [sub]);
    else subs.push(sub);
    this.#liveBytes -= length + recordKeyBytes;
    this.#recordCount--;
    this.#stepOperations++;
  }

  setValue(name: string, value: Uint8Array | undefined): void {
    const old = this.value(name);
    if (old !== undefined) this.#liveBytes -= name.length + old.length;
    if (value !== undefined) {
      this.#liveBytes += name.length + value.length;
      this.#openBytes += name.length + value.length;
    }
    this.#stepValues.set(name, value);
    this.#stepOperations++;
  }

  commit(): void {
    if (this.#stepOperations === 0) return;
    assert(this.#closing === undefined, 'commit to a closed backend');
    this.#openOperations += this.#stepOperations;
    this.#stepOperations = 0;
    this.#finished++;
    this.#tailCommitted = this.#tail.length;
    for (const [main, subs] of this.#stepDeletes) for (const sub of subs) this.#markDeleted(main, sub);
    this.#stepDeletes.clear();
    for (const [name, value] of this.#stepValues) {
      setOrDelete(this.#values, name, value);
      this.#valueWrites.set(name, value);
    }
    this.#stepValues.clear();
    this.#counts = { format: formatVersion, records: this.#recordCount, liveBytes: this.#liveBytes };
    if (this.#edited.size >= editedBlocksMax || this.#tailCommitted >= tailRecordsMax) this.#seal();
    if (this.#isDue()) this.#write();
    else this.#timer ??= setTimeout(() => this.#writeInTime(), this.#commitMillis);
  }

  flush(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#durable === this.#finished) return Promise.resolve();
    const done = deferred<void>();
    this.#flushes.push({ step: this.#finished, done });
    this.#write();
    return done.promise;
  }

  view(): BackendView {
    this.#seal();
    const pending = new Map<Block, Uint8Array>();
    for (const { block, bytes } of [...this.#writing, ...this.#blockWrites]) {
      if (bytes !== undefined) pending.set(block, bytes);
    }
    // The newest durable state: all blocks that are not pending are in it.
    this.#root.resetReadTxn();
    const view: LmdbView = new LmdbView(
      this.#blocks.slice(),
      pending,
      new Map(this.#values),
      this.#root.useReadTransaction(),
      (block, transaction) => this.#readBlock(block, transaction),
      () => void this.#views.delete(view),
    );
    this.#views.add(view);
    return view;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.flush();
    } catch {
      // `failed` has said it.
    }
    clearTimeout(this.#timer);
    // LMDB must not unmap what somebody reads.
    for (const view of this.#views) view.close();
    await this.#root.close();
    await this.#lock.release();
  }

  /** Reads keys and values; the contents of blocks stay where they are. @throws DiskError */
  #load(): void {
    const counts = this.#root.get('counts');
    if (counts !== undefined && counts.format !== formatVersion) {
      throw damaged(this.#directory, `is of format ${counts.format}, this drydock reads ${formatVersion}`);
    }
    this.#counts = counts ?? this.#counts;
    this.#liveBytes = this.#counts.liveBytes;
    this.#recordCount = this.#counts.records;
    this.#fileBytes = statSync(`${this.#directory}/${dataFile}`).size;
    for (const key of this.#blockTable.getKeys()) {
      this.#blocks.push(new Block(key.readUInt32BE(0) * 2 ** 32 + key.readUInt32BE(4), key.readUInt32BE(8)));
    }
    for (const { key, value } of this.#valueTable.getRange()) this.#values.set(key, new Uint8Array(value));
    const last = this.#blocks.at(-1);
    if (last === undefined) return;
    const reader = this.#reader(last);
    this.#lastMain = reader.main(reader.count - 1);
    this.#lastSub = reader.sub(reader.count - 1);
  }

  #isStepDeleted(main: number, sub: number): boolean {
    return this.#stepDeletes.size > 0 && this.#stepDeletes.get(main)?.includes(sub) === true;
  }

  /** The place of the first record of the tail at or after the revision. */
  #tailPlace(main: number, sub: number): number {
    const tail = this.#tail;
    let low = 0;
    let high = tail.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = tail[middle]!;
      if (at.main < main || (at.main === main && at.sub < sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #recordLength(main: number, sub: number): number | undefined {
    if (this.#isStepDeleted(main, sub)) return undefined;
    const found = this.#tail[this.#tailPlace(main, sub)];
    if (found !== undefined && found.main === main && found.sub === sub) {
      return found.deleted ? undefined : found.record.length;
    }
    const block = this.#blocks[blockPlace(this.#blocks, main, sub)];
    if (block === undefined) return undefined;
    const reader = this.#reader(block);
    const i = reader.find(main, sub);
    return i === undefined || block.dead?.[i] === 1 ? undefined : reader.recordLength(i);
  }

  #markDeleted(main: number, sub: number): void {
    const found = this.#tail[this.#tailPlace(main, sub)];
    if (found !== undefined && found.main === main && found.sub === sub) {
      found.deleted = true;
      return;
    }
    const place = blockPlace(this.#blocks, main, sub);
    let block = must(this.#blocks[place]);
    const reader = this.#reader(block);
    if (block.dead === undefined) {
      // Another object: views keep the old one as it was.
      block = new Block(block.main, block.sub, block.bytes);
      block.dead = new Uint8Array(reader.count);
      this.#blocks[place] = block;
      this.#last = { block, reader };
      this.#edited.add(block);
    }
    block.dead[must(reader.find(main, sub))] = 1;
    block.deadCount++;
  }

  /** Packs what finished steps left into blocks. */
  #seal(): void {
    if (this.#edited.size > 0) this.#sealEdited();
    if (this.#tailCommitted > 0) {
      const live = this.#tail.slice(0, this.#tailCommitted).filter(({ deleted }) => !deleted);
      for (const block of this.#pack(live)) this.#blocks.push(block);
      this.#tail = this.#tail.slice(this.#tailCommitted);
      this.#tailCommitted = 0;
    }
    this.#waitingBytes += this.#openBytes;
    this.#openBytes = 0;
    this.#openOperations = 0;
  }

  /** Leaves the dead out. Neighbours that were all edited share blocks again: the sparse past closes ranks. */
  #sealEdited(): void {
    const blocks: Block[] = [];
    let survivors: RevisionRecord[] = [];
    const packSurvivors = (): void => {
      for (const block of this.#pack(survivors)) blocks.push(block);
      survivors = [];
    };
    for (const block of this.#blocks) {
      if (block.dead === undefined) {
        if (survivors.length > 0) packSurvivors();
        blocks.push(block);
        continue;
      }
      this.#blockWrites.push({ block, bytes: undefined });
      if (block.deadCount === block.dead.length) continue;
      const reader = this.#reader(block);
      for (let i = 0; i < reader.count; i++) {
        if (block.dead[i] === 1) continue;
        survivors.push({ main: reader.main(i), sub: reader.sub(i), record: reader.record(i) });
      }
    }
    packSurvivors();
    this.#blocks = blocks;
    this.#edited.clear();
    this.#last = undefined;
  }

  #pack(records: readonly RevisionRecord[]): Block[] {
    return encodeBlocks(records).map((bytes) => {
      const reader = new BlockReader(bytes);
      const block = new Block(reader.main(0), reader.sub(0), bytes);
      this.#blockWrites.push({ block, bytes });
      return block;
    });
  }

  #isDue(): boolean {
    return (
      this.#openOperations >= commitOperationsMax || this.#openBytes + this.#waitingBytes >= commitBytesMax
    );
  }

  #writeInTime(): void {
    this.#timer = undefined;
    this.#write();
  }

  /** Hands all finished steps to LMDB's thread, when the transaction before is durable; else when it will be. */
  #write(): void {
    if (this.#isWriting || this.#error !== undefined || this.#durable === this.#finished) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#seal();
    const step = this.#finished;
    const blockWrites = this.#blockWrites;
    const valueWrites = this.#valueWrites;
    this.#writing = blockWrites;
    this.#writingBytes = this.#waitingBytes;
    this.#blockWrites = [];
    this.#valueWrites = new Map();
    this.#waitingBytes = 0;
    this.#isWriting = true;
    const begunMillis = performance.now();
    // The operations' own promises fail with the batch's; who fails is said once.
    const done = (operation: Promise<boolean>): void => void operation.catch(() => {});
    const written = this.#root.batch(() => {
      for (const { block, bytes } of blockWrites) {
        if (bytes === undefined) done(this.#blockTable.remove(blockKey(block)));
        else done(this.#blockTable.put(blockKey(block), asBuffer(bytes)));
      }
      for (const [name, value] of valueWrites) {
        if (value === undefined) done(this.#valueTable.remove(name));
        else done(this.#valueTable.put(name, asBuffer(value)));
      }
      done(this.#root.put('counts', this.#counts));
    });
    written.then(
      () => {
        this.onDurable?.(performance.now() - begunMillis);
        this.#written(step);
      },
      async (error: unknown) => this.#fail(await commitReason(error)),
    );
  }

  #written(step: number): void {
    this.#root.resetReadTxn();
    for (const { block, bytes } of this.#writing) {
      // A block that was replaced meanwhile is nobody's but the views', which have its bytes.
      if (bytes !== undefined) this.#cache(block, bytes);
    }
    this.#isWriting = false;
    this.#writing = [];
    this.#writingBytes = 0;
    this.#durable = step;
    this.#fileBytes = statSync(`${this.#directory}/${dataFile}`).size;
    const done = this.#flushes.filter((flush) => flush.step <= step);
    this.#flushes = this.#flushes.filter((flush) => flush.step > step);
    for (const flush of done) flush.done.resolve();
    if (this.pendingBytes <= pendingBytesMax) {
      this.#drained?.resolve();
      this.#drained = undefined;
    }
    // Whoever came too early while this was on its way.
    if (this.#flushes.length > 0 || this.#isDue() || this.#timer === undefined) this.#write();
  }

  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new DiskError(
      'EIO',
      this.#directory,
      `cannot write the database ${this.#directory}: ${reason}; mend the disk and restart this member`,
      { cause },
    );
    this.#error = error;
    for (const { done } of this.#flushes) done.reject(error);
    this.#flushes = [];
    this.#drained?.resolve();
    this.#failure.resolve(error);
  }

  #cache(block: Block, bytes: Uint8Array): void {
    this.#cached.push(block);
    this.#cachedBytes += bytes.length;
    let drop = 0;
    while (this.#cachedBytes > cachedBytesMax && drop < this.#cached.length) {
      const oldest = this.#cached[drop++]!;
      this.#cachedBytes -= oldest.bytes?.length ?? 0;
      oldest.bytes = undefined;
    }
    if (drop > 0) this.#cached.splice(0, drop);
  }

  #reader(block: Block): BlockReader {
    if (this.#last?.block === block) return this.#last.reader;
    const reader = new BlockReader(block.bytes ?? this.#readBlock(block));
    this.#last = { block, reader };
    return reader;
  }

  /** A reader until the next read only, and unchecked: one that LMDB copied to where it copies the next one to. */
  #shortReader(block: Block): BlockReader {
    if (block.bytes !== undefined || this.#last?.block === block) return this.#reader(block);
    const bytes = must(this.#blockTable.getBinaryFast(blockKey(block, scratchKey)));
    // LMDB's copies go to the same place, mostly.
    if (this.#short?.from !== bytes) this.#short = { from: bytes, reader: new BlockReader(bytes) };
    return this.#short.reader;
  }

  /** @throws DiskError when it is not what was written */
  #readBlock(block: Block, transaction?: Transaction): Uint8Array {
    const options = transaction === undefined ? undefined : { transaction };
    const bytes = this.#blockTable.get(blockKey(block), options);
    if (bytes === undefined || !new BlockReader(bytes).intact()) {
      throw damaged(
        this.#directory,
        `has an unreadable block of records from revision ${block.main}.${block.sub} on`,
      );
    }
    return bytes;
  }
}

/** See L2: the blocks of its moment, those of them that were not durable in memory, the others in a read transaction. */
class LmdbView implements BackendView {
  readonly #blocks: readonly Block[];
  readonly #pending: ReadonlyMap<Block, Uint8Array>;
  readonly #values: ReadonlyMap<string, Uint8Array>;
  readonly #transaction: Transaction;
  readonly #read: (block: Block, transaction: Transaction) => Uint8Array;
  readonly #onClose: () => void;
  #closed = false;

  constructor(
    blocks: readonly Block[],
    pending: ReadonlyMap<Block, Uint8Array>,
    values: ReadonlyMap<string, Uint8Array>,
    transaction: Transaction,
    read: (block: Block, transaction: Transaction) => Uint8Array,
    onClose: () => void,
  ) {
    this.#onClose = onClose;
    this.#blocks = blocks;
    this.#pending = pending;
    this.#values = values;
    this.#transaction = transaction;
    this.#read = read;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    const block = this.#blocks[blockPlace(this.#blocks, main, sub)];
    if (block === undefined) return undefined;
    const reader = this.#reader(block);
    const i = reader.find(main, sub);
    return i === undefined ? undefined : reader.copy(i);
  }

  scan(fromMain: number, endMain: number, visit: VisitRecord): void {
    scanBlocks(this.#blocks, (block) => this.#reader(block), fromMain, endMain, visit);
  }

  value(name: string): Uint8Array | undefined {
    return this.#values.get(name);
  }

  values(prefix: string): readonly (readonly [name: string, value: Uint8Array])[] {
    return valuesOf(this.#values, prefix);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transaction.done();
    this.#onClose();
  }

  #reader(block: Block): BlockReader {
    assert(!this.#closed, 'read of a closed view');
    return new BlockReader(this.#pending.get(block) ?? this.#read(block, this.#transaction));
  }
}

const guessedBlocksMin = 64;
const guessError = 8;

/** The place of the last block that starts at or before the revision: it is there or nowhere. -1: there is none. */
function blockPlace(blocks: readonly Block[], main: number, sub: number): number {
  let low = 0;
  let high = blocks.length;
  if (high > guessedBlocksMin) {
    // Revisions are spread evenly, nearly: most searches end within a few blocks of the guess, and in the cache.
    const first = blocks[0]!.main;
    const guess = Math.floor(((main - first) / (blocks[high - 1]!.main - first)) * (high - 1));
    const below = guess - guessError;
    const above = guess + guessError;
    if (below > 0 && below < high && blocks[below]!.main < main) low = below;
    if (above >= 0 && above < high && blocks[above]!.main > main) high = above;
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    const block = blocks[middle]!;
    if (block.main < main || (block.main === main && block.sub <= sub)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** False when `visit` ended it. */
function scanBlocks(
  blocks: readonly Block[],
  readerOf: (block: Block) => BlockReader,
  fromMain: number,
  endMain: number,
  visit: VisitRecord,
): boolean {
  for (let place = Math.max(0, blockPlace(blocks, fromMain, 0)); place < blocks.length; place++) {
    const block = blocks[place]!;
    if (block.main >= endMain) return true;
    const reader = readerOf(block);
    for (let i = reader.search(fromMain, 0); i < reader.count; i++) {
      const main = reader.main(i);
      if (main >= endMain) return true;
      if (block.dead?.[i] !== 1 && visit(main, reader.sub(i), reader.record(i)) === false) return false;
    }
  }
  return true;
}

function valuesOf(
  values: ReadonlyMap<string, Uint8Array>,
  prefix: string,
): (readonly [name: string, value: Uint8Array])[] {
  return [...values].filter(([name]) => name.startsWith(prefix)).toSorted(([a], [b]) => compareStrings(a, b));
}

function setOrDelete(
  map: Map<string, Uint8Array | undefined>,
  name: string,
  value: Uint8Array | undefined,
): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}

const scratchKey = Buffer.alloc(12);

/** Ordered as revisions are. */
function blockKey({ main, sub }: Block, key = Buffer.allocUnsafe(12)): Buffer {
  key.writeUInt32BE(Math.floor(main / 2 ** 32), 0);
  key.writeUInt32BE(main % 2 ** 32, 4);
  key.writeUInt32BE(sub, 8);
  return key;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** LMDB's error of a transaction does not say why, but promises to. */
async function commitReason(failure: unknown): Promise<unknown> {
  const details = (failure as { commitError?: Promise<unknown> }).commitError;
  if (details === undefined) return failure;
  const reason = details.then(
    () => failure,
    (cause: unknown) => cause,
  );
  const patience = new Promise<unknown>((resolve) => void setTimeout(resolve, 100, failure));
  return await Promise.race([reason, patience]);
}

function openEnvironment(directory: string): RootDatabase<Counts, string> {
  try {
    const root = open<Counts, string>({
      path: directory,
      // Else a name with a dot in it is taken for a file's.
      noSubdir: false,
      encoding: 'json',
      maxDbs: 4,
      mapSize: mapBytes,
      // A commit resolves when it is synced, and never before (L3).
      overlappingSync: false,
      // Only a batch of ours is a transaction (L1).
      eventTurnBatching: false,
      // Buffers are written whole, so there is nothing of the heap to leak into the file.
      noMemInit: true,
    });
    const { pageSize, lastPageNumber } = root.getStats() as { pageSize: number; lastPageNumber: number };
    const needed = (lastPageNumber + 1) * pageSize;
    const { size } = statSync(`${directory}/${dataFile}`);
    // A page behind the end of the file would kill the process when it is read (SIGBUS).
    if (size > 0 && size < needed) {
      void root.close();
      throw damaged(directory, `is cut short: ${size} bytes of at least ${needed} are there`);
    }
    return root;
  } catch (error) {
    if (error instanceof DiskError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(directory, `cannot be opened: ${reason}`, error);
  }
}

/** Where LMDB's two meta pages have their magic number, version and page size; the second follows the first page. */
const metaLayout = { magic: 24, version: 28, pageSize: 48, bytes: 64 };
const lmdbMagic = 0xbeef_c0de;
const lmdbVersion = 2;

/** LMDB takes a file for its own and dies of one that is not (SIGSEGV): looks at its meta pages first. */
async function checkMetaPages(directory: string): Promise<void> {
  const disk = new OsDisk();
  const path = `${directory}/${dataFile}`;
  if (!(await disk.exists(path))) return;
  const file = await disk.open(path, 'read');
  try {
    // A first start that was cut short.
    if ((await file.size()) === 0) return;
    const pageSize = await checkMetaPage(directory, file, 0);
    await checkMetaPage(directory, file, pageSize);
  } finally {
    await file.close();
  }
}

/** Returns the page size it tells. @throws DiskError */
async function checkMetaPage(directory: string, file: DiskFile, offset: number): Promise<number> {
  const meta = await file.read(offset, metaLayout.bytes);
  if (meta.length < metaLayout.bytes) {
    throw damaged(directory, `is cut short: ${await file.size()} bytes are there`);
  }
  const view = new DataView(meta.buffer, meta.byteOffset, meta.byteLength);
  if (
    view.getUint32(metaLayout.magic, true) !== lmdbMagic ||
    view.getUint32(metaLayout.version, true) !== lmdbVersion
  ) {
    throw damaged(directory, `cannot be opened: byte ${offset} begins no page of LMDB`);
  }
  return view.getUint32(metaLayout.pageSize, true);
}

function damaged(directory: string, what: string, cause?: unknown): DiskError {
  const message =
    `the database ${directory}/${dataFile} ${what}; replace this member: \`etcdctl member remove\` it, empty its data ` +
    'directory, and `etcdctl member add` it again';
  return new DiskError('EOTHER', directory, message, { cause });
}
