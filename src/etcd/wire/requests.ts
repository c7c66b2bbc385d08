import { ProtoReader, ProtoWriter, wire } from '../../base/protobuf.ts';
import { emptyBytes } from '../../base/bytes.ts';
import * as pb from '../proto/rpc.ts';
import type { WatchId } from './ids.ts';
import {
  type Compare,
  type CompareResult,
  type DeleteRangeRequest,
  type KeyRange,
  type LeaseId,
  noLease,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from '../../mvcc/types.ts';

/**
 * wire/: etcd's hot messages, straight between bytes and the store's own types (etcdserverpb/rpc.proto). Everything
 * else goes through the tables in etcd/proto/, which are tested to agree with what is here.
 *
 * Decoders throw ProtoError on malformed bytes. Values and keys they hand out are views of, or made from, the bytes given.
 */

const writer = new ProtoWriter(1024);

/** Most transactions within each other; deeper ones are refused before they use up the stack. */
const txnNestingMax = 1000;

/** A RangeRequest as it comes in: what the store needs, and how to serve it. */
export type RangeCall = RangeRequest & {
  readonly serializable?: boolean;
};

/** What stands for an operation that is empty or of an unknown kind: etcd refuses it so. */
const emptyOp: RequestOp = { type: 'range', request: { key: '', flaw: 'key-not-found' } };

const sortOrders = ['none', 'ascend', 'descend'] as const;
const sortTargets = ['key', 'version', 'create', 'mod', 'value'] as const;

export function decodeRangeRequest(bytes: Uint8Array): RangeCall {
  return readRange(new ProtoReader(bytes, pb.RangeRequest));
}

function readRange(reader: ProtoReader): RangeCall {
  let key = '';
  let rangeEnd = '';
  let limit = 0;
  let revision = 0;
  let order = 0;
  let target = 0;
  let serializable = false;
  let keysOnly = false;
  let countOnly = false;
  let minModRevision = 0;
  let maxModRevision = 0;
  let minCreateRevision = 0;
  let maxCreateRevision = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    switch (field) {
      case 1:
        key = reader.byteString();
        break;
      case 2:
        rangeEnd = reader.byteString();
        break;
      case 3:
        limit = reader.int64();
        break;
      case 4:
        revision = reader.int64();
        break;
      case 5:
        order = reader.int32();
        break;
      case 6:
        target = reader.int32();
        break;
      case 7:
        serializable = reader.bool();
        break;
      case 8:
        keysOnly = reader.bool();
        break;
      case 9:
        countOnly = reader.bool();
        break;
      case 10:
        minModRevision = reader.int64();
        break;
      case 11:
        maxModRevision = reader.int64();
        break;
      case 12:
        minCreateRevision = reader.int64();
        break;
      case 13:
        maxCreateRevision = reader.int64();
        break;
      default:
        reader.skip();
    }
  }
  // A sort by another target than the key without an order is one (etcd's applierV3.Range); by key it is none.
  const sorted = order !== 0 || target !== 0;
  const sortTarget = sortTargets[target];
  const invalidSort = sortTarget === undefined || order < 0 || order > 2;
  return {
    key,
    rangeEnd,
    limit,
    revision,
    serializable,
    keysOnly,
    countOnly,
    minModRevision,
    maxModRevision,
    minCreateRevision,
    maxCreateRevision,
    ...(invalidSort && key !== '' && { flaw: 'invalid-sort' }),
    ...(sorted &&
      !invalidSort && {
        sort: { target: sortTarget, order: sortOrders[order]! },
      }),
  };
}

export function encodeRangeRequest(request: RangeCall): Uint8Array {
  writeRange(request);
  return writer.finish();
}

