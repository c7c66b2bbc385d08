import { crc32c } from '../base/crc32c.ts';

import type { Disk } from '../platform/disk.ts';
import { makeDurableDirectory } from './durable-directory.ts';

/** A state of the owner's at a point of its log. */
export interface SnapshotFile {
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

/** A file that is not what it claims to be, and was passed over. */
export interface BrokenSnapshot {
  readonly path: string;
  readonly reason: string;
}

/**
 * On disk, little-endian: magic u32 | crc u32 | term u64 | index u64 | length u64 | data. `crc` covers
 * everything after it.
 */
const headerBytes = 32;
const magic = 0x53_4b_43_44;
const two32 = 2 ** 32;

/**
 * Writes a snapshot next to the others in `directory`, which is made if it is missing. When it resolves, the
 * snapshot is durable; before, it is not there at all. Rejects with a DiskError.
 */
export async function saveSnapshot(disk: Disk, directory: string, snapshot: SnapshotFile): Promise<void> {
  await makeDurableDirectory(disk, directory);
  const path = snapshotPath(directory, snapshot);
  const temporary = `${path}.tmp`;
  if (await disk.exists(temporary)) await disk.remove(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await file.write(0, encode(snapshot));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(directory);
}

/**
 * The snapshot with the highest index whose checksum is right and which `wanted` does not refuse, and the newer
 * files that are damaged: the caller warns about those, and must check that its log reaches back to the
 * one it got.
 */
export async function loadNewestSnapshot(
  disk: Disk,
  directory: string,
  wanted: (index: number, term: number) => boolean = () => true,
): Promise<{ readonly snapshot?: SnapshotFile; readonly broken: readonly BrokenSnapshot[] }> {
  const broken: BrokenSnapshot[] = [];
  for (const name of await newestFirst(disk, directory)) {
    const path = `${directory}/${name}`;
    const result = decode(await readWhole(disk, path));
    if (typeof result === 'string') broken.push({ path, reason: result });
    else if (snapshotPath(directory, result) !== path) {
      broken.push({ path, reason: 'it is not the snapshot that its name says' });
    } else if (wanted(result.index, result.term)) return { snapshot: result, broken };
  }
  return { broken };
}

/**
 * Removes all but the `keep` newest snapshots of an index <= `newestIndex`, the newest that counts, and what a crash
 * left: unfinished files, and newer snapshots that never came to count and must not take the place of those.
 */
export async function removeOldSnapshots(
  disk: Disk,
  directory: string,
  keep: number,
  newestIndex: number,
): Promise<void> {
  if (!(await disk.exists(directory))) return;
  const unfinished = (await disk.list(directory)).filter((name) => name.endsWith('.snap.tmp'));
  const snapshots = await newestFirst(disk, directory);
  const counting = snapshots.filter((name) => Number.parseInt(name.slice(0, 16), 16) <= newestIndex);
  const useless = [
    ...unfinished,
    ...snapshots.filter((name) => !counting.includes(name)),
    ...counting.slice(keep),
  ];
  for (const name of useless) await disk.remove(`${directory}/${name}`);
  if (useless.length > 0) await disk.syncDirectory(directory);
}

/** Index before term, so that names sort by age of the state they hold. */
function snapshotPath(directory: string, { term, index }: SnapshotFile): string {
  const hex = (value: number): string => value.toString(16).padStart(16, '0');
  return `${directory}/${hex(index)}-${hex(term)}.snap`;
}

async function newestFirst(disk: Disk, directory: string): Promise<string[]> {
  if (!(await disk.exists(directory))) return [];
  return (await disk.list(directory))
    .filter((name) => /^[0-9a-f]{16}-[0-9a-f]{16}\.snap$/.test(name))
    .toReversed();
}

function encode({ term, index, data }: SnapshotFile): Uint8Array {
  const bytes = new Uint8Array(headerBytes + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  setUint64(view, 8, term);
  setUint64(view, 16, index);
  setUint64(view, 24, data.length);
  bytes.set(data, headerBytes);
  view.setUint32(4, crc32c(bytes.subarray(8)), true);
  return bytes;
}

/** The snapshot, or why the bytes are none. */
function decode(bytes: Uint8Array): SnapshotFile | string {
  if (bytes.length < headerBytes) return `it has only ${bytes.length} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) return 'it does not begin as a snapshot does';
  const length = getUint64(view, 24);
  if (bytes.length !== headerBytes + length) return `it should hold ${length} bytes of data`;
  if (view.getUint32(4, true) !== crc32c(bytes.subarray(8))) return 'its checksum is wrong';
  return { term: getUint64(view, 8), index: getUint64(view, 16), data: bytes.subarray(headerBytes) };
}

function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % two32, true);
  view.setUint32(offset + 4, Math.floor(value / two32), true);
}

function getUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * two32;
}

async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, 'read');
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}
