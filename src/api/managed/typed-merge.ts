import { isMap, mapOf, setOwn } from '../json.ts';
import type { JsonMap } from '../json.ts';
import type { FieldType, Struct } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { at, isEmptyValue, itemsByStep, shapeOf, structShape } from './shape.ts';
import type { Shape } from './shape.ts';

/** `live` with everything that `applied` says: maps and lists of kind set or map are merged, the rest is replaced. */
export function mergeObjects(live: JsonMap, applied: JsonMap, struct: Struct): JsonMap {
  return mergeShaped(structShape(struct), live, applied) as JsonMap;
}

function mergeValues(type: FieldType | undefined, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  return mergeShaped(shapeOf(type, applied), live, applied);
}

function mergeShaped(shape: Shape, live: unknown, applied: unknown): unknown {
  if (shape.kind === 'leaf' || (isEmptyValue(live) && isEmptyValue(applied))) return applied;
  if (shape.kind === 'map') {
    const [from, to] = [mapOf(live), mapOf(applied)];
    const result: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      setOwn(result, key, mergeValues(shape.child(key), at(from, key), at(to, key)));
    }
    return result;
  }
  return mergeItems(shape, itemsByStep(shape, live), itemsByStep(shape, applied));
}

/** The applied order holds; items that only the live list has stay where they were among the others. */
function mergeItems(
  shape: Extract<Shape, { kind: 'list' }>,
  live: ReadonlyMap<string, unknown>,
  applied: ReadonlyMap<string, unknown>,
): unknown[] {
  const result: unknown[] = [];
  const liveSteps = [...live.keys()];
  let next = 0;
  const done = new Set<string>();
  const takeLiveOnly = (): void => {
    for (; next < liveSteps.length; next++) {
      const step = liveSteps[next]!;
      if (applied.has(step)) {
        // It comes in its turn; what was already taken is passed over.
        if (!done.has(step)) return;
      } else {
        result.push(live.get(step));
      }
    }
  };
  for (const [step, item] of applied) {
    takeLiveOnly();
    done.add(step);
    result.push(mergeValues(shape.element, live.get(step), item));
  }
  takeLiveOnly();
  return result;
}

/** `object` without the fields in `set`. Lists and maps that are owned as a whole go as a whole or stay. */
export function removeFields(object: JsonMap, set: FieldSet, struct: Struct): JsonMap {
  return mapOf(removeShaped(structShape(struct), object, set));
}

function removeShaped(shape: Shape, value: unknown, set: FieldSet): unknown {
  if (set.isEmpty || isEmptyValue(value)) return value;
  if (shape.kind === 'map' && isMap(value)) {
    const result: Record<string, unknown> = {};
    let isAny = false;
    for (const [key, item] of Object.entries(value)) {
      const step = `f:${key}`;
      if (set.members.has(step)) continue;
      const below = set.children.get(step);
      const kept = below === undefined ? item : removeShaped(shapeOf(shape.child(key), item), item, below);
      setOwn(result, key, kept);
      isAny = true;
    }
    return isAny ? result : null;
  }
  if (shape.kind === 'list' && Array.isArray(value)) {
    const result: unknown[] = [];
    for (const item of value as readonly unknown[]) {
      const step = shape.step(item) ?? '';
      if (set.members.has(step)) continue;
      const below = set.children.get(step);
      result.push(below === undefined ? item : removeShaped(shapeOf(shape.element, item), item, below));
    }
    return result.length > 0 ? result : null;
  }
  return value;
}
