import { fdatasync, write } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

import { deferred } from '../../base/deferred.ts';
import type { Deferred } from '../../base/deferred.ts';
import { compareStrings } from '../../base/order.ts';

import { DiskError } from '../errors.ts';
import type { Disk, DiskFile, DiskLock } from '../disk.ts';
import { lockDirectory } from './os-lock.ts';
import { diskError, systemCode } from './system-errors.ts';

// A FileHandle's own take 6 µs longer, together: a put that is alone waits for both.
const writeAt = promisify(write);
const datasync = promisify(fdatasync);

const openFlags = { read: 'r', update: 'r+', create: 'wx+' } as const;

/** Runs a file operation; what the system refuses becomes a DiskError that says what was tried. */
async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, action, path);
  }
}

/** This host's file system. */
export class OsDisk implements Disk {
  open(path: string, access: 'read' | 'update' | 'create', mode = 0o600): Promise<DiskFile> {
    const action = access === 'create' ? 'create' : 'open';
    return attempt(action, path, async () => new OsDiskFile(path, await open(path, openFlags[access], mode)));
  }

  list(directory: string): Promise<readonly string[]> {
    return attempt('list', directory, async () => (await readdir(directory)).sort(compareStrings));
  }

  exists(path: string): Promise<boolean> {
    return attempt('look for', path, async () => {
      try {
        await stat(path);
        return true;
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return false;
        throw error;
      }
    });
  }

  async makeDirectory(directory: string): Promise<void> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw diskError(error, 'make the folder', directory);
      const message = `cannot make the folder ${directory}: a file has that name; move it away`;
      throw new DiskError('EEXIST', directory, message, { cause: error });
    }
  }

  rename(from: string, to: string): Promise<void> {
    return attempt(`rename to ${to}`, from, () => rename(from, to));
  }

  remove(path: string): Promise<void> {
    return attempt('remove', path, () => unlink(path));
  }

  removeTree(directory: string): Promise<void> {
    return attempt('remove', directory, () => rm(directory, { recursive: true, force: true }));
  }

  syncDirectory(directory: string): Promise<void> {
    return attempt('sync the folder', directory, async () => {
      const handle = await open(directory, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  lock(directory: string): Promise<DiskLock> {
    return lockDirectory(directory);
  }
}

class OsDiskFile implements DiskFile {
  readonly path: string;
  readonly #handle: FileHandle;
  /** Under way. */
  #operations = 0;
  /** Resolves when none is, for who closes. */
  #quiet: Deferred<void> | undefined;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  size(): Promise<number> {
    return attempt('measure', this.path, async () => (await this.#handle.stat()).size);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return attempt('read', this.path, async () => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled === length ? bytes : bytes.subarray(0, filled);
    });
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#attemptOnFd('write', async (fd) => {
      let written = 0;
      while (written < bytes.length) {
        const length = bytes.length - written;
        written += (await writeAt(fd, bytes, written, length, offset + written)).bytesWritten;
      }
    });
  }

  truncate(length: number): Promise<void> {
    return attempt('truncate', this.path, () => this.#handle.truncate(length));
  }

  sync(): Promise<void> {
    return this.#attemptOnFd('sync', datasync);
  }

  close(): Promise<void> {
    return attempt('close', this.path, async () => {
      // The number of a closed file may be another file's at once: a write that is done in two halves would go on in there.
      if (this.#operations > 0) {
        this.#quiet ??= deferred<void>();
        await this.#quiet.promise;
      }
      await this.#handle.close();
    });
  }

  /** For what the FileHandle knows nothing of. */
  async #attemptOnFd(action: string, work: (fd: number) => Promise<void>): Promise<void> {
    this.#operations++;
    try {
      await work(this.#handle.fd);
    } catch (error) {
      throw diskError(error, action, this.path);
    } finally {
      this.#operations--;
      if (this.#operations === 0) this.#quiet?.resolve();
    }
  }
}

/** `disk`, on which nothing is waited for: what was written last may be gone after a power loss. */
export function withoutSync(disk: Disk): Disk {
  const unsynced = (file: DiskFile): DiskFile => ({
    path: file.path,
    size: () => file.size(),
    read: (offset, length) => file.read(offset, length),
    write: (offset, bytes) => file.write(offset, bytes),
    truncate: (length) => file.truncate(length),
    sync: () => Promise.resolve(),
    close: () => file.close(),
  });
  return {
    open: async (path, access, mode) => unsynced(await disk.open(path, access, mode)),
    list: (directory) => disk.list(directory),
    exists: (path) => disk.exists(path),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    removeTree: (directory) => disk.removeTree(directory),
    syncDirectory: () => Promise.resolve(),
    lock: (directory) => disk.lock(directory),
  };
}
