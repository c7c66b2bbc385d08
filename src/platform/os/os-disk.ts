import { link, mkdir, open, readFile, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { compareStrings } from '../../base/order.ts';

import { DiskError } from '../errors.ts';
import type { Disk, DiskFile, DiskLock } from '../disk.ts';
import { isProcessAlive, readProcessStat } from './process-stat.ts';
import { diskError, systemCode } from './system-errors.ts';

const openFlags = { read: 'r', update: 'r+', create: 'wx+' } as const;
const lockName = 'LOCK';

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
    await attempt('make the folder', directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
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

  async lock(directory: string): Promise<DiskLock> {
    const path = `${directory}/${lockName}`;
    const startId = (await readProcessStat(process.pid))?.startId ?? '';
    const mine = `${process.pid} ${startId}\n`;
    const temporary = `${path}.${process.pid}`;
    // The file appears with its contents or not at all: written aside, then linked under its name.
    await attempt('lock', directory, () => writeFile(temporary, mine, { mode: 0o600 }));
    try {
      if (!(await linkIfAbsent(directory, temporary, path))) {
        await this.#removeStale(directory, path);
        if (!(await linkIfAbsent(directory, temporary, path)))
          throw lockedError(directory, 'another process');
      }
    } finally {
      await attempt('remove', temporary, () => unlink(temporary));
    }
    let held = true;
    return {
      release: async () => {
        if (!held) return;
        held = false;
        await attempt('unlock', directory, () => unlink(path));
      },
    };
  }

  /** Takes the lock file of a dead process away. ELOCKED when its holder lives. */
  async #removeStale(directory: string, path: string): Promise<void> {
    const found = await attempt('read the lock of', directory, () => readIfPresent(path));
    if (found === undefined) return;
    const [pidText = '', startId = ''] = found.trimEnd().split(' ');
    const pid = Number(pidText);
    if (!Number.isSafeInteger(pid) || pid < 1) {
      throw new DiskError(
        'ELOCKED',
        directory,
        `${path} is not a lock file of ours: if no process uses ${directory}, remove it`,
      );
    }
    if (await isProcessAlive(pid, startId)) throw lockedError(directory, `process ${pid}`);
    // Two starters may both find it stale. Each moves the file aside and looks again at what it moved, so
    // that the slower one notices the fresh lock of the faster one and puts it back.
    const aside = `${path}.stale.${process.pid}`;
    const moved = await attempt('take over the lock of', directory, () => renameIfPresent(path, aside));
    if (!moved) return;
    const taken = await attempt('read the lock of', directory, () => readFile(aside, 'utf8'));
    if (taken !== found) await linkIfAbsent(directory, aside, path);
    await attempt('remove', aside, () => unlink(aside));
    if (taken !== found) throw lockedError(directory, `process ${taken.split(' ')[0]}`);
  }
}

function lockedError(directory: string, holder: string): DiskError {
  return new DiskError(
    'ELOCKED',
    directory,
    `${directory} is in use by ${holder}: stop it, or use another folder`,
  );
}

function linkIfAbsent(directory: string, from: string, to: string): Promise<boolean> {
  return attempt('lock', directory, () => unlessCode('EEXIST', () => link(from, to)));
}

function renameIfPresent(from: string, to: string): Promise<boolean> {
  return unlessCode('ENOENT', () => rename(from, to));
}

/** True when `work` succeeds, false when it fails with this system error. */
async function unlessCode(code: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (systemCode(error) === code) return false;
    throw error;
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

class OsDiskFile implements DiskFile {
  readonly path: string;
  readonly #handle: FileHandle;

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
    return attempt('write', this.path, async () => {
      let written = 0;
      while (written < bytes.length) {
        const length = bytes.length - written;
        written += (await this.#handle.write(bytes, written, length, offset + written)).bytesWritten;
      }
    });
  }

  truncate(length: number): Promise<void> {
    return attempt('truncate', this.path, () => this.#handle.truncate(length));
  }

  sync(): Promise<void> {
    return attempt('sync', this.path, () => this.#handle.datasync());
  }

  close(): Promise<void> {
    return attempt('close', this.path, () => this.#handle.close());
  }
}
