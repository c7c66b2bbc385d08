import { must } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import type { Backend, Backends } from '../mvcc/backend.ts';
import type { DiskLock } from '../platform/disk.ts';
import { DiskError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { bootstrapSnapshot, emptySnapshot, MemoryStorage } from '../raft/storage.ts';
import type { Entry, HardState, Index, SnapshotMetadata, Term } from '../raft/types.ts';
import { makeDurableDirectory } from '../wal/durable-directory.ts';
import { Wal, type WalAppend, type WalRecord } from '../wal/wal.ts';
import { readApplied, writeApplied } from './applied-state.ts';
import { decode, encode } from './codec.ts';
import { checkIdentity, DataDirectoryError, type DataIdentity } from './data-directory.ts';
import { Membership, type ClusterMember } from './membership.ts';

/** What the records of the log hold. */
export const recordTypes = {
  entry: 1,
  hardState: 2,
  snapshot: 3,
  installedSnapshot: 4,
  confChange: 5,
} as const;

/** A voter that forgot its votes and its log must not come back under its old name (Raft §5.2, §5.4). */
export const replacement =
  'replace this member: `etcdctl member remove` it, empty its data directory, and `etcdctl member add` it again';

export interface DurableLogOptions {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly identity: DataIdentity;
  /** The founders, for a new directory of a new cluster; none for a member that joins one. */
  readonly founders: readonly ClusterMember[];
}

/** What a data directory holds when a life begins. */
export interface OpenedLog {
  readonly log: DurableLog;
  readonly backend: Backend;
  /** Where the backend's state stands. */
  readonly applied: SnapshotMetadata;
}

/**
 * What a member keeps on disk: a write-ahead log of entries and hard states, and the backend with everything applied.
 *
 * The backend is always some prefix of the log, applied. `db-0` is the first one; a snapshot of the leader at index i comes
 * as a backend of its own, `db-<i>`, and counts only once the log has a record of it: so a crash between the two leaves
 * the member as it was, and a folder that the next start removes.
 */
export class DurableLog {
  /** What Raft reads: the entries that are kept, and where they begin. */
  readonly storage: MemoryStorage;
  readonly #platform: Platform;
  readonly #directory: string;
  readonly #wal: Wal;
  readonly #lock: DiskLock;
  /** Which `db-…` is in use: at which index its state began. */
  #backendIndex: number;
  /** The beginning of the records of one term. */
  #head: { readonly term: Term; readonly bytes: Uint8Array } = {
    term: 0 as Term,
    bytes: encodeTerm(0 as Term),
  };

  /** Whose data the directory holds; undefined when it holds none yet. @throws WalError, DiskError */
  static async readIdentity({ disk }: Platform, directory: string): Promise<DataIdentity | undefined> {
    const metadata = await Wal.readMetadata(disk, `${directory}/wal`);
    return metadata && decode<DataIdentity>(metadata);
  }

  /**
   * Opens the directory, or makes a new one.
   *
   * @throws DataDirectoryError, WalError, DiskError
   */
  static async open(platform: Platform, backends: Backends, options: DurableLogOptions): Promise<OpenedLog> {
    const { disk } = platform;
    const { directory, identity, segmentBytes } = options;
    const walOptions = { segmentBytes, headerType: recordTypes.hardState, faults: platform.faults };
    await makeDurableDirectory(disk, directory);
    const lock = await lockDirectory(platform, directory);
    try {
      const walDirectory = `${directory}/wal`;
      if (!(await Wal.exists(disk, walDirectory))) {
        await refuseLeftovers(platform, directory);
        const wal = await Wal.create(disk, walDirectory, { ...walOptions, metadata: encode(identity) });
        return await DurableLog.#begin(platform, backends, options, wal, lock);
      }
      const { wal, metadata, records } = await Wal.open(disk, walDirectory, walOptions);
      checkIdentity(directory, decode<DataIdentity>(metadata), identity);
      // The first start was cut short before its first record: nobody has heard of this member yet.
      if (records.length === 0) return await DurableLog.#begin(platform, backends, options, wal, lock);
      return await DurableLog.#resume(platform, backends, directory, wal, records, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Gives an empty log its first record, behind an empty backend with the founders in it. */
  static async #begin(
    platform: Platform,
    backends: Backends,
    { directory, founders }: DurableLogOptions,
    wal: Wal,
    lock: DiskLock,
  ): Promise<OpenedLog> {
    const backend = await createBackend(platform, backends, backendDirectory(directory, 0));
    const start =
      founders.length === 0
        ? emptySnapshot
        : bootstrapSnapshot({ ...emptySnapshot.metadata.confState, voters: founders.map(({ id }) => id) });
    if (founders.length > 0) new Membership(backend).found(founders);
    writeApplied(backend, start.metadata);
    backend.commit();
    await backend.flush();
    platform.faults.reach('log.begin.before-mark');
    wal.append([markRecord(recordTypes.snapshot, start.metadata, 0)]);
    await wal.sync();
    const log = new DurableLog(platform, directory, wal, lock, new MemoryStorage(start), 0);
    return { log, backend, applied: start.metadata };
  }

  static async #resume(
    platform: Platform,
    backends: Backends,
    directory: string,
    wal: Wal,
    records: readonly WalRecord[],
    lock: DiskLock,
  ): Promise<OpenedLog> {
    const backendIndex = must(marksOf(records).at(-1), 'a log begins with a mark').backendIndex;
    const backend = await openBackend(platform, backends, directory, backendIndex);
    const applied = readApplied(backend);
    if (applied === undefined) {
      throw new DataDirectoryError(
        `${backendDirectory(directory, backendIndex)} holds no state although the log says so: ${replacement}`,
      );
    }
    const { start, entries, hardState } = replay(directory, records, applied);
    const storage = new MemoryStorage({ metadata: start, data: emptyBytes });
    storage.append(entries);
    storage.setConfState(applied.confState);
    if (storage.lastIndex() < applied.index) throw gapError(directory, storage.lastIndex(), applied.index);
    // The hard state is not written for the commit index alone: what is applied was committed.
    const commit = Math.max(hardState?.commit ?? 0, applied.index) as Index;
    if (commit > storage.lastIndex()) throw gapError(directory, storage.lastIndex(), commit);
    if (hardState !== undefined) storage.setHardState({ ...hardState, commit });
    const log = new DurableLog(platform, directory, wal, lock, storage, backendIndex);
    return { log, backend, applied };
  }

  private constructor(
    platform: Platform,
    directory: string,
    wal: Wal,
    lock: DiskLock,
    storage: MemoryStorage,
    backendIndex: number,
  ) {
    this.#backendIndex = backendIndex;
    this.#platform = platform;
    this.#directory = directory;
    this.#wal = wal;
    this.#lock = lock;
    this.storage = storage;
  }

  /** All entries that storage can still read. */
  entries(): readonly Entry[] {
    const end = (this.storage.lastIndex() + 1) as Index;
    const read = this.storage.entries(this.storage.firstIndex(), end, Infinity);
    return must(read.ok ? read.value : undefined, 'storage reads its own range');
  }

  /**
   * Makes entries and hard state durable, all or none, and then visible to Raft. Calls may overlap; they take effect in order.
   * Without entries, and with nothing but a commit index to tell, nobody waits for the disk.
   *
   * @throws WalError, DiskError; after that the log is of no use
   */
  async append(
    entries: readonly Entry[],
    hardState: HardState | undefined,
    mustSync: boolean,
  ): Promise<void> {
    const records: WalAppend[] = [];
    for (const entry of entries) {
      if (entry.term !== this.#head.term) this.#head = { term: entry.term, bytes: encodeTerm(entry.term) };
      records.push(entryRecord(entry, this.#head.bytes));
    }
    if (hardState !== undefined) records.push(hardStateRecord(hardState));
    this.#wal.append(records);
    if (mustSync) await this.#wal.sync();
    if (entries.length > 0) this.storage.append(entries);
    if (hardState !== undefined) this.storage.setHardState(hardState);
  }

  /** Makes the leader's snapshot, whose backend is durable, the beginning of the log. @throws WalError, DiskError */
  async install(metadata: SnapshotMetadata, hardState: HardState | undefined): Promise<void> {
    const records = [markRecord(recordTypes.installedSnapshot, metadata, metadata.index)];
    if (hardState !== undefined) records.push(hardStateRecord(hardState));
    const { faults } = this.#platform;
    faults.reach('log.install.before-mark');
    this.#wal.append(records);
    await this.#wal.sync();
    faults.reach('log.install.before-release');
    this.#backendIndex = metadata.index;
    this.storage.applySnapshot({ metadata, data: emptyBytes });
    if (hardState !== undefined) this.storage.setHardState(hardState);
    await this.#wal.release(metadata.index);
    faults.reach('log.install.before-cleanup');
    await removeOtherBackends(this.#platform, this.#directory, metadata.index);
  }

  /**
   * The backend is durable up to `metadata.index`: forgets the log well before it.
   *
   * @throws WalError, DiskError
   */
  async compact(metadata: SnapshotMetadata, entriesKept: number): Promise<void> {
    this.storage.createSnapshot(metadata.index, metadata.confState, emptyBytes);
    const { faults } = this.#platform;
    const kept = faults.rare('log.keep-nothing') ? 0 : entriesKept;
    const compactIndex = Math.max(0, metadata.index - kept) as Index;
    if (compactIndex < this.storage.firstIndex()) return;
    this.storage.compact(compactIndex);
    const term = this.storage.term(compactIndex);
    // Where the kept entries begin: a later life needs the term of the entry before them.
    const start = { ...metadata, index: compactIndex, term: must(term.ok ? term.value : undefined) };
    faults.reach('log.compact.before-mark');
    this.#wal.append([markRecord(recordTypes.snapshot, start, this.#backendIndex)]);
    await this.#wal.sync();
    faults.reach('log.compact.before-release');
    await this.#wal.release(compactIndex);
  }

  /** Opens the empty backend that a snapshot at `index` is received into. @throws DiskError */
  async openReceiving(backends: Backends, index: number): Promise<Backend> {
    return await createBackend(this.#platform, backends, backendDirectory(this.#directory, index));
  }

  async close(): Promise<void> {
    await this.#wal.close();
    await this.#lock.release();
  }
}

export function backendDirectory(directory: string, index: number): string {
  return `${directory}/db-${index.toString(16)}`;
}

/** An empty backend in a folder whose name survives a power loss. */
async function createBackend(platform: Platform, backends: Backends, path: string): Promise<Backend> {
  await platform.disk.removeTree(path);
  await makeDurableDirectory(platform.disk, path);
  return await backends.open(path);
}

async function openBackend(
  platform: Platform,
  backends: Backends,
  directory: string,
  index: number,
): Promise<Backend> {
  const path = backendDirectory(directory, index);
  if (!(await platform.disk.exists(path))) {
    throw new DataDirectoryError(`${path} is missing: restore it as it was, or ${replacement}`);
  }
  await removeOtherBackends(platform, directory, index);
  return await backends.open(path);
}

/** A snapshot that never counted, or one that has been replaced. */
async function removeOtherBackends(platform: Platform, directory: string, index: number): Promise<void> {
  const keep = `db-${index.toString(16)}`;
  for (const name of await platform.disk.list(directory)) {
    if (name.startsWith('db-') && name !== keep) await platform.disk.removeTree(`${directory}/${name}`);
  }
}

async function lockDirectory(platform: Platform, directory: string): Promise<DiskLock> {
  try {
    return await platform.disk.lock(directory);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'ELOCKED') throw error;
    throw new DataDirectoryError(error.message, { cause: error });
  }
}

/** A directory without a log but with a backend was tampered with: starting afresh would forget acknowledged writes. */
async function refuseLeftovers(platform: Platform, directory: string): Promise<void> {
  const names = await platform.disk.list(directory);
  if (!names.some((name) => name.startsWith('db-'))) return;
  throw new DataDirectoryError(
    `${directory} has a backend but no write-ahead log: it is incomplete; restore ${directory}/wal as it was, or ${replacement}`,
  );
}

/**
 * The newest hard state, and the entries behind `start`: the last mark that the applied state covers, for entries before the
 * applied ones are kept for slow followers.
 */
function replay(
  directory: string,
  records: readonly WalRecord[],
  applied: SnapshotMetadata,
): {
  readonly start: SnapshotMetadata;
  readonly entries: readonly Entry[];
  readonly hardState: HardState | undefined;
} {
  const start = marksOf(records).findLast(({ index }) => index <= applied.index);
  if (start === undefined) {
    throw new DataDirectoryError(
      `${directory} has a log that begins after what is applied (index ${applied.index}): ${replacement}`,
    );
  }
  let entries: Entry[] = [];
  let hardState: HardState | undefined;
  for (const record of records) {
    switch (record.type) {
      case recordTypes.entry:
      case recordTypes.confChange: {
        const entry = decodeEntry(record);
        // An entry replaces all that stood from its index on, also when it is itself covered by the start.
        const at = Math.max(0, entry.index - start.index - 1);
        if (at > entries.length) throw gapError(directory, start.index + entries.length, entry.index);
        entries.length = at;
        if (entry.index > start.index) entries.push(entry);
        break;
      }
      case recordTypes.hardState:
        hardState = decode<HardState>(record.payload);
        break;
      case recordTypes.snapshot:
        break;
      case recordTypes.installedSnapshot:
        // A snapshot from the leader replaces the log: what stood before it may contradict it.
        entries = [];
        break;
      default:
        throw new DataDirectoryError(
          `${directory} has a log record of unknown type ${record.type}: it was written by another version of drydock`,
        );
    }
  }
  return { start, entries, hardState };
}

function gapError(directory: string, last: number, next: number): DataDirectoryError {
  return new DataDirectoryError(
    `${directory} has no log between index ${last} and ${next}: it is damaged; ${replacement}`,
  );
}

const termBytes = 8;

/** The term, then the entry's own bytes. */
function entryRecord(entry: Entry, term: Uint8Array): WalAppend {
  return {
    type: entry.type === 'normal' ? recordTypes.entry : recordTypes.confChange,
    index: entry.index,
    head: term,
    payload: entry.data,
  };
}

function encodeTerm(term: Term): Uint8Array {
  const bytes = new Uint8Array(termBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(term));
  return bytes;
}

export function decodeEntry({ type, index, payload }: WalRecord): Entry {
  let term = 0;
  for (let i = 0; i < termBytes; i++) term = term * 256 + payload[i]!;
  return {
    index: index as Index,
    term: term as Term,
    type: type === recordTypes.entry ? 'normal' : 'conf-change',
    data: payload.subarray(termBytes),
  };
}

function hardStateRecord(hardState: HardState): WalRecord {
  return { type: recordTypes.hardState, index: 0, payload: encode(hardState) };
}

function markRecord(
  type: typeof recordTypes.snapshot | typeof recordTypes.installedSnapshot,
  metadata: SnapshotMetadata,
  backendIndex: number,
): WalRecord {
  // One more than the snapshot's own index, so that releasing the log up to the snapshot keeps this record.
  return { type, index: metadata.index + 1, payload: encode({ ...metadata, backendIndex }) };
}

/** A place in the log from which it can be read, and which backend the state is in. */
interface Mark extends SnapshotMetadata {
  readonly backendIndex: number;
}

function marksOf(records: readonly WalRecord[]): readonly Mark[] {
  return records
    .filter(({ type }) => type === recordTypes.snapshot || type === recordTypes.installedSnapshot)
    .map(({ payload }) => decode<Mark>(payload));
}
