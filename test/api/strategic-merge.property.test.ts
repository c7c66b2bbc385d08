import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isMap } from '../../src/api/json.ts';
import type { JsonMap } from '../../src/api/json.ts';
import { applyMergePatch, applyStrategicMergePatch } from '../../src/api/patch.ts';

type Item = Readonly<{ name: string; image?: string; args?: readonly string[] }>;

const names = ['a', 'b', 'c', 'd', 'e'];
const item = (name: string): fc.Arbitrary<Item> =>
  fc.record(
    {
      name: fc.constant(name),
      image: fc.constantFrom('1', '2'),
      args: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    },
    { requiredKeys: ['name'] },
  );
const items = fc.shuffledSubarray(names).chain((chosen) => fc.tuple(...chosen.map(item)));
const patchItems = fc
  .shuffledSubarray(names)
  .chain((chosen) =>
    fc.tuple(...chosen.map((name) => fc.oneof(item(name), fc.constant({ name, $patch: 'delete' as const })))),
  );

function patched(original: JsonMap, patch: JsonMap): JsonMap {
  const result = applyStrategicMergePatch(original, patch, 'v1.Pod');
  if (!result.ok) throw result.error;
  return result.value as JsonMap;
}

function containersOf(pod: JsonMap): readonly Item[] {
  return (pod['spec'] as { containers: readonly Item[] }).containers;
}

describe('a strategic merge patch of a list with keys', () => {
  it('changes, adds and deletes what it names, as a map by key would', () => {
    fc.assert(
      fc.property(items, patchItems, (live, patch) => {
        const model = new Map<string, JsonMap>(live.map((one) => [one.name, one]));
        for (const one of patch) {
          if ('$patch' in one) model.delete(one.name);
          else model.set(one.name, { ...model.get(one.name), ...one });
        }
        const result = containersOf(patched({ spec: { containers: live } }, { spec: { containers: patch } }));
        expect(new Map(result.map((one) => [one.name, one]))).toEqual(model);
        expect(result.length).toBe(model.size);
      }),
    );
  });

  it('gives the order that $setElementOrder asks for, and keeps that of the others', () => {
    fc.assert(
      fc.property(items, fc.shuffledSubarray(names), (live, order) => {
        const patch = {
          spec: {
            '$setElementOrder/containers': order.map((name) => ({ name })),
            containers: order.map((name) => ({ name })),
          },
        };
        const result = containersOf(patched({ spec: { containers: live } }, patch)).map(({ name }) => name);
        expect(result.filter((name) => order.includes(name))).toEqual(order);
        expect(result.filter((name) => !order.includes(name))).toEqual(
          live.map(({ name }) => name).filter((name) => !order.includes(name)),
        );
      }),
    );
  });

  it('replaces all with $patch: replace, and takes out of scalar lists what it is told to', () => {
    fc.assert(
      fc.property(
        items,
        items,
        fc.uniqueArray(fc.constantFrom('f', 'g', 'h')),
        fc.constantFrom('f', 'g'),
        (live, next, finalizers, gone) => {
          const replaced = patched(
            { spec: { containers: live } },
            { spec: { containers: [{ $patch: 'replace' }, ...next] } },
          );
          expect(containersOf(replaced)).toEqual(next);
          const result = patched(
            { metadata: { finalizers } },
            { metadata: { '$deleteFromPrimitiveList/finalizers': [gone] } },
          );
          expect((result['metadata'] as JsonMap)['finalizers']).toEqual(
            finalizers.filter((one) => one !== gone),
          );
        },
      ),
    );
  });

  it('keeps of a map what $retainKeys names', () => {
    const keys = fc.uniqueArray(fc.constantFrom('emptyDir', 'hostPath', 'secret', 'name'));
    fc.assert(
      fc.property(keys, keys, (live, retained) => {
        const volume = { ...Object.fromEntries(live.map((key) => [key, {}])), name: 'v' };
        const patch = { name: 'v', $retainKeys: [...retained, 'name'] };
        const result = patched({ spec: { volumes: [volume] } }, { spec: { volumes: [patch] } });
        const [left] = (result['spec'] as { volumes: readonly JsonMap[] }).volumes;
        expect(Object.keys(left!).toSorted()).toEqual(
          [...new Set([...live.filter((key) => retained.includes(key)), 'name'])].toSorted(),
        );
      }),
    );
  });

  it('takes any patch without crashing, and is no more than a merge patch where there are no lists', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (original, patch) => {
        const result = applyStrategicMergePatch({ spec: original }, { spec: patch }, 'v1.Pod');
        if (!result.ok) expect(result.error.status.code).toBeGreaterThanOrEqual(400);
        if (!result.ok || hasListOrDirective(patch)) return;
        expect(result.value).toEqual(applyMergePatch({ spec: original }, { spec: patch }));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a merge patch', () => {
  it('is RFC 7386, told by leaves', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (original, patch) => {
        expect(applyMergePatch(original, patch)).toEqual(naiveMerge(original, patch));
      }),
    );
  });
});

/** The pseudocode of the RFC's section 2. */
function naiveMerge(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result = Object.assign(Object.create(null) as Record<string, unknown>, isMap(target) ? target : {});
  for (const key of Object.keys(patch)) {
    if (patch[key] === null) delete result[key];
    else result[key] = naiveMerge(result[key], patch[key]);
  }
  return { ...result };
}

function hasListOrDirective(value: unknown): boolean {
  if (Array.isArray(value)) return true;
  return (
    isMap(value) && Object.entries(value).some(([key, one]) => key.startsWith('$') || hasListOrDirective(one))
  );
}
