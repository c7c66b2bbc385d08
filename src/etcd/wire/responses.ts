import { ProtoReader, ProtoWriter, putVarint, varintBytes } from '../../base/protobuf.ts';
import { Slab } from '../../base/slab.ts';
import type { MessagePieces } from '../../grpc/message.ts';
import { decodeKeyValue, encodeKeyValue } from '../../mvcc/key-value-codec.ts';
import type { StoreEvent } from '../../mvcc/store-event.ts';
import {
  type DeleteRangeResponse,
  type Event,
  type KeyValue,
  type PutResponse,
  type RangeRecords,
  type RangeResponse,
  type RangeRuns,
  type ResponseOp,
  revision,
  type Revision,
  type TxnResponse,
} from '../../mvcc/types.ts';
import type { HeaderEncoder } from './header.ts';
import type { WatchId } from './ids.ts';

/** What a header says besides who answers. */
export interface HeaderFacts {
  readonly revision: number;
  readonly raftTerm: number;
}

const slab = new Slab();
const writer = new ProtoWriter(4096);

const kvsTag = 2 * 8 + 2;
const moreTag = 3 * 8;
const countTag = 4 * 8;

/** A RangeResponse; the records are put into it as they are. */
export function encodeRangeResponse(
  header: HeaderEncoder,
  facts: HeaderFacts,
  { records, count, more }: RangeRecords,
): Uint8Array {
  const headerLength = header.length(facts.revision, facts.raftTerm);
  let length = headerLength + rangeTailLength(count, more);
  for (const record of records) length += 1 + varintBytes(record.length) + record.length;
  const bytes = slab.take(length);
  let at = header.write(bytes, 0, facts.revision, facts.raftTerm);
  for (const record of records) {
    bytes[at] = kvsTag;
    at = putVarint(bytes, at + 1, record.length);
    bytes.set(record, at);
    at += record.length;
  }
  putRangeTail(bytes, at, count, more);
  return bytes;
}

function rangeTailLength(count: number, more: boolean): number {
  return (more ? 2 : 0) + (count > 0 ? 1 + varintBytes(count) : 0);
}

function putRangeTail(bytes: Uint8Array, start: number, count: number, more: boolean): void {
  let at = start;
  if (more) {
    bytes[at++] = moreTag;
    bytes[at++] = 1;
  }
  if (count > 0) {
    bytes[at] = countTag;
    putVarint(bytes, at + 1, count);
  }
}

/** The same with the kvs in runs: they are what they are, and only what surrounds them is made. */
export function encodeRangeRuns(
  header: HeaderEncoder,
  facts: HeaderFacts,
  { runs, length, count, more }: RangeRuns,
): MessagePieces {
  const headerLength = header.length(facts.revision, facts.raftTerm);
  const tailLength = rangeTailLength(count, more);
  const own = slab.take(headerLength + tailLength);
  header.write(own, 0, facts.revision, facts.raftTerm);
  putRangeTail(own, headerLength, count, more);
  const pieces = [own.subarray(0, headerLength), ...runs, own.subarray(headerLength)];
  return { pieces, length: headerLength + length + tailLength };
}

/** A chunk of a RangeStream without header: kvs only. */
export function encodeRangeChunk({ runs, length }: RangeRuns): MessagePieces {
  return { pieces: runs, length };
}

/** A RangeStreamResponse with a part of a RangeResponse in it. */
export function encodeRangeStreamResponse(part: MessagePieces): MessagePieces {
  const head = new Uint8Array(1 + varintBytes(part.length));
  head[0] = 1 * 8 + 2;
  putVarint(head, 1, part.length);
  return { pieces: [head, ...part.pieces], length: head.length + part.length };
}

export function encodePutResponse(
  header: HeaderEncoder,
  facts: HeaderFacts,
  { prevKv }: PutResponse,
): Uint8Array {
  const headerLength = header.length(facts.revision, facts.raftTerm);
  const record = prevKv && encodeKeyValue(prevKv);
  const bytes = slab.take(
    headerLength + (record === undefined ? 0 : 1 + varintBytes(record.length) + record.length),
  );
  const at = header.write(bytes, 0, facts.revision, facts.raftTerm);
  if (record !== undefined) {
    bytes[at] = kvsTag;
    bytes.set(record, putVarint(bytes, at + 1, record.length));
  }
  return bytes;
}

export function encodeDeleteRangeResponse(
  header: HeaderEncoder,
  facts: HeaderFacts,
  response: DeleteRangeResponse,
): Uint8Array {
  writer.elementBytes(1, headerContent(header, facts));
  writeDeleteRange(response);
  return writer.finish();
}

function writeDeleteRange({ deleted, prevKvs }: DeleteRangeResponse): void {
  writer.int(2, deleted);
  for (const kv of prevKvs) writer.elementBytes(3, encodeKeyValue(kv));
}

/**
 * Inside a transaction's response a header carries only the revision, and it is the one before the transaction until something has
 * changed (etcd's applyTxn). The header of a transaction within is empty.
 */
