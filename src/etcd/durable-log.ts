import { must } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { DiskError } from '../platform/errors.ts';
import type { DiskLock } from '../platform/disk.ts';
import type { Platform } from '../platform/platform.ts';
import type { Ready } from '../raft/ready.ts';
import { MemoryStorage } from '../raft/storage.ts';
import type {
  ConfState,
  Entry,
  HardState,
  Index,
  MemberId,
  Snapshot,
  SnapshotMetadata,
  Term,
} from '../raft/types.ts';
import { makeDurableDirectory } from '../wal/durable-directory.ts';
import { loadNewestSnapshot, removeOldSnapshots, saveSnapshot } from '../wal/snapshot-files.ts';
import { Wal, type WalRecord } from '../wal/wal.ts';
import { decode, encode } from './codec.ts';
import { checkIdentity, DataDirectoryError, type DataIdentity } from './data-directory.ts';

/** What the records of the log hold. */
const recordTypes = { entry: 1, hardState: 2, snapshot: 3, installedSnapshot: 4 } as const;
const snapshotsKept = 3;

/** A voter that forgot its votes and its log must not come back under its old name (Raft §5.2, §5.4). */
const replacement =
  'replace this member (until membership can be changed, run without it and keep its folder)';

export interface DurableLogOptions {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly identity: DataIdentity;
  /** The first membership, for a new directory. */
  readonly voters: readonly MemberId[];
}

/**
 * What a member keeps on disk: a write-ahead log of entries and hard states, and snapshot files.
 *
 * A snapshot counts only once the log has a record of it: the file is made durable first, then the record.
 * So a crash between the two leaves the log as it was, and an unused file.
 */
export class DurableLog {
  /** What Raft reads: the entries after the newest snapshot, and the snapshot itself. */
  readonly storage: MemoryStorage;
  readonly #platform: Platform;
  readonly #directory: string;
  readonly #wal: Wal;
  readonly #lock: DiskLock;

