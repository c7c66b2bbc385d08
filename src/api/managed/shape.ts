import { isMap } from '../json.ts';
import type { JsonMap } from '../json.ts';
import type { FieldType, ListType, Struct } from '../schema/schema.ts';
import { keyStep } from './field-set.ts';

/**
 * How a value is owned: as a whole (leaf), key by key (map), or item by item (list). Where the schema says nothing the
 * value itself does: maps by key, the rest as a whole.
 */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'map'; child(key: string): FieldType | undefined; isField(key: string): boolean }
  | { readonly kind: 'list'; readonly element: FieldType; step(item: unknown): string | undefined };

const leaf: Shape = { kind: 'leaf' };

/** Of a value of `type`; undefined = the schema says nothing. */
export function shapeOf(type: FieldType | undefined, value: unknown): Shape {
  if (type === undefined) return isMap(value) ? anyMap : leaf;
  switch (type.kind) {
    case 'scalar':
      return leaf;
    case 'variant':
      return isMap(value) ? structShape(type.object.struct) : leaf;
    case 'struct':
      return type.structType === 'atomic' ? leaf : structShape(type.struct, type.structType === 'granular');
    case 'map':
      return type.mapType === 'atomic'
        ? leaf
        : { kind: 'map', child: () => type.element, isField: () => false };
    case 'list':
      if (type.listType !== 'set' && type.listType !== 'map') return leaf;
      return { kind: 'list', element: type.element, step: (item) => stepOf(type, item) };
  }
}

/** Of whole objects. */
export function structShape(struct: Struct, isGranular = false): Shape {
  if (struct.structType === 'atomic' && !isGranular) return leaf;
  return {
    kind: 'map',
    child: (key) => struct.byName.get(key)?.type,
    isField: (key) => struct.byName.has(key),
  };
}

const anyMap: Shape = { kind: 'map', child: () => undefined, isField: () => false };

/** The step of an item in a list of kind set or map; undefined when it lacks its keys. */
function stepOf(type: ListType, item: unknown): string | undefined {
  if (type.listType === 'set') return `v:${JSON.stringify(item)}`;
  if (!isMap(item)) return undefined;
  const keys = type.listMapKeys
    .map((name) => [name, item[name] ?? defaultOf(type, name)] as const)
    .filter(([, value]) => value !== undefined);
  return keys.length === 0 ? undefined : keyStep(keys);
}

/** A key may be left out where it has a default: a port's protocol. */
function defaultOf(type: ListType, name: string): unknown {
  return type.element.kind === 'struct' ? type.element.struct.byName.get(name)?.default : undefined;
}

/** The items of a list by their steps, in order. Of items with the same step the first counts. */
export function itemsByStep(
  shape: Extract<Shape, { kind: 'list' }>,
  value: unknown,
): ReadonlyMap<string, unknown> {
  const result = new Map<string, unknown>();
  if (!Array.isArray(value)) return result;
  for (const item of value as readonly unknown[]) {
    const step = shape.step(item);
    if (step !== undefined && !result.has(step)) result.set(step, item);
  }
  return result;
}

export function isEmptyValue(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0;
}

/** A map's own value, or nothing. */
export function at(map: JsonMap, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
