import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bytesOfByteString, ProtoError } from '../../../src/base/protobuf.ts';
import { HealthCheckRequest } from '../../../src/etcd/proto/health.ts';
import * as pb from '../../../src/etcd/proto/rpc.ts';
import * as requests from '../../../src/etcd/wire/requests.ts';

/** What is wrong with the bytes, in the words that a real etcd was seen to use. */
const sentences: readonly (readonly [bytes: string, inRange: string, inUserAdd: string])[] = [
  ['\x0a', 'unexpected EOF', 'unexpected EOF'],
  ['\x0a\x05a', 'unexpected EOF', 'unexpected EOF'],
  [
    '\x00',
    'proto: RangeRequest: illegal tag 0 (wire type 0)',
    'proto: AuthUserAddRequest: illegal tag 0 (wire type 0)',
  ],
  [
    '\x07',
    'proto: RangeRequest: illegal tag 0 (wire type 7)',
    'proto: AuthUserAddRequest: illegal tag 0 (wire type 7)',
  ],
  [
    '\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
    'proto: RangeRequest: illegal tag -1 (wire type 18446744073709551615)',
    'proto: AuthUserAddRequest: illegal tag -1 (wire type 18446744073709551615)',
  ],
  ['\x0e\x00', 'proto: wrong wireType = 6 for field Key', 'proto: wrong wireType = 6 for field Name'],
  ['\x12\x00\x08\x01', 'proto: wrong wireType = 0 for field Key', 'proto: wrong wireType = 0 for field Name'],
  [
    '\x0c',
    'proto: RangeRequest: wiretype end group for non-group',
    'proto: AuthUserAddRequest: wiretype end group for non-group',
  ],
  ['\x0b', 'proto: wrong wireType = 3 for field Key', 'proto: wrong wireType = 3 for field Name'],
  ['\xfe\x07', 'proto: illegal wireType 6', 'proto: illegal wireType 6'],
  ['\xfb\x07\x08\x01', 'unexpected EOF', 'unexpected EOF'],
  ['\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01', 'proto: integer overflow', 'proto: integer overflow'],
  [
    '\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
    'proto: negative length found during unmarshaling',
    'proto: negative length found during unmarshaling',
  ],
];

describe('bytes that are no message', () => {
  it.each(sentences)('%j', (text, inRange, inUserAdd) => {
    const bytes = bytesOfByteString(text);
    expect(() => requests.decodeRangeRequest(bytes)).toThrow(new ProtoError(inRange));
    expect(() => pb.RangeRequest.decode(bytes)).toThrow(new ProtoError(inRange));
    expect(() => pb.AuthUserAddRequest.decode(bytes)).toThrow(new ProtoError(inUserAdd));
    // Google's passes over a field of another wire type.
    const whole = inRange.includes('wireType = 0');
    expect(refusal(() => HealthCheckRequest.decode(bytes))).toBe(
      whole ? undefined : 'proto: cannot parse invalid wire-format data',
    );
  });

  it('are called after the message within that they are in, and after its field', () => {
    const inOp = bytesOfByteString('\x12\x04\x0a\x02\x30\x00'); // success { request_range { 6: varint } }
    expect(() => requests.decodeTxnRequest(inOp)).not.toThrow();
    const range = bytesOfByteString('\x12\x04\x0a\x02\x10\x00'); // success { request_range { range_end: varint } }
    expect(() => requests.decodeTxnRequest(range)).toThrow('proto: wrong wireType = 0 for field RangeEnd');
    const compare = bytesOfByteString('\x0a\x01\x00');
    expect(() => requests.decodeTxnRequest(compare)).toThrow('proto: Compare: illegal tag 0 (wire type 0)');
    const watch = bytesOfByteString('\x0a\x01\x04');
    expect(() => requests.decodeWatchRequest(watch)).toThrow(
      'proto: WatchCreateRequest: wiretype end group for non-group',
    );
  });

  it('are called alike by the hot codecs and by the tables', () => {
    const pairs = [
      [requests.decodeRangeRequest, pb.RangeRequest],
      [requests.decodePutRequest, pb.PutRequest],
      [requests.decodeDeleteRangeRequest, pb.DeleteRangeRequest],
      [requests.decodeTxnRequest, pb.TxnRequest],
      [requests.decodeCompactionRequest, pb.CompactionRequest],
      [requests.decodeWatchRequest, pb.WatchRequest],
    ] as const;
    // Small numbers make tags of known fields, short lengths and groups.
    const bytes = fc.array(fc.oneof(fc.nat(20), fc.nat(255)), { maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...pairs), bytes, ([byHand, { decode }], list) => {
        const given = Uint8Array.from(list);
        expect(refusal(() => byHand(given))).toBe(refusal(() => decode(given)));
      }),
      { numRuns: 20_000 },
    );
  });

  it('are passed over in groups of any depth', () => {
    const depth = 100_000;
    const groups = Uint8Array.from({ length: 2 * depth }, (_, i) => (i < depth ? 0x7b : 0x7c));
    expect(requests.decodeRangeRequest(groups).key).toBe('');
    expect(() => requests.decodeRangeRequest(groups.subarray(0, -1))).toThrow('unexpected EOF');
  });
});

describe('comparisons that etcd does not know', () => {
  const read = (value: object) =>
    requests.decodeTxnRequest(pb.TxnRequest.encode({ compare: [value as never] }));

  it('hold always, never, or where there is a key', () => {
    const key = { key: Uint8Array.of(97), rangeEnd: Uint8Array.of(98) };
    const common = { key: 'a', rangeEnd: 'b', target: 'version' };
    const always = { compare: [{ ...common, result: 'greater', version: -1 }] };
    const never = { compare: [{ ...common, result: 'less', version: 0 }] };
    const whereThereIsAKey = { compare: [{ ...common, result: 'greater', version: 0 }] };
    expect(read({ ...key, target: 5, result: 0 })).toMatchObject(always);
    for (const result of [1, 2, 3]) expect(read({ ...key, target: -1, result })).toMatchObject(never);
    for (const target of [0, 1, 2, 4, 7]) expect(read({ ...key, target, result: 9 })).toMatchObject(always);
    expect(read({ ...key, target: 3, result: 9 })).toMatchObject(whereThereIsAKey);
  });
});

function refusal(decode: () => unknown): string | undefined {
  try {
    decode();
  } catch (error) {
    if (error instanceof ProtoError) return error.message;
    throw error;
  }
  return undefined;
}
