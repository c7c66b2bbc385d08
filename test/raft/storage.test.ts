import { describe, expect, it } from 'vitest';

import { emptyBytes } from '../../src/base/bytes.ts';
import { err, ok } from '../../src/base/result.ts';
import { MemoryStorage, emptyConfState } from '../../src/raft/storage.ts';
import { index, term } from '../../src/raft/types.ts';
import type { Entry, Snapshot } from '../../src/raft/types.ts';
import { ids } from './network.ts';

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

  it('takes a snapshot of its own only at what it holds, and never an older one', () => {
    const storage = filled();
    expect(storage.createSnapshot(index(5), emptyConfState, emptyBytes).metadata).toMatchObject({
      index: 5,
      term: 3,
    });
    expect(() => storage.createSnapshot(index(4), emptyConfState, emptyBytes)).toThrow('older');
    expect(() => storage.createSnapshot(index(6), emptyConfState, emptyBytes)).toThrow('no term');
    expect([storage.firstIndex(), storage.lastIndex()], 'the log stays').toEqual([3, 5]);
  });

  it('compacts no further than its snapshot, and forgets nothing twice', () => {
    const storage = filled();
    expect(() => storage.compact(index(4))).toThrow('not covered by a snapshot');
    storage.compact(index(1));
    expect(storage.firstIndex()).toBe(3);
    storage.compact(index(3));
    expect([storage.firstIndex(), storage.term(index(3)), storage.term(index(2))]).toEqual([
      4,
      ok(2),
      err('compacted'),
    ]);
  });

  it("replaces all by a leader's snapshot, unless it is not newer", () => {
    const storage = filled();
    const at = (value: number, ofTerm: number): Snapshot => ({
      metadata: { index: index(value), term: term(ofTerm), confState: { voters: ids(1), learners: [] } },
      data: emptyBytes,
    });
    storage.applySnapshot(at(3, 9));
    expect(storage.lastIndex()).toBe(5);
    storage.applySnapshot(at(9, 9));
    expect([storage.firstIndex(), storage.lastIndex(), storage.term(index(9))]).toEqual([10, 9, ok(9)]);
    expect(storage.initialState().confState.voters).toEqual(ids(1));
    expect(storage.snapshot()).toEqual(ok(at(9, 9)));
  });
});
