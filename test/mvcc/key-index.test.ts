import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { KeyHistory } from '../../src/mvcc/key-index.ts';

/** A history against a list of its changes, while the oldest are forgotten one by one or many at once. */
it('knows its changes, however many of the oldest are forgotten', () => {
  const step = fc.oneof(
    fc.record({
      ahead: fc.integer({ min: 1, max: 5 }),
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
          changes.push({ main: newest, sub: one.sub, tombstone: one.tombstone });
          history.add(newest, one.sub, one.tombstone);
        } else if (changes.length > 0) {
          const { main, tombstone } = changes[one.forgetAt % changes.length]!;
          const gone = changes.filter((change) => change.main < main + (tombstone ? 1 : 0));
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
