import { must } from '../../src/base/assert.ts';
import { DiskError } from '../../src/platform/errors.ts';
import type { EventLoop } from '../event-loop.ts';
import type { FaultHits, FaultKind } from '../fault-hits.ts';
import type { Life } from '../life.ts';
import type { RandomStream } from '../random-streams.ts';
import { FileSystem } from './file-system.ts';
import { sectorBytes, type FileInode } from './inode.ts';

/** How a disk behaves. Times in virtual milliseconds; each has an exponential tail of the same mean. */
export interface DiskOptions {
  readonly readMillis: number;
  readonly writeMillis: number;
  readonly syncMillis: number;
  /** For names: open, list, rename and their like. */
  readonly metadataMillis: number;
  /** Chance that a sector or name that was not synced survives a power loss. */
  readonly keptProbability: number;
  /** Chance that a sector that was not synced holds garbage after a power loss. */
  readonly tornProbability: number;
  /** Files may hold so many bytes in all; more is ENOSPC. */
  readonly capacityBytes: number;
}

export const defaultDiskOptions: DiskOptions = {
  readMillis: 0.05,
  writeMillis: 0.02,
  syncMillis: 0.8,
  metadataMillis: 0.05,
  keptProbability: 0.5,
  tornProbability: 0.05,
  capacityBytes: 1024 * 1024 * 1024,
};

/** Faults of the moment; a scenario sets and clears them while the host runs. */
export interface DiskFaults {
  /** Chances of EIO. */
  readErrorProbability: number;
  writeErrorProbability: number;
  syncErrorProbability: number;
  /** So many of the next ones fail with EIO, and those after them succeed (fsyncgate, 2018). */
  failReads: number;
  failWrites: number;
  failSyncs: number;
  /** Added to every read, write or sync. */
  slowReadMillis: number;
  slowWriteMillis: number;
  slowSyncMillis: number;
  /** What is asked of the disk before this moment is answered then. */
  stalledUntilMillis: number;
  /** Chance that a read shows one wrong bit; the next read may be right. */
  readRotProbability: number;
  /** Chance that a sync puts one of its sectors in the place of another, anywhere on the disk. */
  misdirectProbability: number;
  /** Misdirecting may hit what looks like a torn write: what was acknowledged last. */
  misdirectsTails: boolean;
  /** Replaces the options' capacity while set. */
  capacityBytes: number | undefined;
}

const noDiskFaults: Readonly<DiskFaults> = {
  readErrorProbability: 0,
  writeErrorProbability: 0,
  syncErrorProbability: 0,
  failReads: 0,
  failWrites: 0,
  failSyncs: 0,
  slowReadMillis: 0,
  slowWriteMillis: 0,
  slowSyncMillis: 0,
  stalledUntilMillis: 0,
  readRotProbability: 0,
  misdirectProbability: 0,
  misdirectsTails: false,
  capacityBytes: undefined,
};

type ErrorKind = 'read' | 'write' | 'sync';

/** The disk of a host: it outlives the host's lives. */
export class HostDisk {
  readonly options: DiskOptions;
  readonly random: RandomStream;
  readonly faults: DiskFaults = { ...noDiskFaults };
  readonly locks = new Map<string, Life>();
  readonly #loop: EventLoop;
  readonly #hits: FaultHits;
  #fileSystem = new FileSystem();
  #copy: FileSystem | undefined;
  usedBytes = 0;

  constructor(options: DiskOptions, loop: EventLoop, random: RandomStream, hits: FaultHits) {
    this.options = options;
    this.#loop = loop;
    this.random = random;
    this.#hits = hits;
  }

  get fileSystem(): FileSystem {
    return this.#fileSystem;
  }

  losePower(): void {
    const { lost, torn, names } = this.#fileSystem.losePower(this.random, this.options);
    this.#hits.hit('write-lost', lost);
    this.#hits.hit('write-torn', torn);
    this.#hits.hit('name-lost', names);
    this.usedBytes = this.#fileSystem.usedBytes();
  }

  /** Takes away every fault of the moment. What is lost or rotten stays so. */
  mend(): void {
    Object.assign(this.faults, noDiskFaults);
  }

  /** How long an operation takes from now. */
  millis(kind: ErrorKind | 'metadata'): number {
    const { options, faults } = this;
    switch (kind) {
      case 'read':
        return this.#delay(options.readMillis, faults.slowReadMillis, 'disk-slow');
      case 'write':
        return this.#delay(options.writeMillis, faults.slowWriteMillis, 'disk-slow');
      case 'sync':
        return this.#delay(options.syncMillis, faults.slowSyncMillis, 'sync-slow');
      case 'metadata':
        return this.#delay(options.metadataMillis, 0, 'disk-slow');
    }
  }

