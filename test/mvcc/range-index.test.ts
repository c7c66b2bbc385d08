import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { unboundedEnd } from '../../src/mvcc/key-range.ts';
import { RangeIndex } from '../../src/mvcc/range-index.ts';

it('finds what a list of ranges finds', () => {
  const key = fc.integer({ min: 0, max: 30 }).map((n) => String(n).padStart(2, '0'));
  const end = fc.oneof({ weight: 9, arbitrary: key }, { weight: 1, arbitrary: fc.constant(unboundedEnd) });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), key, end, fc.nat(200)), { maxLength: 80, size: 'max' }),
      fc.array(key, { minLength: 20 }),
      (steps, keys) => {
        const index = new RangeIndex<number>();
        let list: { from: string; end: string; item: number }[] = [];
        for (const [i, [add, from, end, pick]] of steps.entries()) {
          if (add || list.length === 0) {
            index.add(from, end, i);
            list.push({ from, end, item: i });
          } else {
            const gone = list[pick % list.length]!;
            index.delete(gone.from, gone.end, gone.item);
            list = list.filter((range) => range !== gone);
          }
          const key = keys[i % keys.length]!;
          const hits: number[] = [];
          index.visit(key, (item) => void hits.push(item));
          const expected = list
            .filter((range) => range.from <= key && key < range.end)
            .map(({ item }) => item);
          expect(hits.toSorted((a, b) => a - b)).toEqual(expected);
        }
      },
    ),
  );
});