export function encodeTxnResponse(
  header: HeaderEncoder,
  facts: HeaderFacts,
  response: TxnResponse,
): Uint8Array {
  writer.elementBytes(1, headerContent(header, facts));
  writeTxn(response, facts.revision, !response.responses.some(hasChanged));
  return writer.finish();
}

/** Returns whether the transaction has changed something by its end; `changed`: before its first operation, or never at all. */
function writeTxn({ succeeded, responses }: TxnResponse, revision: number, changed: boolean): boolean {
  let changedNow = changed;
  writer.bool(2, succeeded);
  for (const op of responses) {
    const outer = writer.begin(3);
    const inner = writer.begin(opFields[op.type]);
    const head = writer.begin(1);
    if (op.type === 'txn') {
      writer.end(head);
      changedNow = writeTxn(op.response, revision, changedNow);
    } else {
      changedNow ||= hasChanged(op);
      writer.int(3, changedNow ? revision : revision - 1);
      writer.end(head);
      writeOp(op);
    }
    writer.end(inner);
    writer.end(outer);
  }
  return changedNow;
}

function hasChanged(op: ResponseOp): boolean {
  switch (op.type) {
    case 'range':
      return false;
    case 'put':
      return true;
    case 'delete-range':
      return op.response.deleted > 0;
    case 'txn':
      return op.response.responses.some(hasChanged);
  }
}

const opFields = { range: 1, put: 2, 'delete-range': 3, txn: 4 } as const;

function writeOp(op: Exclude<ResponseOp, { type: 'txn' }>): void {
  switch (op.type) {
    case 'range': {
      const { kvs, count, more } = op.response;
      for (const kv of kvs) writer.elementBytes(2, encodeKeyValue(kv));
      writer.bool(3, more);
      writer.int(4, count);
      return;
    }
    case 'put':
      if (op.response.prevKv !== undefined) writer.elementBytes(2, encodeKeyValue(op.response.prevKv));
      return;
    case 'delete-range':
      writeDeleteRange(op.response);
  }
}

function headerContent(header: HeaderEncoder, facts: HeaderFacts): Uint8Array {
  return header.alone(facts.revision, facts.raftTerm).subarray(2);
}

// ── Watch ─────────────────────────────────────────────────────────────────────────────────────────

export interface WatchResponseHead {
  readonly watchId: WatchId;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly fragment?: boolean;
}

const watchEventsTag = 11 * 8 + 2;

/** A WatchResponse without events. */
export function encodeWatchNotice(
  header: HeaderEncoder,
  facts: HeaderFacts,
  head: WatchResponseHead,
): Uint8Array {
  writer.elementBytes(1, headerContent(header, facts));
  writer.exact(2, head.watchId);
  writer.bool(3, head.created ?? false);
  writer.bool(4, head.canceled ?? false);
  writer.int(5, head.compactRevision ?? 0);
  writer.string(6, head.cancelReason ?? '');
  writer.bool(7, head.fragment ?? false);
  return writer.finish();
}

/** The `events` field of a WatchResponse with these events: for one watcher or a hundred, made once. */
export function encodeEvents(events: readonly StoreEvent[]): Uint8Array {
  let length = 0;
  for (const { encoded } of events) length += 1 + varintBytes(encoded.length) + encoded.length;
  const bytes = slab.take(length);
  let at = 0;
  for (const { encoded } of events) {
    bytes[at] = watchEventsTag;
    at = putVarint(bytes, at + 1, encoded.length);
    bytes.set(encoded, at);
    at += encoded.length;
  }
  return bytes;
}

/** What stands before the events in a WatchResponse: header, watch id, fragment. */
export function encodeWatchHead(
  header: HeaderEncoder,
  facts: HeaderFacts,
  watchId: WatchId,
  fragment: boolean,
): Uint8Array {
  if (typeof watchId === 'bigint' || watchId < 0) {
    return encodeWatchNotice(header, facts, { watchId, fragment });
  }
  const bytes = slab.take(
    header.length(facts.revision, facts.raftTerm) +
      (watchId === 0 ? 0 : 1 + varintBytes(watchId)) +
      (fragment ? 2 : 0),
  );
  let at = header.write(bytes, 0, facts.revision, facts.raftTerm);
  if (watchId !== 0) {
    bytes[at] = 2 * 8;
    at = putVarint(bytes, at + 1, watchId);
  }
  if (fragment) {
    bytes[at] = 7 * 8;
    bytes[at + 1] = 1;
  }
  return bytes;
}

// ── The client's side ─────────────────────────────────────────────────────────────────────────────

/** A ResponseHeader as it comes in. */
export interface DecodedHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: Revision;
  readonly raftTerm: number;
}

export function readHeader(reader: ProtoReader): DecodedHeader {
  let clusterId = 0n;
  let memberId = 0n;
  let at = 0;
  let raftTerm = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) clusterId = reader.uint64Big();
    else if (field === 2) memberId = reader.uint64Big();
    else if (field === 3) at = reader.int64();
    else if (field === 4) raftTerm = reader.int64();
    else reader.skip();
  }
  return {
    clusterId: clusterId.toString(16),
    memberId: memberId.toString(16),
    revision: revision(at),
    raftTerm,
  };
}

