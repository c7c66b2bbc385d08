import type { Disk, DiskFile } from '../../platform/disk.ts';
import { DiskError } from '../../platform/errors.ts';

/** The whole file, or undefined when there is none. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const file = await openIfThere(disk, path);
  if (file === undefined) return undefined;
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

/** Replaces the file's contents atomically and durably. */
export async function replaceWhole(
  disk: Disk,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const draft = `${directory}/${name}.draft`;
  const file = await openEmpty(disk, draft);
  try {
    await file.write(0, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}

/** An empty file at `path`, whatever was there. */
export async function openEmpty(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.open(path, 'create');
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'EEXIST') throw error;
  }
  const file = await disk.open(path, 'update');
  await file.truncate(0);
  return file;
}

export async function openIfThere(disk: Disk, path: string): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path, 'read');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'ENOENT') throw error;
  }
}

/** Names in a folder; none when it is missing. */
export async function listIfThere(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return [];
    throw error;
  }
}
