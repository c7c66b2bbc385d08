import { equalJson, isMap, mapOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import type { FieldType, Struct } from '../schema/schema.ts';
import { FieldSet } from './field-set.ts';
import { at, isEmptyValue, itemsByStep, shapeOf, structShape } from './shape.ts';
import type { Shape } from './shape.ts';

/** What changed between two objects, as sets of fields. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** From `before` to `after`. What came or went as a whole is in the set together with all that is in it. */
export function compareObjects(before: JsonMap, after: JsonMap, struct: Struct): Comparison {
  const result = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareShaped(structShape(struct), before, after, [], result);
  return result;
}

function compareValues(
  type: FieldType | undefined,
  before: unknown,
  after: unknown,
  path: readonly string[],
  result: Comparison,
): void {
  if (before === undefined && after === undefined) return;
  compareShaped(shapeOf(type, after ?? before), before, after, path, result);
}

function compareShaped(
  shape: Shape,
  before: unknown,
  after: unknown,
  path: readonly string[],
  result: Comparison,
): void {
  // What is empty on both sides is a leaf: null, {} and absent are different.
  const isLeaf = shape.kind === 'leaf' || (isEmptyValue(before) && isEmptyValue(after));
  if (!isLeaf && shape.kind === 'map') {
    const [from, to] = [mapOf(before), mapOf(after)];
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      compareValues(shape.child(key), at(from, key), at(to, key), [...path, `f:${key}`], result);
    }
  } else if (!isLeaf && shape.kind === 'list') {
    const from = itemsByStep(shape, before);
    const to = itemsByStep(shape, after);
    for (const step of new Set([...from.keys(), ...to.keys()])) {
      compareValues(shape.element, from.get(step), to.get(step), [...path, step], result);
    }
  }
  if (before === undefined) result.added.insert(path);
  else if (after === undefined) result.removed.insert(path);
  else if (isLeaf && !equalJson(before, after)) result.modified.insert(path);
}

/** Every field that an applied object says something about. */
export function fieldSetOf(object: JsonMap, struct: Struct): FieldSet {
  const set = new FieldSet();
  collect(structShape(struct), object, [], set);
  return set;
}

function collect(shape: Shape, value: unknown, path: readonly string[], set: FieldSet): void {
  if (shape.kind === 'leaf') {
    set.insert(path);
  } else if (shape.kind === 'map') {
    if (!isMap(value)) return;
    for (const [key, item] of Object.entries(value)) {
      const below = [...path, `f:${key}`];
      collect(shapeOf(shape.child(key), item), item, below, set);
      const isEmptyMap = item === null || (isMap(item) && Object.keys(item).length === 0);
      if (isEmptyMap || !shape.isField(key)) set.insert(below);
    }
  } else {
    for (const [step, item] of itemsByStep(shape, value)) {
      const below = [...path, step];
      collect(shapeOf(shape.element, item), item, below, set);
      set.insert(below);
    }
  }
}

/** The set with every struct field in it of which it holds parts: an object that lost all its fields goes, too. */
export function withNamedFields(set: FieldSet, struct: Struct): FieldSet {
  return named(set, structShape(struct));
}

function named(set: FieldSet, shape: Shape): FieldSet {
  const result = new FieldSet();
  for (const step of set.members) result.members.add(step);
  for (const [step, child] of set.children) {
    const key = step.slice(2);
    const isKey = step.startsWith('f:');
    if (isKey && shape.kind === 'map' && shape.isField(key)) result.members.add(step);
    const type =
      shape.kind === 'map' && isKey ? shape.child(key) : shape.kind === 'list' ? shape.element : undefined;
    result.children.set(step, named(child, shapeOf(type, {})));
  }
  return result;
}
