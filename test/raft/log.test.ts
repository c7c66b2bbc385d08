import { array, assert, integer, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBytes } from '../../src/base/bytes.ts';
import { ok } from '../../src/base/result.ts';
import { RaftLog } from '../../src/raft/log.ts';
import { MemoryStorage, emptyConfState } from '../../src/raft/storage.ts';
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

const everything = Infinity;

/** `stored` entries in Storage, the rest not written yet. */
function logOf(terms: readonly number[], stored: number, committed = 0): RaftLog {
  const storage = new MemoryStorage();
  storage.append(entries(1, terms.slice(0, stored)));
  const log = new RaftLog(storage, index(0), index(0));
  log.append(entries(stored + 1, terms.slice(stored)));
  log.commitTo(index(committed));
  return log;
}

/** As `logOf`, with a snapshot at `compacted` in the place of what is before. */
function compactedLog(terms: readonly number[], compacted: number): RaftLog {
  const storage = new MemoryStorage();
  storage.append(entries(1, terms));
  storage.createSnapshot(index(compacted), emptyConfState, emptyBytes);
  storage.compact(index(compacted));
  return new RaftLog(storage, index(0), index(0));
}

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

  it('slice gives what is asked for, from Storage and from what is not written yet, cut as Storage cuts', () => {
    const sixteen = 16;
    assert(
      property(nat(8), nat(8), nat(8), nat(10), (stored, a, b, count) => {
        const log = logOf([1, 1, 2, 2, 3, 3, 4, 4], stored);
        const [lo, hi] = [Math.min(a, b) + 1, Math.max(a, b) + 1];
        const result = log.slice(index(lo), index(hi), count * sixteen);
        const indexes = result.ok ? result.value.map((entry) => entry.index) : [];
        const expected = Array.from({ length: hi - lo }, (_, i) => lo + i);
        expect(indexes).toEqual(expected.slice(0, Math.max(1, count)));
      }),
    );
  });

  it('slice refuses what is beyond the log, and tells of what is compacted', () => {
    const log = compactedLog([1, 1, 1, 1, 1], 3);
    expect(() => log.slice(index(4), index(7), everything)).toThrow('slice');
    expect(() => log.slice(index(5), index(4), everything)).toThrow('slice');
    expect(log.slice(index(3), index(5), everything)).toEqual({ ok: false, error: 'compacted' });
    expect(log.slice(index(4), index(4), everything)).toEqual(ok([]));
  });

  it('knows the term of what it holds, and of the entry before', () => {
    const log = compactedLog([1, 1, 2, 2, 3], 3);
    const termsAt = [2, 3, 4, 5, 6].map((at) => log.termAt(index(at)));
    expect(termsAt).toEqual([undefined, 2, 2, 3, undefined]);
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.committed, log.applied]).toEqual([
      4, 5, 3, 3, 3,
    ]);
  });

  it('findConflictByTerm agrees with its definition', () => {
    const terms = array(integer({ min: 1, max: 5 }), { maxLength: 10 });
    assert(
      property(terms, nat(10), nat(6), (unsorted, at, ofTerm) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const from = Math.min(at, sorted.length);
        const found = logOf(sorted, 0).findConflictByTerm(index(from), term(ofTerm));
        const expected = sorted.slice(0, from).findLastIndex((value) => value <= ofTerm) + 1;
        expect(found).toEqual({ index: expected, term: sorted[expected - 1] ?? 0 });
      }),
    );
  });

  it('findConflictByTerm stops where the log is compacted: who knows what is there', () => {
    const log = compactedLog([3, 3, 3, 5, 5], 3);
    expect(log.findConflictByTerm(index(5), term(4))).toEqual({ index: 3, term: 3 });
    expect(log.findConflictByTerm(index(5), term(2))).toEqual({ index: 2, term: 0 });
  });

  it('commits nothing beyond its end, and never goes back', () => {
    const log = logOf([1, 1, 1], 3, 2);
    log.commitTo(index(1));
    expect(log.committed).toBe(2);
    expect(() => log.commitTo(index(4))).toThrow('the leader has committed index 4');
    expect(() => log.append(entries(2, [2])), 'nor replaces it what is committed').toThrow('committed');
  });

  it('hands out what is committed once, in pages, and unwritten entries only to who writes first', () => {
    const log = logOf([1, 1, 1, 1], 2, 3);
    const next = (maxBytes: number, allowUnstable: boolean): number[] =>
      log.nextCommitted(maxBytes, allowUnstable).map((entry) => entry.index);
    expect(next(everything, false)).toEqual([1, 2]);
    expect(next(everything, true)).toEqual([1, 2, 3]);
    expect(next(16, true)).toEqual([1]);
    log.acceptApplying(index(1));
    expect(next(everything, true)).toEqual([2, 3]);
    log.acceptApplying(index(3));
    expect([log.hasNextCommitted(true), log.applied]).toEqual([false, 0]);
    log.appliedTo(index(3));
    expect(log.applied).toBe(3);
    expect(() => log.appliedTo(index(4))).toThrow('beyond commit');
  });

  it('a snapshot replaces all, and nothing behind it is applied before it', () => {
    const log = logOf([1, 1, 1], 3, 3);
    const metadata = { index: index(8), term: term(4), confState: emptyConfState };
    log.restore({ metadata, data: emptyBytes });
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.committed]).toEqual([9, 8, 4, 8]);
    expect(log.maybeAppend(index(8), term(4), index(9), entries(9, [4]))).toBe(9);
    expect([log.committed, log.hasNextCommitted(true)]).toEqual([9, false]);
    log.stableSnapshotTo(index(8));
    log.appliedTo(index(8));
    expect(log.hasNextCommitted(true)).toBe(true);
  });

  it('§5.4.1: is as up-to-date as another by the last term first, then by length', () => {
    const log = logOf([1, 2, 2], 3);
    const upToDate = [
      [9, 1],
      [2, 2],
      [3, 2],
      [4, 2],
      [1, 3],
    ] as const;
    expect(upToDate.map(([at, ofTerm]) => log.isUpToDate(index(at), term(ofTerm)))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });
});
