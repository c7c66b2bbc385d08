import { DiskError } from '../platform/errors.ts';
import type { Disk } from '../platform/disk.ts';

/**
 * Makes a folder whose own name survives a power loss, and the names of all folders that it makes on the way:
 * a log that was synced to the last byte is gone all the same if the folder around it is.
 */
export async function makeDurableDirectory(disk: Disk, directory: string): Promise<void> {
  const missing: string[] = [];
  let existing = directory;
  for (; !isTop(existing) && !(await disk.exists(existing)); existing = parentOf(existing)) {
    missing.push(existing);
  }
  if (!isTop(existing)) {
    // Refuses a file of that name, with the disk's own sentence.
    await disk.makeDirectory(existing);
    // An attempt that was killed may have left the last one there is without a durable name.
    await syncIfReadable(disk, parentOf(existing));
  }
  // From above, each durable before the next: so only the last one there is can be in doubt.
  for (const path of missing.toReversed()) {
    await disk.makeDirectory(path);
    await disk.syncDirectory(parentOf(path));
  }
}

/** A folder that this process may not read is none that it made anything in. */
async function syncIfReadable(disk: Disk, directory: string): Promise<void> {
  try {
    await disk.syncDirectory(directory);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'EACCES') throw error;
  }
}

/** Of a path without a trailing slash; a relative path ends at `.`, the folder it starts from. */
function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}

function isTop(path: string): boolean {
  return path === '.' || path === '/';
}
