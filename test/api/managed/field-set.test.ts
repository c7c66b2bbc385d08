import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FieldSet, fieldSetFromV1, keyStep, pathText } from '../../../src/api/managed/field-set.ts';

/** Few steps, so that sets meet. */
const step = fc.constantFrom('f:a', 'f:b', keyStep([['name', 'x']]), 'v:"x"', 'v:2', 'i:0');
const paths = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 });

function setOf(list: readonly (readonly string[])[]): FieldSet {
  const set = new FieldSet();
  for (const path of list) set.insert(path);
  return set;
}

/** The naive model: a set of the paths' texts. */
function textsOf(set: FieldSet): ReadonlySet<string> {
  return new Set([...set.paths()].map((path) => path.join(' ')));
}

describe('a set of fields', () => {
  it('is a set of paths, whatever is done with it', () => {
    fc.assert(
      fc.property(paths, paths, (first, second) => {
        const [a, b] = [setOf(first), setOf(second)];
        const [textsA, textsB] = [textsOf(a), textsOf(b)];
        expect(textsA).toEqual(new Set(first.map((path) => path.join(' '))));
        expect(textsOf(a.union(b))).toEqual(new Set([...textsA, ...textsB]));
        expect(textsOf(a.intersection(b))).toEqual(new Set([...textsA].filter((one) => textsB.has(one))));
        expect(textsOf(a.difference(b))).toEqual(new Set([...textsA].filter((one) => !textsB.has(one))));
        const below = (one: string): boolean =>
          [...textsB].some((other) => `${one} `.startsWith(`${other} `));
        expect(textsOf(a.recursiveDifference(b))).toEqual(new Set([...textsA].filter((one) => !below(one))));
        expect(a.equals(b)).toBe(
          JSON.stringify([...textsA].toSorted()) === JSON.stringify([...textsB].toSorted()),
        );
        for (const path of second) expect(a.has(path)).toBe(textsA.has(path.join(' ')));
      }),
    );
  });

  it('survives FieldsV1, which is written in one order', () => {
    fc.assert(
      fc.property(paths, (list) => {
        const set = setOf(list);
        const again = fieldSetFromV1(JSON.parse(JSON.stringify(set.toFieldsV1())));
        expect(again?.equals(set)).toBe(true);
        expect(JSON.stringify(setOf(list.toReversed()).toFieldsV1())).toBe(JSON.stringify(set.toFieldsV1()));
      }),
    );
  });

  it('is written and named as Kubernetes does', () => {
    const item = keyStep([
      ['protocol', 'TCP'],
      ['containerPort', 80],
    ]);
    const set = setOf([
      ['f:spec', 'f:ports', item],
      ['f:spec', 'f:ports', item, 'f:name'],
      ['f:metadata', 'f:finalizers', 'v:"a"'],
    ]);
    expect(JSON.stringify(set.toFieldsV1())).toBe(
      '{"f:metadata":{"f:finalizers":{"v:\\"a\\"":{}}},' +
        '"f:spec":{"f:ports":{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{}}}}}',
    );
    expect([...set.paths()].map(pathText)).toEqual([
      '.metadata.finalizers[="a"]',
      '.spec.ports[containerPort=80,protocol="TCP"]',
      '.spec.ports[containerPort=80,protocol="TCP"].name',
    ]);
  });

  it('is not read from what is none', () => {
    for (const wrong of [null, 3, [], { x: {} }, { 'f:a': 1 }, { 'f:a': { 'q:b': {} } }]) {
      expect(fieldSetFromV1(wrong)).toBeUndefined();
    }
    fc.assert(fc.property(fc.jsonValue(), (value) => void fieldSetFromV1(value)));
  });
});
