/**
 * The Backend of the dock: everything in memory, and a journal of all steps on the platform's disk.
 *
 * Boundary: the twin of platform/os/lmdb-backend.ts, for the simulator and for tests of crashes. The journal is a Wal: its
 * frames, checksums, torn ends and names are the log's, proven there.
 *
 * Invariants
 *   J1  One record of the journal is one step, and one sync takes whole records: after a crash a suffix of the steps is gone.
 *   J2  A checkpoint holds all that the steps before it left. Segments before it go only once it is durable.
 *   J3  Everything that happens is in the order of calls and of the platform's clock: one seed, one run.
 */

import { must } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import type { Backend, Backends, BackendView, VisitRecord } from '../../src/mvcc/backend.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import type { Clock, Timer } from '../../src/platform/clock.ts';
import type { Disk } from '../../src/platform/disk.ts';
import { Wal, type WalRecord } from '../../src/wal/wal.ts';
import { applyStep, decodeStep, encodeStep, type StepOperation } from './step.ts';

export interface JournalBackendOptions {
  /** What was committed is written this many milliseconds later. Default 100, as LMDB's and etcd's. */
  readonly commitMillis?: number;
  /** The journal is written anew when it is larger than this and four times what is alive. Default 1 MiB. */
  readonly checkpointBytes?: number;
}

const recordTypes = { step: 1, checkpoint: 2 } as const;
const commitMillisDefault = 100;
const checkpointBytesDefault = 1024 * 1024;
/** Written earlier when so much waits. */
const commitBytesMax = 2 * 1024 * 1024;

/** Opens journals on the disk of a platform. */
export class JournalBackends implements Backends {
  readonly #world: { readonly disk: Disk; readonly clock: Clock };
  readonly #options: JournalBackendOptions;

  constructor(world: { readonly disk: Disk; readonly clock: Clock }, options: JournalBackendOptions = {}) {
    this.#world = world;
    this.#options = options;
  }

