import type { Disk, DiskFile } from '../platform/disk.ts';
import type { FaultPoints } from '../platform/fault-points.ts';
import { segmentPath } from './segment.ts';

/** A segment made ahead, under its temporary name: zeros, durable. */
export interface SpareSegment {
  readonly file: DiskFile;
  readonly path: string;
  readonly bytes: number;
}

/** One write of zeros. Others get at the disk between two of them. */
const zerosBytes = 256 * 1024;
const zeros = new Uint8Array(zerosBytes);

/** Zeros from `start` to `end`. */
export async function writeZeros(file: DiskFile, start: number, end: number): Promise<void> {
  for (let at = start; at < end; at += zerosBytes) {
    await file.write(at, zeros.subarray(0, Math.min(zerosBytes, end - at)));
  }
}

/**
 * Makes the next segment ahead. Really written, not just reserved: a sync of what overwrites zeros has neither a size nor
 * blocks to make durable, whereas reserved blocks would each be noted as written.
 *
 * Resolves with undefined when the disk refuses: whoever needs the segment makes it then, and hears the reason.
 */
export async function prepareSpare(
  disk: Disk,
  directory: string,
  number: number,
  bytes: number,
): Promise<SpareSegment | undefined> {
  const path = temporaryPath(directory, number);
  let file: DiskFile | undefined;
  try {
    file = await disk.open(path, 'create');
    await writeZeros(file, 0, bytes);
    await file.sync();
    return { file, path, bytes };
  } catch {
    // What is there of it must not be used: its sync may have failed.
    if (file !== undefined) await discardSpare(disk, { file, path, bytes });
    return undefined;
  }
}

/** Never fails: what stays is removed when the log is opened, or another is begun. */
export async function discardSpare(disk: Disk, spare: SpareSegment): Promise<void> {
  try {
    await spare.file.close();
    await disk.remove(spare.path);
  } catch {
    // See above.
  }
}

/** Gives a segment its first frame under its temporary name, and its own name once that is durable (W6). */
export async function beginSegment(
  disk: Disk,
  directory: string,
  faults: FaultPoints,
  number: number,
  firstFrame: Uint8Array,
  spare: SpareSegment | undefined,
): Promise<{ readonly file: DiskFile; readonly allocated: number }> {
  const path = temporaryPath(directory, number);
  if (spare === undefined && (await disk.exists(path))) await disk.remove(path);
  const file = spare?.file ?? (await disk.open(path, 'create'));
  await file.write(0, firstFrame);
  await file.sync();
  faults.reach('wal.cut.before-name');
  await disk.rename(path, segmentPath(directory, number));
  faults.reach('wal.cut.before-folder-sync');
  await disk.syncDirectory(directory);
  return { file, allocated: Math.max(firstFrame.length, spare?.bytes ?? 0) };
}

function temporaryPath(directory: string, number: number): string {
  return `${segmentPath(directory, number)}.tmp`;
}