const noHeader: DecodedHeader = { clusterId: '0', memberId: '0', revision: revision(0), raftTerm: 0 };

/** A response and who gave it when. */
export type WithHeader<T> = T & { readonly header: DecodedHeader };

export function decodeRangeResponse(bytes: Uint8Array): WithHeader<RangeResponse> {
  return readRange(new ProtoReader(bytes));
}

function readRange(reader: ProtoReader): WithHeader<RangeResponse> {
  let header = noHeader;
  const kvs: KeyValue[] = [];
  let more = false;
  let count = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) header = readHeader(reader.message());
    else if (field === 2) kvs.push(readKeyValue(reader.bytes()));
    else if (field === 3) more = reader.bool();
    else if (field === 4) count = reader.int64();
    else reader.skip();
  }
  return { header, kvs, more, count };
}

/** A KeyValue of an answer, which says its own mod revision. */
export function readKeyValue(bytes: Uint8Array): KeyValue {
  const reader = new ProtoReader(bytes);
  let modRevision = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 3) modRevision = reader.int64();
    else reader.skip();
  }
  return decodeKeyValue(bytes, modRevision);
}

export function decodePutResponse(bytes: Uint8Array): WithHeader<PutResponse> {
  return readPut(new ProtoReader(bytes));
}

function readPut(reader: ProtoReader): WithHeader<PutResponse> {
  let header = noHeader;
  let prevKv: KeyValue | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) header = readHeader(reader.message());
    else if (field === 2) prevKv = readKeyValue(reader.bytes());
    else reader.skip();
  }
  return { header, ...(prevKv !== undefined && { prevKv }) };
}

export function decodeDeleteRangeResponse(bytes: Uint8Array): WithHeader<DeleteRangeResponse> {
  return readDeleteRange(new ProtoReader(bytes));
}

function readDeleteRange(reader: ProtoReader): WithHeader<DeleteRangeResponse> {
  let header = noHeader;
  let deleted = 0;
  const prevKvs: KeyValue[] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) header = readHeader(reader.message());
    else if (field === 2) deleted = reader.int64();
    else if (field === 3) prevKvs.push(readKeyValue(reader.bytes()));
    else reader.skip();
  }
  return { header, deleted, prevKvs };
}

export function decodeTxnResponse(bytes: Uint8Array): WithHeader<TxnResponse> {
  return readTxn(new ProtoReader(bytes));
}

function readTxn(reader: ProtoReader): WithHeader<TxnResponse> {
  let header = noHeader;
  let succeeded = false;
  const responses: ResponseOp[] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) header = readHeader(reader.message());
    else if (field === 2) succeeded = reader.bool();
    else if (field === 3) {
      const op = readResponseOp(reader.message());
      if (op !== undefined) responses.push(op);
    } else reader.skip();
  }
  return { header, succeeded, responses };
}

function readResponseOp(reader: ProtoReader): ResponseOp | undefined {
  let op: ResponseOp | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) op = { type: 'range', response: readRange(reader.message()) };
    else if (field === 2) op = { type: 'put', response: readPut(reader.message()) };
    else if (field === 3) op = { type: 'delete-range', response: readDeleteRange(reader.message()) };
    else if (field === 4) op = { type: 'txn', response: readTxn(reader.message()) };
    else reader.skip();
  }
  return op;
}

export function decodeCompactionResponse(bytes: Uint8Array): WithHeader<object> {
  const reader = new ProtoReader(bytes);
  let header = noHeader;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) header = readHeader(reader.message());
    else reader.skip();
  }
  return { header };
}

export interface DecodedWatchResponse {
  readonly header: DecodedHeader;
  readonly watchId: WatchId;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly Event[];
}

export function decodeWatchResponse(bytes: Uint8Array): DecodedWatchResponse {
  const reader = new ProtoReader(bytes);
  let header = noHeader;
  let watchId: WatchId = 0;
  let created = false;
  let canceled = false;
  let compactRevision = 0;
  let cancelReason = '';
  let fragment = false;
  const events: Event[] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) header = readHeader(reader.message());
    else if (field === 2) watchId = reader.int64Exact();
    else if (field === 3) created = reader.bool();
    else if (field === 4) canceled = reader.bool();
    else if (field === 5) compactRevision = reader.int64();
    else if (field === 6) cancelReason = reader.string();
    else if (field === 7) fragment = reader.bool();
    else if (field === 11) events.push(readEvent(reader.message()));
    else reader.skip();
  }
  return { header, watchId, created, canceled, compactRevision, cancelReason, fragment, events };
}

function readEvent(reader: ProtoReader): Event {
  let type: Event['type'] = 'put';
  let kv: KeyValue = readKeyValue(new Uint8Array(0));
  let prevKv: KeyValue | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) type = reader.int32() === 1 ? 'delete' : 'put';
    else if (field === 2) kv = readKeyValue(reader.bytes());
    else if (field === 3) prevKv = readKeyValue(reader.bytes());
    else reader.skip();
  }
  return { type, kv, ...(prevKv !== undefined && { prevKv }) };
}
