import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBytes, toHex } from '../../src/base/bytes.ts';
import {
  decodeHead,
  decodeKey,
  decodeKeyValue,
  encodeKeyValue,
  encodeRecord,
  encodeTombstone,
  isTombstone,
  withoutValue,
} from '../../src/mvcc/key-value-codec.ts';
import { type LeaseId, revision } from '../../src/mvcc/types.ts';

const lease = (id: bigint): LeaseId => id as LeaseId;

describe('a record', () => {
  it('is the KeyValue message as etcd writes it: fields in order, zeros left out', () => {
    const record = encodeRecord('a\xff', 2, 300, 5, Uint8Array.of(0, 255), lease(1n));
    expect(toHex(record)).toBe('0a0261ff100218ac0220052a0200ff3001');
    expect(toHex(encodeRecord('a', 2, 2, 1, emptyBytes, lease(0n)))).toBe('0a0161100218022001');
    expect(toHex(encodeTombstone('a'))).toBe('0a0161');
  });

  it('has a negative lease in ten bytes, and revisions beyond 32 bits', () => {
    const record = encodeRecord('a', 2 ** 40, 2 ** 53 - 1, 1, emptyBytes, lease(-1n));
    expect(toHex(record).slice(-22)).toBe('30' + 'ff'.repeat(9) + '01');
    expect(decodeKeyValue(record, 2 ** 53 - 1)).toMatchObject({ createRevision: 2 ** 40, lease: -1n });
  });

  it('comes back as it was put, whole or in part', () => {
    const byteString = fc.string({
      unit: fc.nat(255).map((unit) => String.fromCharCode(unit)),
      maxLength: 300,
    });
    const number = fc.oneof(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    );
    fc.assert(
      fc.property(
        fc.record({
          key: byteString.filter((key) => key !== ''),
          value: fc.uint8Array({ maxLength: 20_000 }),
          createRevision: number.map(revision),
          modRevision: number.map(revision),
          version: number,
          lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(lease),
        }),
        (kv) => {
          const record = encodeKeyValue(kv);
          expect(decodeKeyValue(record, kv.modRevision)).toEqual(kv);
          const { key, createRevision, version, lease } = kv;
          expect(decodeHead(record)).toEqual({ key, createRevision, version, lease });
          expect(decodeKey(record)).toBe(key);
          expect(isTombstone(record)).toBe(false);
          expect(isTombstone(encodeTombstone(key))).toBe(true);
          expect(withoutValue(record)).toEqual(encodeKeyValue({ ...kv, value: new Uint8Array() }));
        },
      ),
      { numRuns: 200 },
    );
  });
});
