import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SharedList } from '../../src/base/shared-list.ts';

describe('SharedList', () => {
  it('is a list, whoever appends to it meanwhile', () => {
    const appends = fc.array(fc.tuple(fc.nat(5), fc.nat(7)), { maxLength: 200 });
    fc.assert(
      fc.property(appends, (steps) => {
        const start = new SharedList<number>();
        const lists = Array.from({ length: 6 }, () => start);
        const models: number[][] = lists.map(() => []);
        for (const [i, [which, item]] of steps.entries()) {
          lists[which] = lists[which]!.append(item);
          models[which]!.push(item);
          if (i % 10 === 9) start.forgetContinuations();
          if (i % 7 === 0) expect(lists[which]!.items).toEqual(models[which]);
        }
        expect(lists.map(({ items }) => items)).toEqual(models);
        expect(lists.map(({ length }) => length)).toEqual(models.map(({ length }) => length));
      }),
    );
  });

  it('is one list, with one array, for those who append the same', () => {
    const start = new SharedList<object>();
    const items = [{}, {}, {}];
    const lists = [start, start, start, start];
    for (const item of items) for (const i of lists.keys()) lists[i] = lists[i]!.append(item);
    expect(new Set(lists).size).toBe(1);
    expect(new Set(lists.map((list) => list.items)).size).toBe(1);
    expect(lists[0]!.items).toEqual(items);
  });

  it('remembers a few continuations, and none that were to be forgotten', () => {
    const start = new SharedList<number>();
    const one = start.append(1);
    expect(start.append(1)).toBe(one);
    for (let i = 2; i < 6; i++) start.append(i);
    expect(start.append(1)).not.toBe(one);
    const again = start.append(1);
    start.forgetContinuations();
    expect(start.append(1)).not.toBe(again);
  });
});
