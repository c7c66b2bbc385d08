import { isMap, setOwn } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { reachableFrom } from './library.ts';
import type { Field, FieldType, Struct } from './schema.ts';
import { isLeftOut } from './zero.ts';

/**
 * `object` with the defaults that its schema declares, in every object that is there. Values that are not of their
 * type are left alone. Idempotent; what lacks nothing is not copied.
 */
export function withDefaults(object: JsonMap, struct: Struct): JsonMap {
  if (!reachesDefault(struct)) return object;
  let changed: Map<string, unknown> | undefined;
  for (const field of struct.fields) {
    const value = object[field.name];
    const next = isAbsent(field, value) ? defaultOf(field, value) : defaulted(field.type, value);
    if (next !== value) (changed ??= new Map()).set(field.name, next);
  }
  return changed === undefined ? object : inOrder(object, struct, changed);
}

function isAbsent(field: Field, value: unknown): boolean {
  return value === undefined || (value === null && !field.nullable);
}

/** Where Go has no pointer, a default that is the zero value changes nothing. */
function defaultOf(field: Field, value: unknown): unknown {
  if (field.default === undefined) return value;
  if (!field.always && isLeftOut(field, field.default)) return value;
  // The default itself may lack defaults of what it holds.
  return defaulted(field.type, field.default);
}

function defaulted(type: FieldType, value: unknown): unknown {
  switch (type.kind) {
    case 'struct':
      return isMap(value) ? withDefaults(value, type.struct) : value;
    case 'variant':
      return isMap(value) ? withDefaults(value, type.object.struct) : value;
    case 'list': {
      if (!Array.isArray(value) || !leads(type.element)) return value;
      const list = value.map((item: unknown) => defaulted(type.element, item));
      return list.some((item, index) => item !== value[index]) ? list : value;
    }
    case 'map': {
      if (!isMap(value) || !leads(type.element)) return value;
      const result: Record<string, unknown> = {};
      let isSame = true;
      for (const [key, item] of Object.entries(value)) {
        const next = defaulted(type.element, item);
        if (next !== item) isSame = false;
        setOwn(result, key, next);
      }
      return isSame ? value : result;
    }
    case 'scalar':
      return value;
  }
}

/** Fields in the struct's order, then what the struct does not know. */
function inOrder(object: JsonMap, struct: Struct, changed: ReadonlyMap<string, unknown>): JsonMap {
  const result: Record<string, unknown> = {};
  for (const { name } of struct.fields) {
    const value = changed.has(name) ? changed.get(name) : object[name];
    if (value !== undefined) setOwn(result, name, value);
  }
  for (const key of Object.keys(object)) {
    if (!struct.byName.has(key)) setOwn(result, key, object[key]);
  }
  return result;
}

const known = new WeakMap<Struct, boolean>();

/** Most types have no default anywhere below: they are not walked. */
function reachesDefault(struct: Struct): boolean {
  let reaches = known.get(struct);
  if (reaches === undefined) {
    reaches = reachableFrom([struct]).some((one) => one.fields.some((field) => field.default !== undefined));
    known.set(struct, reaches);
  }
  return reaches;
}

function leads(type: FieldType): boolean {
  switch (type.kind) {
    case 'struct':
      return reachesDefault(type.struct);
    case 'variant':
      return reachesDefault(type.object.struct);
    case 'list':
    case 'map':
      return leads(type.element);
    case 'scalar':
      return false;
  }
}
