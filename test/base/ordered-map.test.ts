import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { OrderedMap } from '../../src/base/ordered-map.ts';

/** The same map as a sorted array. */
class SortedArray {
  entries: [string, number][] = [];

  set(key: string, value: number): void {
    this.delete(key);
    this.entries.push([key, value]);
    this.entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  }

  delete(key: string): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter(([other]) => other !== key);
    return this.entries.length < before;
  }

  between(from: string, end?: string): [string, number][] {
    return this.entries.filter(([key]) => key >= from && (end === undefined || key < end));
  }
}

function read(map: OrderedMap<number>, from: string, end?: string): [string, number][] {
  const cursor = map.scan(from, end);
  const entries: [string, number][] = [];
  while (cursor.next()) entries.push([cursor.key, cursor.value]);
  expect(cursor.next()).toBe(false);
  return entries;
}

function readLeaves(map: OrderedMap<number>, from: string, end: string): number[] {
  const leaf = map.scanLeaves(from, end);
  const values: number[] = [];
  while (leaf.next()) {
    expect(leaf.from).toBeLessThan(leaf.to);
    values.push(...leaf.values.slice(leaf.from, leaf.to));
  }
  expect(leaf.next()).toBe(false);
  return values;
}

/** Notes the values of each leaf with it; returns how many leaves still had what was noted before. */
function note(map: OrderedMap<number>): number {
  let kept = 0;
  const leaf = map.scanLeaves('', '\uffff');
  while (leaf.next()) {
    if (leaf.note !== undefined) {
      expect(leaf.note).toEqual(leaf.values);
      kept++;
    }
    leaf.note = [...leaf.values];
  }
  return kept;
}

const key = fc.integer({ min: 0, max: 999 }).map((n) => String(n));

describe('OrderedMap', () => {
  it('is a sorted array, whatever is done to it', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('set'), key, key) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('delete'), key, key) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('range'), key, key) },
    );
    fc.assert(
      fc.property(fc.nat(1500), fc.array(step, { maxLength: 60, size: 'max' }), (filled, steps) => {
        const map = new OrderedMap<number>();
        const model = new SortedArray();
        // Enough for several leaves, in an order that is neither ascending nor random.
        for (let i = 0; i < filled; i++) map.set(String((i * 37) % 1000), i);
        for (let i = 0; i < filled; i++)
          if (i + 1000 >= filled) model.entries.push([String((i * 37) % 1000), i]);
        model.entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
        for (const [i, [kind, a, b]] of steps.entries()) {
          if (kind === 'set') {
            map.set(a, i);
            model.set(a, i);
          } else if (kind === 'delete') {
            expect(map.delete(a)).toBe(model.delete(a));
          } else {
            expect(read(map, a, b)).toEqual(model.between(a, b));
            expect(readLeaves(map, a, b)).toEqual(model.between(a, b).map(([, value]) => value));
            note(map);
            expect(map.count(a, b)).toBe(model.between(a, b).length);
          }
          expect(map.get(b)).toBe(model.entries.find(([other]) => other === b)?.[1]);
          expect(map.size).toBe(model.entries.length);
        }
        map.checkInvariants();
        expect(read(map, '')).toEqual(model.entries);
        note(map);
      }),
      { numRuns: 60 },
    );
  });

  it('shrinks from three levels to nothing, in any direction', () => {
    const count = 6000;
    for (const order of [(i: number) => i, (i: number) => count - 1 - i, (i: number) => (i * 2741) % count]) {
      const map = new OrderedMap<number>();
      for (let i = 0; i < count; i++) map.set(String(order(i)).padStart(5, '0'), i);
      map.checkInvariants();
      for (let i = 0; i < count; i++) {
        expect(map.delete(String(order(i)).padStart(5, '0'))).toBe(true);
        if (i % 250 === 0) map.checkInvariants();
      }
      expect(map.size).toBe(0);
      expect(read(map, '')).toEqual([]);
      map.checkInvariants();
    }
  });

  it('forgets what is noted with a leaf when its entries change, and nothing else', () => {
    const map = new OrderedMap<number>();
    for (let i = 0; i < 640; i++) map.set(String(i * 2).padStart(4, '0'), i);
    expect(note(map)).toBe(0);
    const leaves = note(map);
    expect(leaves).toBeGreaterThan(10);
    map.set('0100', -1);
    expect(note(map)).toBe(leaves - 1);
    map.delete('0700');
    expect(note(map)).toBe(leaves - 1);
    map.delete('0701');
    expect(note(map)).toBe(leaves);
  });

  it('counts nothing in an empty or inverted range', () => {
    const map = new OrderedMap<number>();
    map.set('b', 1);
    expect(map.count('a', 'c')).toBe(1);
    expect(map.count('b', 'b')).toBe(0);
    expect(map.count('c', 'a')).toBe(0);
    expect(map.count('b\0', 'c')).toBe(0);
  });
});
