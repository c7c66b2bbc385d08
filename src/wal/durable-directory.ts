import type { Disk } from '../platform/disk.ts';

/**
 * Makes a folder whose own name survives a power loss, and the names of all folders that it makes on the way:
 * a log that was synced to the last byte is gone all the same if the folder around it is.
 */
export async function makeDurableDirectory(disk: Disk, directory: string): Promise<void> {
  const made = [directory];
  for (let path = parentOf(directory); !isTop(path) && !(await disk.exists(path)); path = parentOf(path)) {
    made.push(path);
  }
  await disk.makeDirectory(directory);
  for (const path of made) await disk.syncDirectory(parentOf(path));
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
