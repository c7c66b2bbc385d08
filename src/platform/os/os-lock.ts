import { randomUUID } from 'node:crypto';
import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';

import { DiskError } from '../errors.ts';
import type { DiskLock } from '../disk.ts';
import { isProcessAlive, readProcessStat } from './process-stat.ts';
import { diskError, systemCode } from './system-errors.ts';

/** What a lock file holds after its holder gave it back. */
const free = 'free\n';

/**
 * Takes a folder for this process.
 *
 * Lock files come in generations, LOCK.1, LOCK.2, …: who made the newest holds the lock, until it writes
 * `free` into it or dies. A generation is made exclusively, and the newest one is never removed. So of many
 * who find the holder dead at once, exactly one makes the next, however slow the others are.
 */
export async function lockDirectory(directory: string): Promise<DiskLock> {
  try {
    return await takeLock(directory);
  } catch (error) {
    throw error instanceof DiskError ? error : diskError(error, 'lock', directory);
  }
}

async function takeLock(directory: string): Promise<DiskLock> {
  const newest = await newestGeneration(directory);
  if (newest > 0) await requireFree(directory, lockPath(directory, newest));
  const mine = newest + 1;
  const path = lockPath(directory, mine);
  const startId = (await readProcessStat(process.pid))?.startId ?? '';
  if (!(await createWhole(path, `${process.pid} ${startId}\n`)))
    throw lockedError(directory, 'another process');
  if ((await newestGeneration(directory)) !== mine) {
    // Generations went by since we looked, and ours had been made and removed before.
    await rm(path, { force: true });
    throw lockedError(directory, 'another process');
  }
  for (const generation of await generations(directory)) {
    if (generation < mine) await rm(lockPath(directory, generation), { force: true });
  }
  let held = true;
  return {
    release: async () => {
      if (!held) return;
      held = false;
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        await writeFile(temporary, free, { mode: 0o600, flush: true });
        await rename(temporary, path);
      } catch (error) {
        throw diskError(error, 'unlock', directory);
      }
    },
  };
}

/** Rejects with ELOCKED while the holder of the lock file lives. */
async function requireFree(directory: string, path: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    // Removed by the holder of a newer generation.
    if (systemCode(error) === 'ENOENT') throw lockedError(directory, 'another process');
    throw error;
  }
  if (text === free) return;
  const found = /^([1-9]\d*) (\d*)\n$/.exec(text);
  if (found === null) {
    const message = `${path} is not a lock file of ours: if no process uses ${directory}, remove it`;
    throw new DiskError('ELOCKED', directory, message);
  }
  const [, pid, startId] = found;
  if (await isProcessAlive(Number(pid), startId ?? '')) throw lockedError(directory, `process ${pid}`);
}

function lockedError(directory: string, holder: string): DiskError {
  const message = `${directory} is in use by ${holder}: stop it, or use another folder`;
  return new DiskError('ELOCKED', directory, message);
}

function lockPath(directory: string, generation: number): string {
  return `${directory}/LOCK.${generation}`;
}

async function generations(directory: string): Promise<number[]> {
  const names = (await readdir(directory)).filter((name) => /^LOCK\.[1-9]\d*$/.test(name));
  return names.map((name) => Number(name.slice('LOCK.'.length)));
}

/** 0 when there is none. */
async function newestGeneration(directory: string): Promise<number> {
  return Math.max(0, ...(await generations(directory)));
}

/** Makes a file that appears with its contents or not at all; false when there is one already. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  // Synced, or a power loss leaves the name of an empty file, which nobody would dare to take for free.
  await writeFile(temporary, text, { mode: 0o600, flush: true });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
