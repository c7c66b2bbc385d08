import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JsonMap } from '../../../src/api/json.ts';
import { fieldSetOf } from '../../../src/api/managed/comparison.ts';
import { pathText } from '../../../src/api/managed/field-set.ts';
import { afterUpdate, apply } from '../../../src/api/managed/managers.ts';
import type { Managers } from '../../../src/api/managed/managers.ts';
import { canonicalize } from '../../../src/api/schema/canonical.ts';
import { structNamed } from '../../../src/api/schema/library.ts';

const pod = structNamed('v1.Pod');
const configMap = structNamed('v1.ConfigMap');

const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'), {
  noNullPrototype: true,
});
const steps = fc.array(
  fc.record({ who: fc.constantFrom('x', 'y', 'z'), data, force: fc.boolean(), isApply: fc.boolean() }),
  { maxLength: 12 },
);

/** The naive model of a flat map: for every key its value, and of every key its owners. */
class Model {
  values = new Map<string, string>();
  owners = new Map<string, Set<string>>();

  /** Conflicting keys; nothing changed when there are some. */
  apply(who: string, wanted: ReadonlyMap<string, string>, force: boolean): readonly string[] {
    const others = (key: string): string[] => [...(this.owners.get(key) ?? [])].filter((one) => one !== who);
    const conflicts = [...wanted.keys()].filter(
      (key) => this.values.get(key) !== wanted.get(key) && others(key).length > 0,
    );
    if (conflicts.length > 0 && !force) return conflicts;
    for (const [key, owners] of this.owners) {
      if (!owners.has(who) || wanted.has(key)) continue;
      owners.delete(who);
      if (owners.size === 0) this.values.delete(key);
    }
    for (const [key, value] of wanted) {
      const isSame = this.values.get(key) === value;
      this.owners.set(key, new Set([who, ...(isSame ? others(key) : [])]));
      this.values.set(key, value);
    }
    return [];
  }

  update(who: string, wanted: ReadonlyMap<string, string>): void {
    for (const key of new Set([...this.values.keys(), ...wanted.keys()])) {
      if (this.values.get(key) === wanted.get(key)) continue;
      this.owners.set(key, wanted.has(key) ? new Set([who]) : new Set());
    }
    this.values = new Map(wanted);
  }
}

describe('applying to a map', () => {
  it('does what a naive model does, conflict by conflict', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const model = new Model();
        let object: JsonMap = { data: {} };
        let managers: Managers = new Map();
        for (const { who, data: wanted, force, isApply } of list) {
          const entries = new Map(Object.entries(wanted));
          // Updaters and appliers of one name are two managers.
          const name = `${who} ${isApply ? 'Apply' : 'Update'}`;
          if (isApply) {
            const expected = model.apply(name, entries, force);
            const result = apply(object, { data: wanted }, configMap, managers, name, force);
            const fields = result.ok
              ? []
              : [...result.error.values()].flatMap((set) => [...set.paths()].map(pathText));
            expect([...new Set(fields)].filter((one) => one !== '.data').toSorted()).toEqual(
              expected.map((key) => `.data.${key}`).toSorted(),
            );
            if (result.ok) ({ object, managers } = result.value);
          } else {
            model.update(name, entries);
            const next = { ...object, data: wanted };
            managers = afterUpdate(object, next, configMap, managers, name);
            object = next;
          }
          expect(new Map(Object.entries((object['data'] ?? {}) as Record<string, string>))).toEqual(
            model.values,
          );
          for (const [key, owners] of model.owners) {
            const has = [...managers].filter(([, { fields }]) => fields.has(['f:data', `f:${key}`]));
            expect(has.map(([one]) => one).toSorted(), key).toEqual([...owners].toSorted());
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('applying to lists', () => {
  const container = (name: string, image: string, args?: readonly string[]): JsonMap => ({
    name,
    image,
    ...(args === undefined ? {} : { args }),
  });

  it('merges items by their keys, keeps the order of both, and replaces what is atomic', () => {
    const live = {
      spec: { containers: [container('a', '1'), container('b', '1', ['x']), container('c', '1')] },
    };
    const applied = {
      spec: { containers: [container('c', '2'), container('b', '1', ['y']), container('new', '1')] },
    };
    const result = apply(live, applied, pod, new Map(), 'me Apply', false);
    expect(result.ok && result.value.object).toEqual({
      spec: {
        containers: [
          container('a', '1'),
          container('c', '2'),
          container('b', '1', ['y']),
          container('new', '1'),
        ],
      },
    });
  });

  it('takes an item away when its last owner lets go, not before', () => {
    const applied = { spec: { containers: [container('a', '1'), container('b', '1')] } };
    const less = { spec: { containers: [container('a', '1')] } };
    const first = apply({}, applied, pod, new Map(), 'x Apply', false);
    const second =
      first.ok && apply(first.value.object, applied, pod, first.value.managers, 'y Apply', false);
    const third =
      second && second.ok && apply(second.value.object, less, pod, second.value.managers, 'x Apply', false);
    expect(third && third.ok && third.value.object).toEqual(applied);
    const fourth =
      third && third.ok && apply(third.value.object, less, pod, third.value.managers, 'y Apply', false);
    expect(fourth && fourth.ok && fourth.value.object).toEqual(less);
  });

  it('knows a port without a protocol by the default one', () => {
    const set = fieldSetOf({ spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] } }, pod);
    expect([...set.paths()].map(pathText)).toContain(
      '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].containerPort',
    );
  });
});

it('owns what a create says, objects that were not there included', () => {
  const canonical = canonicalize({ metadata: { labels: { a: '1' } }, data: { k: 'v' } }, configMap);
  const nothing = canonicalize({}, configMap);
  if (!canonical.ok || !nothing.ok) throw new Error('not canonical');
  const managers = afterUpdate(nothing.value.value, canonical.value.value, configMap, new Map(), 'me');
  expect(managers.get('me')?.fields.toFieldsV1()).toEqual({
    'f:data': { '.': {}, 'f:k': {} },
    'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
  });
});