  async open(directory: string): Promise<JournalBackend> {
    const { disk, clock } = this.#world;
    const options = { segmentBytes: this.#options.checkpointBytes ?? checkpointBytesDefault };
    if (!(await Wal.exists(disk, directory))) {
      const wal = await Wal.create(disk, directory, { ...options, metadata: encodeUtf8('journal 1') });
      return new JournalBackend(clock, wal, [], this.#options);
    }
    const { wal, records } = await Wal.open(disk, directory, options);
    return new JournalBackend(clock, wal, records, this.#options);
  }
}

export class JournalBackend implements Backend {
  readonly failed: Promise<Error>;
  readonly #clock: Clock;
  readonly #wal: Wal;
  readonly #commitMillis: number;
  readonly #checkpointBytes: number;
  readonly #memory = new MemoryBackend();
  readonly #failure = deferred<Error>();
  #error: Error | undefined;
  /** What the step that is not finished did, with what it undid. */
  #step: StepOperation[] = [];
  #journalIndex = 0;
  #journalBytes = 0;
  #pendingBytes = 0;
  #timer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(clock: Clock, wal: Wal, records: readonly WalRecord[], options: JournalBackendOptions) {
    this.failed = this.#failure.promise;
    this.#clock = clock;
    this.#wal = wal;
    this.#commitMillis = options.commitMillis ?? commitMillisDefault;
    this.#checkpointBytes = options.checkpointBytes ?? checkpointBytesDefault;
    const checkpoint = records.findLastIndex(({ type }) => type === recordTypes.checkpoint);
    for (const { index, payload } of records.slice(Math.max(0, checkpoint))) {
      applyStep(this.#memory, decodeStep(payload));
      this.#journalIndex = index;
      this.#journalBytes += payload.length;
    }
  }

  get liveBytes(): number {
    return this.#memory.liveBytes;
  }

  get fileBytes(): number {
    return this.#journalBytes;
  }

  get recordCount(): number {
    return this.#memory.recordCount;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    return this.#memory.get(main, sub);
  }

  scan(fromMain: number, endMain: number, visit: VisitRecord): void {
    this.#memory.scan(fromMain, endMain, visit);
  }

  value(name: string): Uint8Array | undefined {
    return this.#memory.value(name);
  }

  values(prefix: string): readonly (readonly [name: string, value: Uint8Array])[] {
    return this.#memory.values(prefix);
  }

  put(main: number, sub: number, record: Uint8Array): void {
    this.#memory.put(main, sub, record);
    this.#step.push({ type: 'put', main, sub, record });
  }

  delete(main: number, sub: number): void {
    const before = this.#memory.get(main, sub);
    this.#memory.delete(main, sub);
    this.#step.push({ type: 'delete', main, sub, before: must(before) });
  }

  setValue(name: string, value: Uint8Array | undefined): void {
    const before = this.#memory.value(name);
    this.#memory.setValue(name, value);
    this.#step.push({ type: 'value', name, value, before });
  }

  commit(): void {
    if (this.#step.length === 0) return;
    const step = this.#step;
    this.#step = [];
    if (this.#error !== undefined) return;
    this.#append(recordTypes.step, step);
    if (this.#journalBytes > Math.max(this.#checkpointBytes, 4 * this.liveBytes)) this.#checkpoint();
    if (this.#pendingBytes >= commitBytesMax) void this.#write();
    else this.#timer ??= this.#clock.setTimer(this.#commitMillis, () => void this.#write());
  }

  flush(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return this.#wal.sync().catch((error: unknown) => {
      throw this.#fail(error);
    });
  }

  async drained(): Promise<void> {
    if (this.#pendingBytes > commitBytesMax) await this.#write();
  }

  /** A copy of the table. */
  view(): BackendView {
    if (this.#step.length === 0) return this.#memory.view();
    return withoutStep(this.#memory, this.#step);
  }

  close(): Promise<void> {
    this.#closing ??= this.#write().then(() => this.#wal.close());
    return this.#closing;
  }

  #append(type: number, operations: readonly StepOperation[]): void {
    const payload = encodeStep(operations);
    this.#wal.append([{ type, index: ++this.#journalIndex, payload }]);
    this.#journalBytes += payload.length;
    this.#pendingBytes += payload.length;
  }

  /** After a commit: there is no unfinished step. */
  #checkpoint(): void {
    const state: StepOperation[] = [];
    this.#memory.scan(0, Infinity, (main, sub, record) => {
      state.push({ type: 'put', main, sub, record });
    });
    for (const [name, value] of this.#memory.values('')) {
      state.push({ type: 'value', name, value, before: undefined });
    }
    this.#journalBytes = 0;
    this.#append(recordTypes.checkpoint, state);
    const before = this.#journalIndex - 1;
    this.#wal
      .sync()
      .then(() => this.#wal.release(before))
      .catch((error: unknown) => this.#fail(error));
  }

  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pendingBytes = 0;
    try {
      await this.#wal.sync();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): Error {
    this.#error ??= error instanceof Error ? error : new Error(String(error));
    this.#failure.resolve(this.#error);
    return this.#error;
  }
}

/** What `memory` was before the operations. */
function withoutStep(memory: MemoryBackend, step: readonly StepOperation[]): BackendView {
  const records = new Map<string, readonly [number, number, Uint8Array]>();
  memory.scan(0, Infinity, (main, sub, record) => {
    records.set(`${main}.${sub}`, [main, sub, record]);
  });
  const values = new Map(memory.values(''));
  for (const operation of step.toReversed()) {
    if (operation.type === 'value') {
      if (operation.before === undefined) values.delete(operation.name);
      else values.set(operation.name, operation.before);
    } else {
      const { main, sub } = operation;
      if (operation.type === 'put') records.delete(`${main}.${sub}`);
      else records.set(`${main}.${sub}`, [main, sub, operation.before]);
    }
  }
  const copy = new MemoryBackend();
  for (const [main, sub, record] of [...records.values()].toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    copy.put(main, sub, record);
  }
  for (const [name, value] of values) copy.setValue(name, value);
  return copy.view();
}