  /**
   * Opens the directory, or makes a new one. `snapshot` is where the state machine starts; its data is empty
   * when it starts from nothing.
   *
   * @throws DataDirectoryError, WalError, DiskError
   */
  static async open(
    platform: Platform,
    options: DurableLogOptions,
  ): Promise<{ readonly log: DurableLog; readonly snapshot: Snapshot }> {
    const { disk } = platform;
    const { directory, identity, segmentBytes } = options;
    const walOptions = { segmentBytes, headerType: recordTypes.hardState };
    await makeDurableDirectory(disk, directory);
    const lock = await lockDirectory(platform, directory);
    try {
      const walDirectory = `${directory}/wal`;
      if (!(await Wal.exists(disk, walDirectory))) {
        await refuseLeftovers(platform, directory);
        const wal = await Wal.create(disk, walDirectory, { ...walOptions, metadata: encode(identity) });
        return await DurableLog.#begin(platform, options, wal, lock);
      }
      const { wal, metadata, records } = await Wal.open(disk, walDirectory, walOptions);
      checkIdentity(directory, decode<DataIdentity>(metadata), identity);
      if (records.length === 0) {
        // The first start was cut short before its first record: nobody has heard of this member yet.
        await refuseLeftovers(platform, directory);
        return await DurableLog.#begin(platform, options, wal, lock);
      }
      const snapshot = await newestUsableSnapshot(platform, directory, records);
      const storage = new MemoryStorage(snapshot);
      const { entries, hardState } = replay(directory, records, snapshot.metadata);
      storage.append(entries);
      if (hardState !== undefined) {
        // A crash between a snapshot's record and the next hard state leaves the commit index behind.
        const commit = Math.max(hardState.commit, snapshot.metadata.index) as Index;
        if (commit > storage.lastIndex()) throw gapError(directory, storage.lastIndex(), commit);
        storage.setHardState({ ...hardState, commit });
      }
      return { log: new DurableLog(platform, directory, wal, lock, storage), snapshot };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Gives an empty log its first record: the first membership, at index 0. */
  static async #begin(
    platform: Platform,
    { directory, voters }: DurableLogOptions,
    wal: Wal,
    lock: DiskLock,
  ): Promise<{ readonly log: DurableLog; readonly snapshot: Snapshot }> {
    const confState: ConfState = { voters, learners: [] };
    const metadata: SnapshotMetadata = { index: 0 as Index, term: 0 as Term, confState };
    wal.append([snapshotRecord(recordTypes.snapshot, metadata)]);
    await wal.sync();
    const snapshot: Snapshot = { metadata, data: emptyBytes };
    return { log: new DurableLog(platform, directory, wal, lock, new MemoryStorage(snapshot)), snapshot };
  }

  private constructor(
    platform: Platform,
    directory: string,
    wal: Wal,
    lock: DiskLock,
    storage: MemoryStorage,
  ) {
    this.#platform = platform;
    this.#directory = directory;
    this.#wal = wal;
    this.#lock = lock;
    this.storage = storage;
  }

  /** All entries behind the newest snapshot that storage can still read. */
  entries(): readonly Entry[] {
    const end = (this.storage.lastIndex() + 1) as Index;
    const read = this.storage.entries(this.storage.firstIndex(), end, Infinity);
    return must(read.ok ? read.value : undefined, 'storage reads its own range');
  }

  /** Makes a Ready durable and then visible to Raft. @throws WalError, DiskError; after that the log is of no use */
  async save(ready: Ready): Promise<void> {
    if (ready.snapshot !== undefined) await this.#saveSnapshotFile(ready.snapshot);
    const records: WalRecord[] = [];
    if (ready.snapshot !== undefined) {
      records.push(snapshotRecord(recordTypes.installedSnapshot, ready.snapshot.metadata));
    }
    for (const entry of ready.entries) records.push(entryRecord(entry));
    if (ready.hardState !== undefined) records.push(hardStateRecord(ready.hardState));
    this.#wal.append(records);
    if (ready.mustSync) await this.#wal.sync();
    if (ready.snapshot !== undefined) this.storage.applySnapshot(ready.snapshot);
    if (ready.entries.length > 0) this.storage.append(ready.entries);
    if (ready.hardState !== undefined) this.storage.setHardState(ready.hardState);
    if (ready.snapshot !== undefined) await this.#release(ready.snapshot.metadata.index);
  }

  /** Makes `data`, the state machine at `index`, the newest snapshot and forgets the log well before it. */
  async takeSnapshot(
    index: Index,
    confState: ConfState,
    data: Uint8Array,
    entriesKept: number,
  ): Promise<void> {
    const snapshot = this.storage.createSnapshot(index, confState, data);
    await this.#saveSnapshotFile(snapshot);
    this.#wal.append([snapshotRecord(recordTypes.snapshot, snapshot.metadata)]);
    await this.#wal.sync();
    const compactIndex = Math.max(0, index - entriesKept);
    if (compactIndex >= this.storage.firstIndex()) this.storage.compact(compactIndex as Index);
    // Segments hold entries since the oldest snapshot that may still be started from.
    await this.#release(index);
  }

  async close(): Promise<void> {
    await this.#wal.close();
    await this.#lock.release();
  }

  async #saveSnapshotFile({ metadata, data }: Snapshot): Promise<void> {
    const directory = `${this.#directory}/snap`;
    await makeDurableDirectory(this.#platform.disk, directory);
    const { index, term, confState } = metadata;
    await saveSnapshot(this.#platform.disk, directory, { index, term, data: encode({ confState, data }) });
  }

  async #release(index: Index): Promise<void> {
    await this.#wal.release(index);
    await removeOldSnapshots(this.#platform.disk, `${this.#directory}/snap`, snapshotsKept, index);
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

/** A directory without a log but with snapshots was tampered with: starting afresh would forget acknowledged writes. */
async function refuseLeftovers(platform: Platform, directory: string): Promise<void> {
  const snap = `${directory}/snap`;
  if (!(await platform.disk.exists(snap)) || (await platform.disk.list(snap)).length === 0) return;
  throw new DataDirectoryError(
    `${directory} has snapshots but no write-ahead log: it is incomplete; restore ${directory}/wal as it was, or ${replacement}`,
  );
}

/** The newest snapshot file that the log has a record of; the beginning if there is none. */
async function newestUsableSnapshot(
  platform: Platform,
  directory: string,
  records: readonly WalRecord[],
): Promise<Snapshot> {
  const marks = records
    .filter(({ type }) => type === recordTypes.snapshot || type === recordTypes.installedSnapshot)
    .map((record) => decode<SnapshotMetadata>(record.payload));
  const marked = (index: number, term: number): boolean =>
    marks.some((mark) => mark.index === index && mark.term === term);
  const snapDirectory = `${directory}/snap`;
  if (await platform.disk.exists(snapDirectory)) {
    const { snapshot, broken } = await loadNewestSnapshot(platform.disk, snapDirectory, marked);
    for (const { path, reason } of broken)
      platform.logger.warn('passed over a snapshot file', { path, reason });
    if (snapshot !== undefined) {
      const { confState, data } = decode<{ confState: ConfState; data: Uint8Array }>(snapshot.data);
      const metadata = { index: snapshot.index as Index, term: snapshot.term as Term, confState };
      return { metadata, data };
    }
  }
  const first = marks.find((mark) => mark.index === 0);
  if (first === undefined) {
    throw new DataDirectoryError(
      `${directory} has no snapshot that can be read, and its log does not reach back to the beginning: ${replacement}`,
    );
  }
  return { metadata: first, data: emptyBytes };
}

/** The entries after `start` and the newest hard state, as the records tell them in order. */
function replay(
  directory: string,
  records: readonly WalRecord[],
  start: SnapshotMetadata,
): { readonly entries: readonly Entry[]; readonly hardState: HardState | undefined } {
  let entries: Entry[] = [];
  let hardState: HardState | undefined;
  for (const { type, payload } of records) {
    switch (type) {
      case recordTypes.entry: {
        const entry = decode<Entry>(payload);
        // An entry replaces all that stood from its index on, also when it is itself covered by the snapshot.
        const at = Math.max(0, entry.index - start.index - 1);
        if (at > entries.length) throw gapError(directory, start.index + entries.length, entry.index);
        entries.length = at;
        if (entry.index > start.index) entries.push(entry);
        break;
      }
      case recordTypes.hardState:
        hardState = decode<HardState>(payload);
        break;
      case recordTypes.snapshot:
        break;
      case recordTypes.installedSnapshot:
        // A snapshot from the leader replaces the log: what stood before it may contradict it.
        entries = [];
        break;
      default:
        throw new DataDirectoryError(
          `${directory} has a log record of unknown type ${type}: it was written by another version of drydock`,
        );
    }
  }
  return { entries, hardState };
}

function gapError(directory: string, last: number, next: number): DataDirectoryError {
  return new DataDirectoryError(
    `${directory} has no log between index ${last} and ${next}: a snapshot file is missing or damaged; ${replacement}`,
  );
}

function entryRecord(entry: Entry): WalRecord {
  return { type: recordTypes.entry, index: entry.index, payload: encode(entry) };
}

function hardStateRecord(hardState: HardState): WalRecord {
  return { type: recordTypes.hardState, index: 0, payload: encode(hardState) };
}

function snapshotRecord(
  type: typeof recordTypes.snapshot | typeof recordTypes.installedSnapshot,
  metadata: SnapshotMetadata,
): WalRecord {
  // One more than the snapshot's own index, so that releasing the log up to the snapshot keeps this record.
  return { type, index: metadata.index + 1, payload: encode(metadata) };
}
