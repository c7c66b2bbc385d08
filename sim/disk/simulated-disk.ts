import { assert } from '../../src/base/assert.ts';
import type { Disk, DiskFile, DiskLock } from '../../src/platform/disk.ts';
import { DiskError } from '../../src/platform/errors.ts';
import type { Life } from '../life.ts';
import { parts, type FileSystem } from './file-system.ts';
import type { HostDisk } from './host-disk.ts';
import type { FileInode } from './inode.ts';

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
    return this.#names('rename', (fs) => {
      const replacedBytes = fs.sizeOf(to);
      fs.rename(from, to);
      // Onto itself it replaces nothing.
      if (!fs.exists(from)) this.#host.usedBytes -= replacedBytes;
    });
  }

  remove(path: string): Promise<void> {
    return this.#names('remove', (fs) => {
      const removedBytes = fs.sizeOf(path);
      fs.remove(path);
      this.#host.usedBytes -= removedBytes;
    });
  }

  removeTree(directory: string): Promise<void> {
    return this.#names('remove tree', (fs) => {
      fs.removeTree(directory);
      this.#host.usedBytes = fs.usedBytes();
    });
  }

  syncDirectory(directory: string): Promise<void> {
    return later(this.#life, this.#host, 'sync', 'disk syncDirectory', () => {
      this.#host.failMaybe('sync', directory);
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
    return later(this.#life, this.#host, 'metadata', `disk ${what}`, () => act(this.#host.fileSystem));
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
    return this.#do('metadata', 'disk size', () => this.#inode.sizeBytes);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#do('read', 'disk read', () => {
      this.#host.failMaybe('read', this.path);
      return this.#host.shown(this.#inode.read(offset, length));
    });
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#do('write', 'disk write', () => {
      this.#mustBeWritable();
      this.#host.failMaybe('write', this.path);
      this.#host.claim(Math.max(0, offset + bytes.length - this.#inode.sizeBytes), this.path);
      this.#inode.write(offset, bytes);
    });
  }

  truncate(length: number): Promise<void> {
    return this.#do('metadata', 'disk truncate', () => {
      this.#mustBeWritable();
      this.#host.claim(length - this.#inode.sizeBytes, this.path);
      this.#inode.truncate(length);
    });
  }

  sync(): Promise<void> {
    return this.#do('sync', 'disk sync', () => {
      try {
        this.#host.failMaybe('sync', this.path);
      } catch (error) {
        this.#inode.forsake();
        throw error;
      }
      this.#host.sync(this.#inode);
    });
  }

  close(): Promise<void> {
    return this.#life.later(0, 'disk close', () => {
      this.#closed = true;
    });
  }

  #do<T>(kind: OperationKind, what: string, act: () => T): Promise<T> {
    assert(!this.#closed, () => `${what} of ${this.path} after close`);
    return later(this.#life, this.#host, kind, what, act);
  }

  #mustBeWritable(): void {
    if (this.#writable) return;
    throw new DiskError('EACCES', this.path, `${this.path} was opened for reading`);
  }
}

type OperationKind = Parameters<HostDisk['millis']>[0];

/** Does something after the time that the disk takes for it. Of what the dead ask for it hears nothing. */
function later<T>(life: Life, host: HostDisk, kind: OperationKind, what: string, act: () => T): Promise<T> {
  return life.later(life.alive ? host.millis(kind) : 0, what, act);
}