function writeRange(request: RangeCall): void {
  writeKeyRange(request);
  writer.int(3, request.limit ?? 0);
  writer.int(4, request.revision ?? 0);
  if (request.sort !== undefined) {
    writer.int(5, sortOrders.indexOf(request.sort.order));
    writer.int(6, sortTargets.indexOf(request.sort.target));
  }
  writer.bool(7, request.serializable ?? false);
  writer.bool(8, request.keysOnly ?? false);
  writer.bool(9, request.countOnly ?? false);
  writer.int(10, request.minModRevision ?? 0);
  writer.int(11, request.maxModRevision ?? 0);
  writer.int(12, request.minCreateRevision ?? 0);
  writer.int(13, request.maxCreateRevision ?? 0);
}

function writeKeyRange({ key, rangeEnd }: KeyRange): void {
  writer.byteString(1, key);
  writer.byteString(2, rangeEnd ?? '');
}

export function decodePutRequest(bytes: Uint8Array): PutRequest {
  return readPut(new ProtoReader(bytes, pb.PutRequest));
}

function readPut(reader: ProtoReader): PutRequest {
  let key = '';
  let value = emptyBytes;
  let lease: LeaseId = noLease;
  let prevKv = false;
  let ignoreValue = false;
  let ignoreLease = false;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    switch (field) {
      case 1:
        key = reader.byteString();
        break;
      case 2:
        value = reader.bytes();
        break;
      case 3:
        lease = reader.int64Big() as LeaseId;
        break;
      case 4:
        prevKv = reader.bool();
        break;
      case 5:
        ignoreValue = reader.bool();
        break;
      case 6:
        ignoreLease = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return { key, value, lease, prevKv, ignoreValue, ignoreLease };
}

export function encodePutRequest(request: PutRequest): Uint8Array {
  writePut(request);
  return writer.finish();
}

function writePut(request: PutRequest): void {
  writer.byteString(1, request.key);
  writer.bytes(2, request.value);
  writer.big(3, request.lease ?? noLease);
  writer.bool(4, request.prevKv ?? false);
  writer.bool(5, request.ignoreValue ?? false);
  writer.bool(6, request.ignoreLease ?? false);
}

export function decodeDeleteRangeRequest(bytes: Uint8Array): DeleteRangeRequest {
  return readDeleteRange(new ProtoReader(bytes, pb.DeleteRangeRequest));
}

function readDeleteRange(reader: ProtoReader): DeleteRangeRequest {
  let key = '';
  let rangeEnd = '';
  let prevKv = false;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) key = reader.byteString();
    else if (field === 2) rangeEnd = reader.byteString();
    else if (field === 3) prevKv = reader.bool();
    else reader.skip();
  }
  return { key, rangeEnd, prevKv };
}

export function encodeDeleteRangeRequest(request: DeleteRangeRequest): Uint8Array {
  writeDeleteRange(request);
  return writer.finish();
}

function writeDeleteRange(request: DeleteRangeRequest): void {
  writeKeyRange(request);
  writer.bool(3, request.prevKv ?? false);
}

export function decodeTxnRequest(bytes: Uint8Array): TxnRequest {
  return readTxn(new ProtoReader(bytes, pb.TxnRequest), 0);
}

function readTxn(reader: ProtoReader, nesting: number): TxnRequest {
  const compare: Compare[] = [];
  const success: RequestOp[] = [];
  const failure: RequestOp[] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) {
      compare.push(readCompare(reader.message(pb.Compare)));
    } else if (field === 2) success.push(readOp(reader.message(pb.RequestOp), nesting));
    else if (field === 3) failure.push(readOp(reader.message(pb.RequestOp), nesting));
    else reader.skip();
  }
  return { compare, success, failure };
}

function readOp(reader: ProtoReader, nesting: number): RequestOp {
  let op = emptyOp;
  // Of several members of a oneof the last one counts.
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) op = { type: 'range', request: readRange(reader.message(pb.RangeRequest)) };
    else if (field === 2) op = { type: 'put', request: readPut(reader.message(pb.PutRequest)) };
    else if (field === 3)
      op = { type: 'delete-range', request: readDeleteRange(reader.message(pb.DeleteRangeRequest)) };
    else if (field === 4) {
      // Deeper than any limit of operations allows: what lies below does not matter any more.
      if (nesting >= txnNestingMax) reader.skip();
      else op = { type: 'txn', request: readTxn(reader.message(pb.TxnRequest), nesting + 1) };
    } else reader.skip();
  }
  return op;
}

