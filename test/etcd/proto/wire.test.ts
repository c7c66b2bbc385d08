import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBytes } from '../../../src/base/bytes.ts';
import {
  byteStringOf,
  bytesOfByteString,
  ProtoError,
  ProtoReader,
  ProtoWriter,
} from '../../../src/base/protobuf.ts';
import type { WatchId } from '../../../src/etcd/wire/ids.ts';
import type { MessageType } from '../../../src/etcd/proto/message.ts';
import * as pb from '../../../src/etcd/proto/rpc.ts';
import { HeaderEncoder } from '../../../src/etcd/wire/header.ts';
import * as requests from '../../../src/etcd/wire/requests.ts';
import * as responses from '../../../src/etcd/wire/responses.ts';
import type { MessagePieces } from '../../../src/grpc/message.ts';
import { checkTxn } from '../../../src/mvcc/request-check.ts';
import { encodeKeyValue } from '../../../src/mvcc/key-value-codec.ts';
import { asRuns } from '../../../src/mvcc/record-run.ts';
import {
  type KeyValue,
  type LeaseId,
  type ResponseOp,
  revision,
  type TxnRequest,
} from '../../../src/mvcc/types.ts';
import { valueOf } from './values.ts';

const header = new HeaderEncoder('cdf818194e3a8c32', '8e9e05c52164694d');
const facts = fc.record({ revision: fc.nat(), raftTerm: fc.nat() });
const keys = fc.uint8Array({ maxLength: 12 }).map((bytes) => byteStringOf(bytes));
const keyValues: fc.Arbitrary<KeyValue> = fc.record({
  key: keys,
  value: fc.uint8Array({ maxLength: 200 }),
  createRevision: fc.integer({ min: 1 }).map(revision),
  modRevision: fc.integer({ min: 1 }).map(revision),
  version: fc.integer({ min: 1 }),
  lease: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((id) => id as LeaseId),
});

function headerOf({ revision: at, raftTerm }: { revision: number; raftTerm: number }) {
  return { clusterId: 0xcdf818194e3a8c32n, memberId: 0x8e9e05c52164694dn, revision: at, raftTerm };
}

function tableKeyValue(kv: KeyValue) {
  return { ...kv, key: bytesOfByteString(kv.key) };
}

/** A request goes through the hot codec and comes out as the table has it. */
function holdsFor<T extends object>(type: MessageType<T>, through: (bytes: Uint8Array) => Uint8Array): void {
  fc.assert(
    fc.property(valueOf(type), (value) => {
      expect(type.decode(through(type.encode(value)))).toEqual(value);
    }),
  );
}

function holdsEmptyOp({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].some((op) =>
    op.type === 'txn' ? holdsEmptyOp(op.request) : op.type === 'range' && op.request.flaw === 'key-not-found',
  );
}

