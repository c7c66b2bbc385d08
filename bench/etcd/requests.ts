import { ProtoReader, ProtoWriter } from '../../src/base/protobuf.ts';
import { method } from './connection.ts';

/** The few requests of etcd's API that the bench makes, as gRPC messages, and the few fields of responses that it reads. */

export const put = method('/etcdserverpb.KV/Put');
export const range = method('/etcdserverpb.KV/Range');
export const compact = method('/etcdserverpb.KV/Compact');
export const watch = method('/etcdserverpb.Watch/Watch');
export const status = method('/etcdserverpb.Maintenance/Status');

/** A gRPC message: not compressed, its length, the message (PROTOCOL-HTTP2, Length-Prefixed-Message). */
function grpcMessage(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

function message(write: (writer: ProtoWriter) => void): Buffer {
  const writer = new ProtoWriter();
  write(writer);
  return grpcMessage(writer.finish());
}

export function putRequest(key: string, value: Uint8Array): Buffer {
  return message((writer) => {
    writer.string(1, key);
    writer.bytes(2, value);
  });
}

export interface RangeOptions {
  /** All keys that begin with `key`. */
  readonly prefix?: boolean;
  readonly limit?: number;
  readonly serializable?: boolean;
}

export function rangeRequest(key: string, options: RangeOptions = {}): Buffer {
  return message((writer) => {
    writer.string(1, key);
    if (options.prefix === true) writer.string(2, prefixEnd(key));
    writer.int(3, options.limit ?? 0);
    writer.bool(7, options.serializable === true);
  });
}

/** Returns after the old revisions are gone. */
export function compactRequest(revision: number): Buffer {
  return message((writer) => {
    writer.int(1, revision);
    writer.bool(2, true);
  });
}

export function watchPrefixRequest(prefix: string): Buffer {
  return message((writer) => {
    writer.message(1, () => {
      writer.string(1, prefix);
      writer.string(2, prefixEnd(prefix));
    });
  });
}

export const emptyRequest: Buffer = grpcMessage(new Uint8Array(0));

/** The first key behind all that begin with `prefix`: ASCII is enough here. */
function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

/** `header.revision`: the header is field 1 of every response. */
export function revisionOf(response: Uint8Array): number {
  const reader = new ProtoReader(response);
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field !== 1) {
      reader.skip();
      continue;
    }
    const header = reader.message();
    for (let inner = header.tag(); inner !== 0; inner = header.tag()) {
      if (inner === 3) return header.int64();
      header.skip();
    }
  }
  return 0;
}

export interface RangeFigures {
  readonly kvs: number;
  readonly count: number;
}

export function rangeFigures(response: Uint8Array): RangeFigures {
  const reader = new ProtoReader(response);
  let kvs = 0;
  let count = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 4) {
      count = reader.int64();
      continue;
    }
    if (field === 2) kvs++;
    reader.skip();
  }
  return { kvs, count };
}

/** `StatusResponse.leader` and `header.member_id`: whether a member leads. */
export function isLeader(response: Uint8Array): boolean {
  const reader = new ProtoReader(response);
  let member = 0n;
  let leader = 0n;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) {
      const header = reader.message();
      for (let inner = header.tag(); inner !== 0; inner = header.tag()) {
        if (inner === 2) member = header.uint64Big();
        else header.skip();
      }
    } else if (field === 4) leader = reader.uint64Big();
    else reader.skip();
  }
  return leader !== 0n && leader === member;
}

const created = 3;
const events = 11;

export interface WatchFigures {
  readonly created: boolean;
  readonly events: number;
}

/**
 * Counts the events of a WatchResponse in `bytes[start, end)`. By hand, because the client must keep up with the server:
 * only tags and lengths are looked at.
 */
export function watchFigures(bytes: Buffer, start: number, end: number): WatchFigures {
  let at = start;
  let isCreated = false;
  let count = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < end) {
    const tag = varint();
    const field = tag >>> 3;
    // Varints and runs of bytes are all that a WatchResponse is made of.
    const value = varint();
    if ((tag & 7) === 2) at += value;
    if (field === events) count++;
    else if (field === created) isCreated = value !== 0;
  }
  return { created: isCreated, events: count };
}
