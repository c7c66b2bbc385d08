import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBytes } from '../../src/base/bytes.ts';
import { err, ok } from '../../src/base/result.ts';
import { RaftLog } from '../../src/raft/log.ts';
import { Progress } from '../../src/raft/progress.ts';
import { MemoryStorage } from '../../src/raft/storage.ts';
import { index, term } from '../../src/raft/types.ts';
import type { Entry } from '../../src/raft/types.ts';

function entries(from: number, terms: readonly number[]): Entry[] {
  return terms.map((value, i) => ({
    index: index(from + i),
    term: term(value),
    type: 'normal',
    data: emptyBytes,
  }));
}

function filled(): MemoryStorage {
  const storage = new MemoryStorage();
  storage.append(entries(1, [1, 1, 2, 2, 3]));
  storage.createSnapshot(index(3), { voters: [], learners: [] }, emptyBytes);
  storage.compact(index(2));
  return storage;
}

describe('MemoryStorage', () => {
  it('says what is compacted and what is not there', () => {
    const storage = filled();
    expect([storage.firstIndex(), storage.lastIndex()]).toEqual([3, 5]);
    expect(storage.term(index(1))).toEqual(err('compacted'));
    expect(storage.term(index(2)), 'the entry before the first is still compared').toEqual(ok(1));
    expect(storage.term(index(6))).toEqual(err('unavailable'));
    expect(storage.entries(index(2), index(4), Infinity)).toEqual(err('compacted'));
    expect(storage.entries(index(3), index(7), Infinity)).toEqual(err('unavailable'));
  });

  it('cuts after maxBytes, never below one entry', () => {
    const count = (maxBytes: number): number => {
      const result = filled().entries(index(3), index(6), maxBytes);
      return result.ok ? result.value.length : 0;
    };
    expect([0, 16, 32, 47, 48].map(count)).toEqual([1, 1, 2, 2, 3]);
  });

  it('append truncates, refuses a gap, and passes over what is compacted', () => {
    const storage = filled();
    storage.append(entries(4, [9]));
    expect([storage.lastIndex(), storage.term(index(4))]).toEqual([4, ok(9)]);
    expect(() => storage.append(entries(6, [9]))).toThrow('gap');
    storage.append(entries(1, [1, 1, 8]));
    expect([storage.firstIndex(), storage.lastIndex(), storage.term(index(3))]).toEqual([3, 3, ok(8)]);
  });

  it('does not change what it handed out', () => {
    const storage = filled();
    const before = storage.entries(index(3), index(6), Infinity);
    storage.append(entries(3, [9, 9, 9]));
    expect(before.ok && before.value.map((entry) => entry.term)).toEqual([2, 2, 3]);
  });
});

describe('RaftLog', () => {
  /** An array is the naive log: AppendEntries of figure 2, word for word. */
  it('maybeAppend agrees with the naive log', () => {
    const append = array(integer({ min: 1, max: 3 }), { maxLength: 5 });
    assert(
      property(
        array(append, { minLength: 1, maxLength: 10 }),
        integer({ min: 0, max: 4 }),
        (appends, offset) => {
          const storage = new MemoryStorage();
          const log = new RaftLog(storage, index(0), index(0));
          let naive: number[] = [];
          for (const [i, terms] of appends.entries()) {
            const previous = Math.min(naive.length + 1, (i * offset) % 7);
            const logTerm = term(naive[previous - 1] ?? 0);
            const sorted = terms.toSorted((a, b) => a - b);
            const result = log.maybeAppend(index(previous), logTerm, index(0), entries(previous + 1, sorted));
            if (previous > naive.length) {
              expect(result).toBeUndefined();
              continue;
            }
            for (const [j, value] of sorted.entries()) {
              if (naive[previous + j] === value) continue;
              naive = [...naive.slice(0, previous + j), value];
            }
            expect(result).toBe(previous + sorted.length);
            expect(log.lastIndex).toBe(naive.length);
            expect(naive.map((_, at) => log.termAt(index(at + 1)))).toEqual(naive);
            if (i % 2 === 0) {
              const unstable = log.nextUnstableEntries();
              storage.append(unstable);
              const last = unstable.at(-1);
              if (last !== undefined) log.stableTo(last.index, last.term);
            }
          }
        },
      ),
    );
  });
});

describe('Progress', () => {
  it('an old rejection says nothing about now', () => {
    const progress = new Progress(index(9), 4);
    expect(progress.maybeDecrease(index(7), index(3)), 'not the one that was asked').toBe(false);
    expect(progress.maybeDecrease(index(8), index(3))).toBe(true);
    expect(progress.next).toBe(4);
    progress.maybeUpdate(index(5));
    progress.becomeReplicate();
    expect(progress.maybeDecrease(index(5), index(3)), 'matched since').toBe(false);
    expect(progress.next).toBe(6);
  });
});
