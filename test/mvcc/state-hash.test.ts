import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addDigest, digestOf, removeDigest } from '../../src/mvcc/state-hash.ts';

describe('the digest of a record', () => {
  it('is 48 bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (record) => {
        const digest = digestOf(record);
        expect(Number.isInteger(digest) && digest >= 0 && digest < 2 ** 48).toBe(true);
      }),
    );
  });

  it('differs when one bit, the order or the length does', () => {
    const seen = new Map<number, string>();
    const note = (record: Uint8Array): void => {
      const digest = digestOf(record);
      const text = record.toString();
      expect(seen.get(digest) ?? text).toBe(text);
      seen.set(digest, text);
    };
    for (let length = 0; length < 40; length++) {
      const record = Uint8Array.from({ length }, (_, i) => i * 31);
      note(record);
      note(record.toReversed());
      note(new Uint8Array(length));
      for (let bit = 0; bit < length * 8; bit++) {
        const flipped = record.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        note(flipped);
      }
    }
    expect(seen.size).toBeGreaterThan(6000);
  });

  it('is counted in and out in any order', () => {
    const digest = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(fc.array(digest), fc.array(digest), (kept, gone) => {
        let sum = 0;
        for (const one of [...kept, ...gone]) sum = addDigest(sum, one);
        for (const one of gone) sum = removeDigest(sum, one);
        expect(sum).toBe(kept.toReversed().reduce(addDigest, 0));
      }),
    );
  });
});
