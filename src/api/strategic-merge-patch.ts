import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { equalJson, isMap } from './json.ts';
import type { JsonMap } from './json.ts';
import { isKnownType, structNamed } from './schema/library.ts';
import type { FieldType, Struct } from './schema/schema.ts';

/**
 * Kubernetes' strategic merge patch (apimachinery/pkg/util/strategicpatch): a merge patch that knows from the
 * schema which lists are sets keyed by a field, so that a patch of one container leaves the others alone.
 *
 * Directives in a patch:
 *   $patch: replace | delete | merge        what happens to the map it stands in, or the list item
 *   $retainKeys: [keys]                     the map keeps these keys only
 *   $setElementOrder/LIST: [items]          the order of the merged list
 *   $deleteFromPrimitiveList/LIST: [values] values to take out of a list of scalars
 */

const patchDirective = '$patch';
const retainKeysDirective = '$retainKeys';
const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/** How a value is merged: what the schema says of it, as far as it says anything. */
interface Shape {
  readonly struct: Struct | undefined;
  /** Set for lists that merge. */
  readonly merges: boolean;
  readonly mergeKey: string | undefined;
  readonly element: FieldType | undefined;
}

const unknownShape: Shape = { struct: undefined, merges: false, mergeKey: undefined, element: undefined };

/** Thrown inside this file only, and turned into a Result at its door. */
class PatchProblem extends Error {}

/** The patched object; `type` is a schema type: 'v1.Pod'. The error is the sentence of the answer. */
export function strategicMerge(original: JsonMap, patch: JsonMap, type: string): Result<JsonMap, string> {
  try {
    return ok(mergeMap(original, patch, isKnownType(type) ? structNamed(type) : undefined));
  } catch (problem) {
    if (problem instanceof PatchProblem) return err(problem.message);
    throw problem;
  }
}

function mergeMap(original: JsonMap, patch: JsonMap, struct: Struct | undefined): JsonMap {
  switch (patch[patchDirective]) {
    case 'replace': {
      const { [patchDirective]: _, ...rest } = patch;
      return rest;
    }
    case 'delete':
      return {};
    case 'merge':
    case undefined:
      break;
    default:
      fail(`unknown patch type: ${goText(patch[patchDirective])}`);
  }
  const retained = patch[retainKeysDirective];
  const base = Array.isArray(retained)
    ? Object.entries(original).filter(([key]) => retained.includes(key))
    : Object.entries(original);
  const result = new Map<string, unknown>(base);
  for (const [key, value] of Object.entries(patch)) {
    if (key === patchDirective || key === retainKeysDirective || key.startsWith(orderPrefix)) continue;
    if (key.startsWith(deletePrefix)) {
      const name = key.slice(deletePrefix.length);
      const gone = listIn(value, key);
      const before = result.get(name);
      if (Array.isArray(before)) {
        result.set(
          name,
          before.filter((item: unknown) => !gone.some((one) => equalJson(one, item))),
        );
      }
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const shape = shapeOf(struct, key);
    const before = result.get(key);
    if (value === null) {
      result.delete(key);
    } else if (isMap(value)) {
      result.set(key, mergeMap(isMap(before) ? before : {}, value, shape.struct));
    } else if (Array.isArray(value)) {
      const order = patch[orderPrefix + key];
      result.set(key, mergeList(Array.isArray(before) ? before : [], value, shape, order));
    } else {
      result.set(key, value);
    }
  }
  // An order without a patch of the list only sorts what is there.
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const name = key.slice(orderPrefix.length);
    const shape = shapeOf(struct, name);
    const before = result.get(name);
    if (Object.hasOwn(patch, name) || !Array.isArray(before) || !shape.merges) continue;
    result.set(name, ordered(before, listIn(order, key), before, shape.mergeKey));
  }
  return Object.fromEntries(result);
}

function mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  shape: Shape,
  order: unknown,
): unknown[] {
  if (patch.some((item) => isMap(item) && item[patchDirective] === 'replace')) {
    return patch.filter((item) => !isMap(item) || item[patchDirective] !== 'replace').map(withoutDirectives);
  }
  if (!shape.merges) return patch.map(withoutDirectives);
  const { mergeKey } = shape;
  const result = [...original];
  const kept: unknown[] = [];
  const struct = shape.element?.kind === 'struct' ? shape.element.struct : undefined;
  for (const item of patch) {
    if (mergeKey === undefined || !isMap(item)) {
      if (!result.some((one) => equalJson(one, item))) result.push(item);
      kept.push(item);
      continue;
    }
    if (item[mergeKey] === undefined) {
      fail(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
    }
    const index = result.findIndex((one) => sameElement(one, item, mergeKey));
    if (item[patchDirective] === 'delete') {
      // Older lists may hold the same key twice; all of them go.
      for (let at = index; at >= 0; at = result.findIndex((one) => sameElement(one, item, mergeKey)))
        result.splice(at, 1);
      continue;
    }
    kept.push(item);
    if (index < 0) result.push(mergeMap({}, item, struct));
    else result[index] = mergeMap(result[index] as JsonMap, item, struct);
  }
  if (order === undefined) return ordered(result, kept, original, mergeKey);
  const wanted = listIn(order, orderPrefix);
  checkOrder(kept, wanted, mergeKey);
  return ordered(result, wanted, original, mergeKey);
}

/** The items of the patch must come in the order that the patch itself asks for. */
function checkOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  let at = 0;
  for (const item of patch) {
    while (at < order.length && !sameElement(order[at], item, mergeKey)) at++;
    if (at === order.length) {
      fail(
        `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
      );
    }
  }
}

/**
 * Items that `order` names come in that order; the others keep their place among them as it was in the live
 * list, as far as both can be had (strategicpatch's `mergeSortedSlice`).
 */
function ordered(
  items: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const placeIn = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((one) => sameElement(one, item, mergeKey));
  const named = items
    .filter((item) => placeIn(order, item) >= 0)
    .toSorted((a, b) => placeIn(order, a) - placeIn(order, b));
  const others = items.filter((item) => placeIn(order, item) < 0);
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = placeIn(live, item);
    while (next < others.length) {
      const other = placeIn(live, others[next]);
      if (place < 0 || other < 0 || other > place) break;
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function sameElement(a: unknown, b: unknown, mergeKey: string | undefined): boolean {
  if (mergeKey === undefined || !isMap(a) || !isMap(b)) return equalJson(a, b);
  return equalJson(a[mergeKey], b[mergeKey]);
}

/** New parts of a patch may carry directives that have nothing to act on. */
function withoutDirectives(value: unknown): unknown {
  return isMap(value) ? mergeMap({}, value, undefined) : value;
}

function shapeOf(struct: Struct | undefined, key: string): Shape {
  const field = struct?.byName.get(key);
  if (field === undefined) return unknownShape;
  const { type } = field;
  return {
    struct: type.kind === 'struct' ? type.struct : undefined,
    merges: field.patchStrategies.includes('merge'),
    mergeKey: field.patchMergeKey,
    element: type.kind === 'list' ? type.element : undefined,
  };
}

function listIn(value: unknown, directive: string): readonly unknown[] {
  if (!Array.isArray(value)) fail(`invalid value of directive ${directive}: ${goText(value)}`);
  return value as readonly unknown[];
}

function fail(message: string): never {
  throw new PatchProblem(message);
}

/** A value as Go prints it: `map[a:1 b:[x y]]`. Errors of the real server show patches so. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isMap(value)) {
    const keys = Object.keys(value).toSorted();
    return `map[${keys.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
  }
  return value === null || value === undefined ? '<nil>' : String(value as string | number | boolean);
}