describe('requests by hand', () => {
  it('are ranges as the table has them', () => {
    holdsFor(pb.RangeRequest, (bytes) => requests.encodeRangeRequest(requests.decodeRangeRequest(bytes)));
  });

  it('are puts, deletions and compactions as the tables have them', () => {
    holdsFor(pb.PutRequest, (bytes) => requests.encodePutRequest(requests.decodePutRequest(bytes)));
    holdsFor(pb.DeleteRangeRequest, (bytes) =>
      requests.encodeDeleteRangeRequest(requests.decodeDeleteRangeRequest(bytes)),
    );
    holdsFor(pb.CompactionRequest, (bytes) =>
      requests.encodeCompactionRequest(requests.decodeCompactionRequest(bytes)),
    );
  });

  it('are transactions as the table has them, or say what of them is empty', () => {
    fc.assert(
      fc.property(valueOf(pb.TxnRequest), (value) => {
        const decoded = requests.decodeTxnRequest(pb.TxnRequest.encode(value));
        expect(holdsEmptyOp(decoded)).toBe(hasEmptyOp(value));
        if (hasEmptyOp(value)) return;
        expect(pb.TxnRequest.decode(requests.encodeTxnRequest(decoded))).toEqual(settledTxn(value));
      }),
      { numRuns: 500 },
    );
  });

  it('are watches as the table has them', () => {
    fc.assert(
      fc.property(valueOf(pb.WatchRequest), (value) => {
        const call = requests.decodeWatchRequest(pb.WatchRequest.encode(value));
        const none = Object.values(value).every((member) => member === undefined);
        expect(call === undefined).toBe(none);
        if (call !== undefined) {
          expect(pb.WatchRequest.decode(requests.encodeWatchRequest(call))).toEqual(value);
        }
      }),
    );
  });

  it('name a sort that there is not', () => {
    const range = { key: Uint8Array.of(1), sortOrder: 9 };
    const bytes = pb.RangeRequest.encode(range);
    expect(requests.decodeRangeRequest(bytes)).toMatchObject({ flaw: 'invalid-sort' });
    const txn = pb.TxnRequest.encode({
      success: [{ requestTxn: { success: [{ requestRange: range }] } }],
    });
    expect(checkTxn(requests.decodeTxnRequest(txn))).toBe('invalid-sort');
  });

  it('bear ten thousand transactions within each other', () => {
    let nested = new Uint8Array(0);
    for (let i = 0; i < 10_000; i++) nested = wrap(wrap(nested, 0x22), 0x12);
    expect(() => requests.decodeTxnRequest(nested)).not.toThrow();
  });

  it('read any bytes as a request or refuse them with a ProtoError', () => {
    const decoders = [
      requests.decodeRangeRequest,
      requests.decodePutRequest,
      requests.decodeDeleteRangeRequest,
      requests.decodeTxnRequest,
      requests.decodeCompactionRequest,
      requests.decodeWatchRequest,
      responses.decodeRangeResponse,
      responses.decodePutResponse,
      responses.decodeDeleteRangeResponse,
      responses.decodeTxnResponse,
      responses.decodeWatchResponse,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...decoders), fc.uint8Array({ maxLength: 60 }), (decode, bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtoError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

function wrap(content: Uint8Array, tag: number): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  let rest = content.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
  length.push(rest);
  const bytes = new Uint8Array(1 + length.length + content.length);
  bytes.set([tag, ...length]);
  bytes.set(content, 1 + length.length);
  return bytes;
}

interface TableTxn {
  readonly compare?: readonly object[];
  readonly success: readonly object[];
  readonly failure: readonly object[];
}

interface TableOp {
  readonly requestRange?: object;
  readonly requestPut?: object;
  readonly requestDeleteRange?: object;
  readonly requestTxn?: TableTxn;
}

function hasEmptyOp({ success, failure }: TableTxn): boolean {
  return [...success, ...failure].some((each) => {
    const op = each as TableOp;
    if (op.requestTxn !== undefined) return hasEmptyOp(op.requestTxn);
    return Object.values(op).every((member) => member === undefined);
  });
}

const unionOf = ['version', 'createRevision', 'modRevision', 'value', 'lease'];
const zeros: readonly unknown[] = [0, 0, 0, emptyBytes, 0n];

function settledTxn(txn: TableTxn): TableTxn {
  const op = (each: object): object => {
    const { requestTxn } = each as TableOp;
    if (requestTxn !== undefined) return { ...each, requestTxn: settledTxn(requestTxn) };
    return each;
  };
  // Whatever member of the union came, its target decides which one counts; one that did not come is zero.
  const compare = (each: object): object => {
    const value: Record<string, unknown> = { ...each };
    unionOf.forEach((name, i) => {
      value[name] = value['target'] === i ? (value[name] ?? zeros[i]) : undefined;
    });
    return value;
  };
  return {
    compare: txn.compare!.map(compare),
    success: txn.success.map(op),
    failure: txn.failure.map(op),
  };
}

describe('responses by hand', () => {
  it('are ranges as the table has them, and come back', () => {
    const range = fc.record({
      kvs: fc.array(keyValues, { maxLength: 5 }),
      count: fc.nat(),
      more: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, range, (at, { kvs, count, more }) => {
        const records = kvs.map(encodeKeyValue);
        const bytes = responses.encodeRangeResponse(header, at, { records, count, more });
        const expected = { header: headerOf(at), kvs: kvs.map(tableKeyValue), count, more };
        expect(pb.RangeResponse.decode(bytes)).toEqual(expected);
        const inRuns = responses.encodeRangeRuns(header, at, asRuns({ records, count, more }));
        expect(joined(inRuns)).toEqual(bytes);
        expect(responses.decodeRangeResponse(bytes)).toMatchObject({ kvs, count, more });
        expect(responses.decodeRangeResponse(bytes).header).toEqual({
          clusterId: 'cdf818194e3a8c32',
          memberId: '8e9e05c52164694d',
          ...at,
        });
      }),
    );
  });

  it('are puts and deletions as the tables have them, and come back', () => {
    fc.assert(
      fc.property(facts, fc.option(keyValues, { nil: undefined }), (at, prevKv) => {
        const put = prevKv === undefined ? {} : { prevKv };
        const bytes = responses.encodePutResponse(header, at, put);
        expect(pb.PutResponse.decode(bytes)).toEqual({
          header: headerOf(at),
          prevKv: prevKv && tableKeyValue(prevKv),
        });
        const { header: _, ...back } = responses.decodePutResponse(bytes);
        expect(back).toEqual(put);
      }),
    );
    fc.assert(
      fc.property(facts, fc.nat(), fc.array(keyValues, { maxLength: 4 }), (at, deleted, prevKvs) => {
        const bytes = responses.encodeDeleteRangeResponse(header, at, { deleted, prevKvs });
        expect(pb.DeleteRangeResponse.decode(bytes)).toEqual({
          header: headerOf(at),
          deleted,
          prevKvs: prevKvs.map(tableKeyValue),
        });
        const { header: _, ...back } = responses.decodeDeleteRangeResponse(bytes);
        expect(back).toEqual({ deleted, prevKvs });
      }),
    );
  });

  // Probed: before the first change of a transaction its operations say the revision before it.
  it('are transactions whose inner headers say the revision then, and those of inner transactions nothing', () => {
    const range: ResponseOp = { type: 'range', response: { kvs: [], count: 0, more: false } };
    const put: ResponseOp = { type: 'put', response: {} };
    const nothing: ResponseOp = { type: 'delete-range', response: { deleted: 0, prevKvs: [] } };
    const txn = (...ops: ResponseOp[]): ResponseOp => ({
      type: 'txn',
      response: { succeeded: true, responses: ops },
    });
    const revisions = (...ops: ResponseOp[]): unknown => {
      const bytes = responses.encodeTxnResponse(
        header,
        { revision: 7, raftTerm: 2 },
        { succeeded: true, responses: ops },
      );
      const { header: outer, responses: inner } = pb.TxnResponse.decode(bytes);
      expect(outer).toEqual(headerOf({ revision: 7, raftTerm: 2 }));
      return inner.map(revisionsOf);
    };
    expect(revisions(range, nothing, put, range, nothing)).toEqual([6, 6, 7, 7, 7]);
    expect(revisions(range, txn(range, put), range)).toEqual([6, [0, 6, 7], 7]);
    expect(revisions(range, txn(range), nothing)).toEqual([7, [0, 7], 7]);
    expect(revisions(txn())).toEqual([[0]]);
  });

  it('are watch responses as the table has them', () => {
    const bytes = responses.encodeWatchNotice(
      header,
      { revision: 9, raftTerm: 3 },
      { watchId: -1, created: true, canceled: true, compactRevision: 4, cancelReason: 'so' },
    );
    const expected = { watchId: -1, created: true, canceled: true, compactRevision: 4, cancelReason: 'so' };
    expect(pb.WatchResponse.decode(bytes)).toMatchObject({
      header: headerOf({ revision: 9, raftTerm: 3 }),
      ...expected,
    });
    expect(responses.decodeWatchResponse(bytes)).toMatchObject(expected);
    fc.assert(
      fc.property(facts, fc.nat(), fc.boolean(), (at, watchId, fragment) => {
        const head = responses.encodeWatchHead(header, at, watchId, fragment);
        expect(pb.WatchResponse.decode(head)).toMatchObject({ header: headerOf(at), watchId, fragment });
      }),
    );
  });

  it('are watches under any id of 64 bits', () => {
    fc.assert(
      fc.property(facts, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (at, id) => {
        const writer = new ProtoWriter();
        writer.big(1, id);
        const cancel = new ProtoWriter();
        cancel.elementBytes(2, writer.finish());
        const call = requests.decodeWatchRequest(cancel.finish());
        const { watchId } = call as { watchId: WatchId };
        expect(BigInt(watchId)).toBe(id);
        expect(typeof watchId).toBe(Number.isSafeInteger(Number(id)) ? 'number' : 'bigint');
        const told = { header: headerOf(at) };
        for (const bytes of [
          responses.encodeWatchHead(header, at, watchId, true),
          responses.encodeWatchNotice(header, at, { watchId, fragment: true }),
        ]) {
          expect(pb.WatchResponse.decode(bytes)).toMatchObject(told);
          const reader = new ProtoReader(bytes);
          let found = 0n;
          for (let field = reader.tag(); field !== 0; field = reader.tag()) {
            if (field === 2) found = reader.int64Big();
            else reader.skip();
          }
          expect(found).toBe(id);
        }
      }),
    );
  });

  it('are parts of a stream within a RangeStreamResponse', () => {
    const records = [emptyBytes, Uint8Array.of(0x0a, 0x01, 0x61)];
    const part = responses.encodeRangeChunk(asRuns({ records, count: 2, more: false }));
    const bytes = joined(responses.encodeRangeStreamResponse(part));
    const kvs = pb.RangeStreamResponse.decode(bytes).rangeResponse?.kvs;
    expect(kvs?.map(({ key }) => byteStringOf(key))).toEqual(['', 'a']);
  });
});

function joined({ pieces, length }: MessagePieces): Uint8Array {
  const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  expect(bytes.length).toBe(length);
  return bytes;
}

function revisionsOf(op: object): unknown {
  const [response] = Object.values(op).filter((member) => member !== undefined) as [
    { readonly header: { readonly revision: number }; readonly responses?: readonly object[] },
  ];
  const own = response.header.revision;
  return response.responses === undefined ? own : [own, ...response.responses.map(revisionsOf)];
}
