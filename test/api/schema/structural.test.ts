import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { pathText } from '../../../src/api/managed/field-set.ts';
import { apply } from '../../../src/api/managed/managers.ts';
import { fieldSetOf } from '../../../src/api/managed/comparison.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import { prune } from '../../../src/api/schema/prune.ts';
import { structFromOpenApi } from '../../../src/api/schema/structural.ts';

const widget = structFromOpenApi(
  {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['size'],
        properties: {
          size: { type: 'integer', default: 3 },
          port: { 'x-kubernetes-int-or-string': true },
          nothing: { type: 'string', nullable: true, default: 'x' },
          free: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { a: { type: 'string' } },
          },
          labels: {
            type: 'object',
            additionalProperties: { type: 'object', properties: { v: { type: 'string', default: 'd' } } },
          },
          parts: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['id', 'zone'],
            items: {
              type: 'object',
              properties: {
                id: { type: 'string' },
                zone: { type: 'string', default: 'z' },
                n: { type: 'integer' },
              },
            },
          },
          template: {
            type: 'object',
            'x-kubernetes-embedded-resource': true,
            'x-kubernetes-preserve-unknown-fields': true,
          },
        },
      },
    },
  },
  'Widget',
);

describe('the schema of a custom resource', () => {
  it('prunes, naming what it took', () => {
    const object = {
      apiVersion: 'x/v1',
      kind: 'Widget',
      metadata: { name: 'w', labels: { any: 'thing' } },
      spec: {
        size: 'wrong type stays',
        bogus: 1,
        free: { a: 'a', b: { c: 1 } },
        parts: [{ id: 'a', more: 1 }],
        labels: { l: { v: '1', w: 2 } },
      },
      extra: {},
    };
    const { value, unknownFields } = prune(object, widget);
    expect(unknownFields).toEqual(['spec.bogus', 'spec.parts[0].more', 'spec.labels.l.w', 'extra']);
    expect(value).toEqual({
      apiVersion: 'x/v1',
      kind: 'Widget',
      metadata: { name: 'w', labels: { any: 'thing' } },
      spec: {
        size: 'wrong type stays',
        free: { a: 'a', b: { c: 1 } },
        parts: [{ id: 'a' }],
        labels: { l: { v: '1' } },
      },
    });
    expect(prune(value, widget).value).toBe(value);
  });

  it('fills in defaults where there is an object to fill, and where null is none', () => {
    expect(
      withDefaults({ spec: { size: null, nothing: null, parts: [{ id: 'a' }], labels: { l: {} } } }, widget),
    ).toEqual({
      spec: { size: 3, nothing: null, parts: [{ id: 'a', zone: 'z' }], labels: { l: { v: 'd' } } },
    });
    expect(withDefaults({ metadata: { name: 'w' } }, widget)).toEqual({ metadata: { name: 'w' } });
  });

  it('says how fields are owned, by the walkers of the built-in types', () => {
    const object = { spec: { size: 1, parts: [{ id: 'a', n: 1 }], free: { b: { c: [1, 2] } } } };
    expect([...fieldSetOf(object, widget).paths()].map(pathText)).toEqual([
      '.spec.free.b',
      '.spec.free.b.c',
      '.spec.parts[id="a",zone="z"]',
      '.spec.parts[id="a",zone="z"].id',
      '.spec.parts[id="a",zone="z"].n',
      '.spec.size',
    ]);
    const first = apply({}, object, widget, new Map(), 'x', false);
    const second =
      first.ok && apply(first.value.object, { spec: { size: 2 } }, widget, first.value.managers, 'y', false);
    expect(second && !second.ok && [...second.error.keys()]).toEqual(['x']);
  });

  it('takes any object without crashing, and pruning and defaulting are idempotent', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('spec', 'metadata', 'x'), fc.jsonValue(), { noNullPrototype: true }),
        (object) => {
          const once = withDefaults(prune(object, widget).value, widget);
          expect(prune(once, widget)).toEqual({ value: once, unknownFields: [] });
          expect(withDefaults(once, widget)).toBe(once);
        },
      ),
    );
  });
});
