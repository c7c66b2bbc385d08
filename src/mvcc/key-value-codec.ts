import { ProtoReader, ProtoError, putVarint, varintBytes } from '../base/protobuf.ts';
import { emptyBytes } from '../base/bytes.ts';
import { Slab } from '../base/slab.ts';
import { type Key, type KeyValue, type LeaseId, noLease, revision } from './types.ts';

/**
 * A record: etcd's mvccpb.KeyValue, byte for byte as etcd writes it, for HashKV is over these bytes and answers carry them as
 * they are. A tombstone's record is its key alone; its revision is where it stands.
 */

const slab = new Slab();

const keyTag = 1 * 8 + 2;
const createTag = 2 * 8;
const modTag = 3 * 8;
const versionTag = 4 * 8;
const valueTag = 5 * 8 + 2;
const leaseTag = 6 * 8;

/** The record of a put. */
export function encodeRecord(
  key: Key,
  createRevision: number,
  modRevision: number,
  version: number,
  value: Uint8Array,
  lease: LeaseId,
): Uint8Array {
  const keyLength = key.length;
  const valueLength = value.length;
  const leaseBits = lease === noLease ? 0n : BigInt.asUintN(64, lease);
  const length =
    1 +
    varintBytes(keyLength) +
    keyLength +
    3 +
    varintBytes(createRevision) +
    varintBytes(modRevision) +
    varintBytes(version) +
    (valueLength === 0 ? 0 : 1 + varintBytes(valueLength) + valueLength) +
    (leaseBits === 0n ? 0 : 1 + bigVarintBytes(leaseBits));
  const bytes = slab.take(length);
  let at = putKey(bytes, key);
  bytes[at++] = createTag;
  at = putVarint(bytes, at, createRevision);
  bytes[at++] = modTag;
  at = putVarint(bytes, at, modRevision);
  bytes[at++] = versionTag;
  at = putVarint(bytes, at, version);
  if (valueLength > 0) {
    bytes[at++] = valueTag;
    at = putVarint(bytes, at, valueLength);
    bytes.set(value, at);
    at += valueLength;
  }
  if (leaseBits !== 0n) {
    bytes[at++] = leaseTag;
    putBigVarint(bytes, at, leaseBits);
  }
  return bytes;
}

/** The record of a delete. */
export function encodeTombstone(key: Key): Uint8Array {
  const bytes = slab.take(1 + varintBytes(key.length) + key.length);
  putKey(bytes, key);
  return bytes;
}

function putKey(bytes: Uint8Array, key: Key): number {
  bytes[0] = keyTag;
  let at = putVarint(bytes, 1, key.length);
  for (let i = 0; i < key.length; i++) bytes[at++] = key.charCodeAt(i);
  return at;
}

function bigVarintBytes(value: bigint): number {
  let count = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) count++;
  return count;
}

function putBigVarint(bytes: Uint8Array, start: number, value: bigint): void {
  let at = start;
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
  bytes[at] = Number(rest);
}

/** What a record says besides key and value: enough for the key index. Version 0: a tombstone. */
export interface RecordHead {
  readonly key: Key;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: LeaseId;
}

export function decodeHead(record: Uint8Array): RecordHead {
  const { key, createRevision, version, lease } = read(record);
  return { key, createRevision, version, lease };
}

/** The key of a record: its first field. */
export function decodeKey(record: Uint8Array): Key {
  const reader = new ProtoReader(record);
  if (reader.tag() !== 1) throw new ProtoError('a record begins with its key');
  return reader.byteString();
}

/** Whether the record is of a delete: nothing follows its key. */
export function isTombstone(record: Uint8Array): boolean {
  let length = 0;
  let at = 1;
  for (let shift = 0; ; shift += 7) {
    const byte = record[at++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return record.length === at + length;
}

/** `main`: the record's revision, which a tombstone does not carry. The value is a view of `record`. */
export function decodeKeyValue(record: Uint8Array, main: number): KeyValue {
  const { key, createRevision, version, value, lease } = read(record);
  return {
    key,
    value,
    createRevision: revision(createRevision),
    modRevision: revision(main),
    version,
    lease,
  };
}

function read(record: Uint8Array): RecordHead & { readonly value: Uint8Array } {
  const reader = new ProtoReader(record);
  let key = '';
  let createRevision = 0;
  let version = 0;
  let value = emptyBytes;
  let lease: LeaseId = noLease;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    switch (field) {
      case 1:
        key = reader.byteString();
        break;
      case 2:
        createRevision = reader.int64();
        break;
      case 4:
        version = reader.int64();
        break;
      case 5:
        value = reader.bytes();
        break;
      case 6:
        lease = reader.int64Big() as LeaseId;
        break;
      default:
        reader.skip();
    }
  }
  return { key, createRevision, version, value, lease };
}

/** The record without its value (`keys_only`). */
export function withoutValue(record: Uint8Array): Uint8Array {
  const reader = new ProtoReader(record);
  for (let start = 0; ; start = reader.at) {
    const field = reader.tag();
    if (field === 0) return record;
    reader.skip();
    if (field !== 5) continue;
    const kept = slab.take(record.length - (reader.at - start));
    kept.set(record.subarray(0, start));
    kept.set(record.subarray(reader.at), start);
    return kept;
  }
}

/** etcd's KeyValue message as a client sees it: a tombstone with its mod revision. */
export function encodeKeyValue(kv: KeyValue): Uint8Array {
  if (kv.version > 0) {
    return encodeRecord(kv.key, kv.createRevision, kv.modRevision, kv.version, kv.value, kv.lease);
  }
  const bytes = slab.take(1 + varintBytes(kv.key.length) + kv.key.length + 1 + varintBytes(kv.modRevision));
  const at = putKey(bytes, kv.key);
  bytes[at] = modTag;
  putVarint(bytes, at + 1, kv.modRevision);
  return bytes;
}
