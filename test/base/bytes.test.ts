import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { isZero } from '../../src/base/bytes.ts';

it('finds the one byte that is not zero, wherever the bytes begin and end', () => {
  fc.assert(
    fc.property(
      fc.nat(12),
      fc.nat(40),
      fc.nat(40),
      fc.option(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 255 }))),
      (offset, length, from, other) => {
        fc.pre(from <= length);
        const bytes = new Uint8Array(new ArrayBuffer(offset + length), offset);
        if (other !== null && other[0] < length) bytes[other[0]] = other[1];
        expect(isZero(bytes, from)).toBe(bytes.subarray(from).every((byte) => byte === 0));
      },
    ),
    { numRuns: 2000 },
  );
});
