import { assert } from '../base/assert.ts';
import { isZero } from '../base/bytes.ts';

import type { Disk } from '../platform/disk.ts';
import { WalError } from './errors.ts';
import { decodeFrame, findFrame, recordTypeMax } from './frame.ts';
import type { WalRecord } from './frame.ts';

/** Of the first record of each segment: the owner's metadata, with the segment's number as its index. */
export const metadataType = recordTypeMax + 1;

/** What an acknowledged but unreadable record calls for. */
const remedy =
  'replace this member: `etcdctl member remove` it, empty its data directory, and `etcdctl member add` it again';

/** One file of the log, checked from its first byte to its last. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly metadata: Uint8Array;
  /** In the order appended, without the metadata. */
  readonly records: readonly WalRecord[];
  /** The largest index of its records; 0 when there is none. */
  readonly lastIndex: number;
  /** The checksum that its first frame names as that of the frame before it. */
  readonly previousCrc: number;
  /** The checksum of its last frame. */
  readonly crc: number;
  /** Where the last frame starts and ends. */
  readonly lastFrame: number;
  readonly end: number;
  /** What follows is not just preallocated zeros: a write that was never acknowledged, half there. */
  readonly torn: boolean;
}

export function segmentPath(directory: string, number: number): string {
  return `${directory}/${number.toString(16).padStart(16, '0')}.wal`;
}

/** The numbers of the segments in a folder, ascending. */
export function segmentNumbers(names: readonly string[]): number[] {
  return names
    .filter((name) => /^[0-9a-f]{16}\.wal$/.test(name))
    .map((name) => Number.parseInt(name, 16))
    .toSorted((a, b) => a - b);
}

/**
 * Reads and checks a segment.
 *
 * Where the frames end, one of three things is true. Only zeros follow: that is all. No intact frame
 * follows: a torn write, never acknowledged, for the sync of each frame precedes the write of the next.
 * An intact frame follows: what is unreadable before it had been acknowledged, and is lost.
 *
 * Rejects with a WalError `damaged`, or a DiskError.
 */
export async function readSegment(disk: Disk, directory: string, number: number): Promise<Segment> {
  const path = segmentPath(directory, number);
  const bytes = await readWhole(disk, path);
  const first = decodeFrame(bytes, 0);
  // Made under another name, and synced before it got this one: its first frame is never torn.
  if (first === undefined) throw damaged(path, 0, 'its first record is unreadable');
  const [metadata, ...records] = first.records;
  assert(metadata !== undefined, 'no frame is empty');
  if (metadata.type !== metadataType || metadata.index !== number) {
    throw damaged(path, 0, 'it is not the segment that its name says');
  }
  let { crc, end } = first;
  let lastFrame = 0;
  for (;;) {
    const frame = decodeFrame(bytes, end);
    if (frame === undefined) break;
    if (frame.previousCrc !== crc) throw damaged(path, end, 'this record does not follow the one before it');
    records.push(...frame.records);
    lastFrame = end;
    ({ crc, end } = frame);
  }
  const torn = !isZero(bytes, end);
  if (torn) {
    const next = findFrame(bytes, end);
    if (next !== undefined)
      throw damaged(path, end, `unreadable up to byte ${next}, where intact records follow`);
  }
  return {
    number,
    path,
    metadata: metadata.payload,
    records,
    lastIndex: records.reduce((last, record) => Math.max(last, record.index), 0),
    previousCrc: first.previousCrc,
    crc,
    lastFrame,
    end,
    torn,
  };
}

/** Checks that `segments` are one log: every acknowledged record of every segment is there, in order. */
export function checkChain(segments: readonly Segment[]): void {
  for (const [i, segment] of segments.entries()) {
    const before = segments[i - 1];
    if (before === undefined) continue;
    if (segment.number !== before.number + 1) {
      throw damaged(
        segment.path,
        0,
        `the segment before it is missing: the newest older one is ${before.path}`,
      );
    }
    // A segment is begun only when all of the one before it is synced: that one has no torn end.
    if (before.torn) throw damaged(before.path, before.end, 'unreadable, and it is not the newest segment');
    if (segment.previousCrc !== before.crc) {
      throw damaged(
        before.path,
        before.end,
        `records are missing at its end: ${segment.path} does not follow it`,
      );
    }
  }
}

function damaged(path: string, offset: number, what: string): WalError {
  return new WalError('damaged', path, `the log is damaged: ${path} at byte ${offset}: ${what}; ${remedy}`);
}

async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, 'read');
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}