  /** @throws DiskError EIO when it is time for one */
  failMaybe(kind: ErrorKind, path: string): void {
    const { faults } = this;
    switch (kind) {
      case 'read':
        if (faults.failReads > 0) faults.failReads--;
        else if (!this.random.chance(faults.readErrorProbability)) return;
        break;
      case 'write':
        if (faults.failWrites > 0) faults.failWrites--;
        else if (!this.random.chance(faults.writeErrorProbability)) return;
        break;
      case 'sync':
        if (faults.failSyncs > 0) faults.failSyncs--;
        else if (!this.random.chance(faults.syncErrorProbability)) return;
        break;
    }
    this.#hits.hit(`${kind}-error`);
    throw new DiskError('EIO', path, `an injected error of a ${kind} of ${path}`);
  }

  /** @throws DiskError ENOSPC when there is no room for so many bytes more */
  claim(bytes: number, path: string): void {
    const capacityBytes = this.faults.capacityBytes ?? this.options.capacityBytes;
    if (bytes > 0 && this.usedBytes + bytes > capacityBytes) {
      this.#hits.hit('disk-full');
      throw new DiskError('ENOSPC', path, `no space left for ${path}`);
    }
    this.usedBytes += bytes;
  }

  /** What a reader is shown of `bytes`. */
  shown(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || !this.random.chance(this.faults.readRotProbability)) return bytes;
    this.#hits.hit('read-rot');
    const at = this.random.integer(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << this.random.integer(8));
    return bytes;
  }

  sync(inode: FileInode): void {
    if (this.random.chance(this.faults.misdirectProbability)) this.#misdirect(inode);
    inode.sync();
  }

  /**
   * One bit at rest turns, in a file whose path contains `part`. With `sparesTails` not in what was written to a file
   * last, for there rot cannot be told from a torn write.
   *
   * @returns where it was; undefined when there is nothing to rot
   */
  rot(part: string, sparesTails: boolean): { readonly path: string; readonly offset: number } | undefined {
    const candidates = [...this.#fileSystem.files()]
      .map(({ path, inode }) => ({
        path,
        inode,
        bytes: sparesTails ? inode.tailOffset : inode.contentsBytes,
      }))
      .filter(({ path, bytes }) => bytes > 0 && path.includes(part));
    if (candidates.length === 0) return undefined;
    const { path, inode, bytes } = this.random.pick(candidates);
    const offset = this.random.integer(bytes);
    inode.flipBit(offset, this.random.integer(8));
    this.#hits.hit('rot');
    return { path, offset };
  }

  /** Everything is gone. The host must be off. */
  wipe(): void {
    this.#replace(new FileSystem());
    this.#hits.hit('disk-wiped');
  }

  /** The contents of the two disks change places. Both hosts must be off. */
  swap(other: HostDisk): void {
    const mine = this.#fileSystem;
    this.#replace(other.#fileSystem);
    other.#replace(mine);
    this.#hits.hit('disk-swapped');
  }

  /** Remembers what is durable now, as a snapshot of the volume does. Costs as much as it holds (S6's one exception). */
  copy(): void {
    this.#copy = this.#fileSystem.copy();
  }

  get hasCopy(): boolean {
    return this.#copy !== undefined;
  }

  /** Goes back to the last copy, which there must be. The host must be off. */
  restore(): void {
    this.#replace(must(this.#copy, 'nothing was copied').copy());
    this.#hits.hit('disk-restored');
  }

  #replace(fileSystem: FileSystem): void {
    this.#fileSystem = fileSystem;
    this.usedBytes = fileSystem.usedBytes();
    this.locks.clear();
  }

  #delay(meanMillis: number, extraMillis: number, slow: FaultKind): number {
    if (extraMillis > 0) this.#hits.hit(slow);
    const millis = meanMillis / 2 + this.random.exponential(meanMillis / 2) + extraMillis;
    const stalledMillis = this.faults.stalledUntilMillis - this.#loop.nowMillis;
    if (stalledMillis <= millis) return millis;
    this.#hits.hit('disk-stalled');
    return stalledMillis;
  }

  /** A sector of this sync takes the place of another, and is itself missing: seen when the page cache is gone. */
  #misdirect(inode: FileInode): void {
    const sectors = inode.dirtySectors();
    const files = [...this.#fileSystem.files()].filter(({ inode: { sizeBytes } }) => sizeBytes > 0);
    if (sectors.length === 0 || files.length === 0) return;
    const sector = this.random.pick(sectors);
    const victim = this.random.pick(files).inode;
    const place = this.random.integer(Math.ceil(victim.sizeBytes / sectorBytes));
    const sparesTails = !this.faults.misdirectsTails;
    victim.receive(place, inode.misplace(sector, sparesTails), sparesTails);
    this.#hits.hit('write-misdirected');
  }
}
