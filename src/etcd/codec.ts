import { Packr } from 'msgpackr';

/**
 * msgpack for log entries, snapshots and WAL records. One Packr for all: `useRecords: false` keeps every
 * value self-describing, so that a file can be read without what was written before it. A bigint always
 * comes back as a bigint, a number as a number.
 */
const packr = new Packr({ useRecords: false });

/** The bytes of plain data: null, booleans, numbers, bigints, strings, Uint8Array, arrays, objects. */
export function encode(value: unknown): Uint8Array {
  const bytes: Uint8Array = packr.pack(value);
  return bytes;
}

/** What `encode` was given. The caller names the type: bytes come from our own checked files and peers. */
export function decode<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T;
}
