import { assert } from '../../src/base/assert.ts';
import type { Disk, DiskFile, DiskLock } from '../../src/platform/disk.ts';
import { DiskError, type DiskErrorCode } from '../../src/platform/errors.ts';
import type { Life } from '../life.ts';
import type { RandomStream } from '../random-streams.ts';
import { FileSystem, parts } from './file-system.ts';
import type { FileInode } from './inode.ts';

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
  readErrorProbability: number;
  writeErrorProbability: number;
  syncErrorProbability: number;
  /** Added to every sync: a disk that stalls. */
  slowSyncMillis: number;
  /** Replaces the options' capacity while set. */
  capacityBytes: number | undefined;
}

export const noDiskFaults: Readonly<DiskFaults> = {
  readErrorProbability: 0,
  writeErrorProbability: 0,
  syncErrorProbability: 0,
  slowSyncMillis: 0,
  capacityBytes: undefined,
};

/** The disk of a host: it outlives the host's lives. */
export class HostDisk {
  readonly options: DiskOptions;
  readonly random: RandomStream;
  readonly fileSystem = new FileSystem();
  readonly faults: DiskFaults = { ...noDiskFaults };
  readonly locks = new Map<string, Life>();
  usedBytes = 0;

  constructor(options: DiskOptions, random: RandomStream) {
    this.options = options;
    this.random = random;
  }

  losePower(): void {
    this.fileSystem.losePower(this.random, this.options);
    this.usedBytes = this.fileSystem.usedBytes();
  }
}

/** The disk as one life of its host sees it. */
export class SimulatedDisk implements Disk {
  readonly #life: Life;
  readonly #host: HostDisk;

  constructor(life: Life, host: HostDisk) {
    this.#life = life;
    this.#host = host;
  }

  open(path: string, access: 'read' | 'update' | 'create', _mode?: number): Promise<DiskFile> {
    return this.#names('open', (fs) => {
      const inode = access === 'create' ? fs.create(path) : fs.file(path);
      return new SimulatedFile(path, inode, access !== 'read', this.#life, this.#host);
    });
  }

  list(directory: string): Promise<readonly string[]> {
    return this.#names('list', (fs) => fs.list(directory));
  }

  exists(path: string): Promise<boolean> {
    return this.#names('exists', (fs) => fs.exists(path));
  }

  makeDirectory(directory: string): Promise<void> {
    return this.#names('mkdir', (fs) => fs.makeDirectory(directory));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#names('rename', (fs) => fs.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#names('remove', (fs) => fs.remove(path));
  }

  removeTree(directory: string): Promise<void> {
    return this.#names('remove tree', (fs) => fs.removeTree(directory));
  }

  syncDirectory(directory: string): Promise<void> {
    const { options, faults, random } = this.#host;
    const millis = latency(options.syncMillis, random) + faults.slowSyncMillis;
    return this.#life.later(millis, 'disk syncDirectory', () => {
      failMaybe(this.#host, faults.syncErrorProbability, directory, 'syncing');
      this.#host.fileSystem.syncDirectory(directory);
    });
  }

  lock(directory: string): Promise<DiskLock> {
    return this.#names('lock', (fs) => {
      fs.directory(directory);
      const name = parts(directory).join('/');
      const holder = this.#host.locks.get(name);
      if (holder?.alive === true)
        throw new DiskError('ELOCKED', directory, `${directory} is taken by ${holder.name}`);
      this.#host.locks.set(name, this.#life);
      let released = false;
      return {
        release: () =>
          this.#names('unlock', () => {
            if (!released && this.#host.locks.get(name) === this.#life) this.#host.locks.delete(name);
            released = true;
          }),
      };
    });
  }

  #names<T>(what: string, act: (fileSystem: FileSystem) => T): Promise<T> {
    const { options, random, fileSystem } = this.#host;
    return this.#life.later(latency(options.metadataMillis, random), `disk ${what}`, () => {
      const result = act(fileSystem);
      this.#host.usedBytes = fileSystem.usedBytes();
      return result;
    });
  }
}

class SimulatedFile implements DiskFile {
  readonly path: string;
  readonly #inode: FileInode;
  readonly #writable: boolean;
  readonly #life: Life;
  readonly #host: HostDisk;
  #closed = false;

  constructor(path: string, inode: FileInode, writable: boolean, life: Life, host: HostDisk) {
    this.path = path;
    this.#inode = inode;
    this.#writable = writable;
    this.#life = life;
    this.#host = host;
  }

  size(): Promise<number> {
    return this.#do('size', this.#host.options.metadataMillis, () => this.#inode.sizeBytes);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#do('read', this.#host.options.readMillis, () => {
      failMaybe(this.#host, this.#host.faults.readErrorProbability, this.path, 'reading');
      return this.#inode.read(offset, length);
    });
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#do('write', this.#host.options.writeMillis, () => {
      this.#mustBeWritable();
      failMaybe(this.#host, this.#host.faults.writeErrorProbability, this.path, 'writing');
      this.#resize(Math.max(this.#inode.sizeBytes, offset + bytes.length), () =>
        this.#inode.write(offset, bytes),
      );
    });
  }

  truncate(length: number): Promise<void> {
    return this.#do('truncate', this.#host.options.metadataMillis, () => {
      this.#mustBeWritable();
      this.#resize(length, () => this.#inode.truncate(length));
    });
  }

  sync(): Promise<void> {
    const { options, faults, random } = this.#host;
    return this.#do(
      'sync',
      options.syncMillis,
      () => {
        if (random.chance(faults.syncErrorProbability)) {
          this.#inode.forsake();
          throw new DiskError('EIO', this.path, `an injected error syncing ${this.path}`);
        }
        this.#inode.sync();
      },
      faults.slowSyncMillis,
    );
  }

  close(): Promise<void> {
    return this.#life.later(0, 'disk close', () => {
      this.#closed = true;
    });
  }

  #do<T>(what: string, meanMillis: number, act: () => T, extraMillis = 0): Promise<T> {
    assert(!this.#closed, () => `${what} of ${this.path} after close`);
    return this.#life.later(latency(meanMillis, this.#host.random) + extraMillis, `disk ${what}`, act);
  }

  #mustBeWritable(): void {
    if (!this.#writable) fail('EACCES', this.path, `${this.path} was opened for reading`);
  }

  #resize(sizeBytes: number, act: () => void): void {
    const growthBytes = sizeBytes - this.#inode.sizeBytes;
    const capacityBytes = this.#host.faults.capacityBytes ?? this.#host.options.capacityBytes;
    if (growthBytes > 0 && this.#host.usedBytes + growthBytes > capacityBytes) {
      fail('ENOSPC', this.path, `no space left for ${this.path}`);
    }
    act();
    this.#host.usedBytes += growthBytes;
  }
}

function latency(meanMillis: number, random: RandomStream): number {
  return meanMillis / 2 + random.exponential(meanMillis / 2);
}

function failMaybe(host: HostDisk, probability: number, path: string, doing: string): void {
  if (host.random.chance(probability)) fail('EIO', path, `an injected error ${doing} ${path}`);
}

function fail(code: DiskErrorCode, path: string, message: string): never {
  throw new DiskError(code, path, message);
}