const compareResults: readonly CompareResult[] = ['equal', 'greater', 'less', 'not-equal'];

function readCompare(reader: ProtoReader): Compare {
  let result = 0;
  let target = 0;
  let key = '';
  let rangeEnd = '';
  let version = 0;
  let createRevision = 0;
  let modRevision = 0;
  let value = emptyBytes;
  let lease: LeaseId = noLease;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    switch (field) {
      case 1:
        result = reader.int32();
        break;
      case 2:
        target = reader.int32();
        break;
      case 3:
        key = reader.byteString();
        break;
      case 4:
        version = reader.int64();
        break;
      case 5:
        createRevision = reader.int64();
        break;
      case 6:
        modRevision = reader.int64();
        break;
      case 7:
        value = reader.bytes();
        break;
      case 8:
        lease = reader.int64Big() as LeaseId;
        break;
      case 64:
        rangeEnd = reader.byteString();
        break;
      default:
        reader.skip();
    }
  }
  const known = compareResults[result];
  if (known === undefined || target < 0 || target > 4) {
    return readUnknownCompare({ key, rangeEnd }, known, target);
  }
  const common = { key, rangeEnd, result: known };
  switch (target) {
    case 1:
      return { ...common, target: 'create', createRevision };
    case 2:
      return { ...common, target: 'mod', modRevision };
    case 3:
      return { ...common, target: 'value', value };
    case 4:
      return { ...common, target: 'lease', lease };
    default:
      return { ...common, target: 'version', version };
  }
}

/**
 * A comparison of an unknown target finds equality, one with an unknown result holds (etcd's applyCompare): said in versions,
 * which are 0 where there is no key, as comparisons that hold always, never, or where there is a key.
 */
function readUnknownCompare(range: KeyRange, result: CompareResult | undefined, target: number): Compare {
  const always = { ...range, target: 'version', result: 'greater', version: -1 } as const;
  if (result !== undefined) return result === 'equal' ? always : { ...always, result: 'less', version: 0 };
  return compareTargets.value === target ? { ...always, version: 0 } : always;
}

export function encodeTxnRequest(request: TxnRequest): Uint8Array {
  writeTxn(request);
  return writer.finish();
}

function writeTxn({ compare, success, failure }: TxnRequest): void {
  for (const one of compare) {
    const start = writer.begin(1);
    writeCompare(one);
    writer.end(start);
  }
  for (const op of success) writeOp(2, op);
  for (const op of failure) writeOp(3, op);
}

const opFields = { range: 1, put: 2, 'delete-range': 3, txn: 4 } as const;

function writeOp(field: number, op: RequestOp): void {
  const start = writer.begin(field);
  const inner = writer.begin(opFields[op.type]);
  switch (op.type) {
    case 'range':
      writeRange(op.request);
      break;
    case 'put':
      writePut(op.request);
      break;
    case 'delete-range':
      writeDeleteRange(op.request);
      break;
    case 'txn':
      writeTxn(op.request);
      break;
  }
  writer.end(inner);
  writer.end(start);
}

const compareTargets = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;

function writeCompare(compare: Compare): void {
  writer.int(1, compareResults.indexOf(compare.result));
  writer.int(2, compareTargets[compare.target]);
  writer.byteString(3, compare.key);
  // Members of a oneof: written although they may be zero, so that a reader sees which one it is.
  switch (compare.target) {
    case 'version':
      writer.elementInt(4, compare.version);
      break;
    case 'create':
      writer.elementInt(5, compare.createRevision);
      break;
    case 'mod':
      writer.elementInt(6, compare.modRevision);
      break;
    case 'value':
      writer.elementBytes(7, compare.value);
      break;
    case 'lease':
      writer.elementBig(8, compare.lease);
      break;
  }
  writer.byteString(64, compare.rangeEnd ?? '');
}

export interface CompactionCall {
  readonly revision: number;
  readonly physical: boolean;
}

