import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import { ProtoReader, ProtoWriter, varintBytes } from '../base/protobuf.ts';
import type { Backend, BackendReader } from '../mvcc/backend.ts';

/**
 * The file that `etcdctl snapshot save` writes: the named values and the records of a backend, and then its SHA-256, which the
 * client appends and checks. It is drydock's own format: `drydock etcd snapshot restore` reads it. etcd's is a bbolt file.
 *
 *   the magic line · fields of a message: 1 = { name, value }, 2 = { main, sub, record } … · zeros up to a multiple of 512
 *
 * etcdctl takes a file for whole only when it is 32 bytes longer than a multiple of 512, as a bbolt file with its hash is.
 */
const magic = encodeUtf8('drydock snapshot 1\n');
const alignment = 512;
const valueField = 1;
const recordField = 2;
export const hashBytes = 32;

/** How long the file is without its hash, and its content in blobs of about `blobBytes`. The view must stay open meanwhile. */
export function readSnapshotFile(
  view: BackendReader,
  blobBytes: number,
): { readonly length: number; readonly blobs: Iterator<Uint8Array> } {
  let length = magic.length;
  const values = view.values('');
  for (const [name, value] of values) length += fieldLength(valueLength(name, value));
  view.scan(0, Number.MAX_SAFE_INTEGER, (main, sub, record) => {
    length += fieldLength(recordLength(main, sub, record));
  });
  const padding = (alignment - (length % alignment)) % alignment;
  return { length: length + padding, blobs: blobsOf(view, values, padding, blobBytes) };
}

function* blobsOf(
  view: BackendReader,
  values: ReturnType<BackendReader['values']>,
  padding: number,
  blobBytes: number,
): Generator<Uint8Array> {
  const writer = new ProtoWriter(blobBytes * 2);
  yield magic;
  for (const [name, value] of values) {
    const start = writer.begin(valueField);
    writer.string(1, name);
    writer.bytes(2, value);
    writer.end(start);
    if (writer.length >= blobBytes) yield writer.finish();
  }
  for (
    let after: { readonly main: number; readonly sub: number } | undefined = { main: 0, sub: -1 };
    after !== undefined;
  ) {
    const from: { readonly main: number; readonly sub: number } = after;
    after = undefined;
    view.scan(from.main, Number.MAX_SAFE_INTEGER, (main, sub, record) => {
      if (main === from.main && sub <= from.sub) return true;
      const start = writer.begin(recordField);
      writer.int(1, main);
      writer.int(2, sub);
      writer.bytes(3, record);
      writer.end(start);
      if (writer.length < blobBytes) return true;
      after = { main, sub };
      return false;
    });
    if (writer.length > 0) yield writer.finish();
  }
  if (padding > 0) yield new Uint8Array(padding);
}

function valueLength(name: string, value: Uint8Array): number {
  const text = encodeUtf8(name).length;
  return bytesLength(text) + bytesLength(value.length);
}

function recordLength(main: number, sub: number, record: Uint8Array): number {
  return intLength(main) + intLength(sub) + bytesLength(record.length);
}

function fieldLength(length: number): number {
  return 1 + varintBytes(length) + length;
}

function bytesLength(length: number): number {
  return length === 0 ? 0 : fieldLength(length);
}

function intLength(value: number): number {
  return value === 0 ? 0 : 1 + varintBytes(value);
}

/** Why a file is no snapshot. */
export class SnapshotFileError extends Error {
  override readonly name = 'SnapshotFileError';
}

/** Puts what `file`, without its hash, holds into an empty backend; values whose name `keep` refuses are left out. */
export function restoreSnapshotFile(
  file: Uint8Array,
  backend: Backend,
  keep: (name: string) => boolean,
): { readonly records: number } {
  if (!magic.every((byte, i) => file[i] === byte)) {
    throw new SnapshotFileError('it is no snapshot that a drydock member gave');
  }
  const reader = new ProtoReader(file, undefined, magic.length);
  let records = 0;
  while (reader.at < file.length && file[reader.at] !== 0) {
    const field = reader.tag();
    const inner = reader.message();
    let main = 0;
    let sub = 0;
    let name = '';
    let content = new Uint8Array(0) as Uint8Array;
    for (let part = inner.tag(); part !== 0; part = inner.tag()) {
      if (field === valueField) {
        if (part === 1) name = decodeUtf8(inner.bytes());
        else content = inner.bytes();
      } else if (part === 1) main = inner.int64();
      else if (part === 2) sub = inner.int64();
      else content = inner.bytes();
    }
    if (field === recordField) {
      backend.put(main, sub, content.slice());
      records++;
      if (records % 1000 === 0) backend.commit();
    } else if (keep(name)) backend.setValue(name, content.slice());
  }
  backend.commit();
  return { records };
}
