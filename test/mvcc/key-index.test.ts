import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { KeyHistory } from '../../src/mvcc/key-index.ts';

/** A history against a list of its changes, while the oldest are forgotten one by one or many at once. */
it('knows its changes, however many of the oldest are forgotten', () => {
  const step = fc.oneof(
    fc.record({
      // 0: once more in the same revision.
      ahead: fc.integer({ min: 0, max: 5 }),
      sub: fc.constantFrom(0, 0, 0, 2),
      tombstone: fc.constantFrom(false, false, true),
    }),
    fc.record({ forgetAt: fc.nat(100) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const history = new KeyHistory('k');
      let changes: { main: number; sub: number; tombstone: boolean }[] = [];
      let newest = 1;
      for (const one of steps) {
        if ('ahead' in one) {
          newest += one.ahead;
          const last = changes.at(-1);
          const sub = last?.main === newest ? last.sub + 1 + one.sub : one.sub;
          changes.push({ main: newest, sub, tombstone: one.tombstone });
          history.add(newest, sub, one.tombstone);
        } else if (changes.length > 0) {
          const { main } = changes[one.forgetAt % changes.length]!;
          const last = changes.findLastIndex((change) => change.main === main);
          const gone = changes.slice(0, changes[last]!.tombstone ? last + 1 : last);
          changes = changes.filter((change) => !gone.includes(change));
          expect(history.forgetBefore(main, main + 1)).toEqual(gone.map(({ main, sub }) => ({ main, sub })));
        }
        expect(history.length).toBe(changes.length);
        for (const [i, { main, sub, tombstone }] of changes.entries()) {
          expect([history.change(i), history.isTombstone(i)]).toEqual([{ main, sub }, tombstone]);
        }
        for (let main = 0; main <= newest + 1; main++) {
          const at = changes.findLastIndex((change) => change.main <= main);
          expect(history.at(main)).toBe(at >= 0 && changes[at]!.tombstone ? -1 : at);
        }
      }
    }),
    { numRuns: 200 },
  );
});