export function decodeCompactionRequest(bytes: Uint8Array): CompactionCall {
  const reader = new ProtoReader(bytes, pb.CompactionRequest);
  let revision = 0;
  let physical = false;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) revision = reader.int64();
    else if (field === 2) physical = reader.bool();
    else reader.skip();
  }
  return { revision, physical };
}

export function encodeCompactionRequest({ revision, physical }: CompactionCall): Uint8Array {
  writer.int(1, revision);
  writer.bool(2, physical);
  return writer.finish();
}

/** A WatchRequest; undefined for one that asks nothing etcd knows. */
export type WatchCall =
  | {
      readonly type: 'create';
      readonly key: string;
      readonly rangeEnd: string;
      readonly startRevision: number;
      readonly progressNotify: boolean;
      readonly filters: readonly ('no-put' | 'no-delete')[];
      readonly prevKv: boolean;
      /** 0: the server chooses. */
      readonly watchId: WatchId;
      readonly fragment: boolean;
    }
  | { readonly type: 'cancel'; readonly watchId: WatchId }
  | { readonly type: 'progress' };

export function decodeWatchRequest(bytes: Uint8Array): WatchCall | undefined {
  const reader = new ProtoReader(bytes, pb.WatchRequest);
  let call: WatchCall | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) call = readWatchCreate(reader.message(pb.WatchCreateRequest));
    else if (field === 2) call = readWatchCancel(reader.message(pb.WatchCancelRequest));
    else if (field === 3) call = readWatchProgress(reader.message(pb.WatchProgressRequest));
    else reader.skip();
  }
  return call;
}

function readWatchProgress(reader: ProtoReader): WatchCall {
  while (reader.tag() !== 0) reader.skip();
  return { type: 'progress' };
}

function readWatchCreate(reader: ProtoReader): WatchCall {
  let key = '';
  let rangeEnd = '';
  let startRevision = 0;
  let progressNotify = false;
  const filters: ('no-put' | 'no-delete')[] = [];
  let prevKv = false;
  let watchId: WatchId = 0;
  let fragment = false;
  const addFilter = (filter: number): void => {
    if (filter === 0) filters.push('no-put');
    else if (filter === 1) filters.push('no-delete');
  };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    switch (field) {
      case 1:
        key = reader.byteString();
        break;
      case 2:
        rangeEnd = reader.byteString();
        break;
      case 3:
        startRevision = reader.int64();
        break;
      case 4:
        progressNotify = reader.bool();
        break;
      case 5:
        // Packed, or one by one.
        if (reader.wireType === wire.bytes) for (const filter of reader.packedInt32s()) addFilter(filter);
        else addFilter(reader.int32());
        break;
      case 6:
        prevKv = reader.bool();
        break;
      case 7:
        watchId = reader.int64Exact();
        break;
      case 8:
        fragment = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return {
    type: 'create',
    key,
    rangeEnd,
    startRevision,
    progressNotify,
    filters,
    prevKv,
    watchId,
    fragment,
  };
}

function readWatchCancel(reader: ProtoReader): WatchCall {
  let watchId: WatchId = 0;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) watchId = reader.int64Exact();
    else reader.skip();
  }
  return { type: 'cancel', watchId };
}

export function encodeWatchRequest(call: WatchCall): Uint8Array {
  switch (call.type) {
    case 'create': {
      const start = writer.begin(1);
      writeKeyRange(call);
      writer.int(3, call.startRevision);
      writer.bool(4, call.progressNotify);
      for (const filter of call.filters) writer.elementInt(5, filter === 'no-put' ? 0 : 1);
      writer.bool(6, call.prevKv);
      writer.exact(7, call.watchId);
      writer.bool(8, call.fragment);
      writer.end(start);
      break;
    }
    case 'cancel': {
      const start = writer.begin(2);
      writer.exact(1, call.watchId);
      writer.end(start);
      break;
    }
    case 'progress':
      writer.end(writer.begin(3));
  }
  return writer.finish();
}
