import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  mustParseQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  subtractQuantities,
} from '../../src/api/quantity.ts';

describe('quantities', () => {
  it.each([
    ['0', '0'],
    ['100m', '100m'],
    ['0.5', '500m'],
    ['1', '1'],
    ['1.0', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1024Ki', '1Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['12e6', '12e6'],
    ['1000', '1k'],
    ['1000k', '1M'],
    ['-1', '-1'],
    ['+2', '2'],
    ['.5', '500m'],
    ['5.', '5'],
    ['0.0001u', '1n'],
    ['100Mi', '100Mi'],
    ['1023', '1023'],
    ['1100Mi', '1100Mi'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  it.each(['', 'x', '1 Gi', '1gi', '--1', '1e', 'm', '1.2.3', '0x10', '1KI', 'Ki', '+', '.'])(
    '%s is none',
    (text) => {
      expect(parseQuantity(text).ok).toBe(false);
    },
  );

  it.each([
    ['100m', 1, 100],
    ['1', 1, 1000],
    ['1001m', 2, 1001],
    ['1Gi', 2 ** 30, 2 ** 30 * 1000],
    ['-1500m', -1, -1500],
    ['1u', 1, 1],
  ])('%s counts as %d whole and %d thousandths', (text, whole, thousandths) => {
    expect(quantityValue(mustParseQuantity(text))).toBe(whole);
    expect(quantityMilliValue(mustParseQuantity(text))).toBe(thousandths);
  });

  const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-2');
  const text = fc.tuple(fc.integer({ min: -99_999, max: 99_999 }), suffix).map(([n, unit]) => `${n}${unit}`);

  it('survive being written, and the canonical text is a fixed point', () => {
    fc.assert(
      fc.property(text, (one) => {
        const quantity = mustParseQuantity(one);
        const written = formatQuantity(quantity);
        expect(mustParseQuantity(written).nanos).toBe(quantity.nanos);
        expect(canonicalQuantity(written)).toBe(written);
      }),
    );
  });

  it('add, subtract and compare as numbers do', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = [mustParseQuantity(a), mustParseQuantity(b)];
        expect(subtractQuantities(addQuantities(x, y), y).nanos).toBe(x.nanos);
        expect(Math.sign(compareQuantities(x, y))).toBe(Math.sign(Number(x.nanos - y.nanos)));
      }),
    );
  });
});
