import type { Disk } from '../platform/disk.ts';

/** Makes a folder whose own name survives a power loss. Its parent must be durable already. */
export async function makeDurableDirectory(disk: Disk, directory: string): Promise<void> {
  await disk.makeDirectory(directory);
  const slash = directory.lastIndexOf('/');
  if (slash > 0) await disk.syncDirectory(directory.slice(0, slash));
}
