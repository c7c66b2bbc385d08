import { isMap } from '../json.ts';
import type { Field, FieldType, Struct } from './schema.ts';

/** Zero values, and objects put together from the values of their fields. */

/** What Go has where nothing was said. */
export function zeroOf(type: FieldType): unknown {
  switch (type.kind) {
    case 'struct':
      return fromSlots(type.struct, []);
    case 'list':
    case 'map':
      return null;
    case 'variant':
      return type.form === 'object|bool' ? false : null;
    case 'scalar':
      switch (type.scalar) {
        case 'string':
          return '';
        case 'bool':
          return false;
        case 'int32':
        case 'int64':
        case 'float64':
        case 'IntOrString':
          return 0;
        case 'Quantity':
          return '0';
        default:
          return null;
      }
  }
}

/** An object in canonical form from the values of its fields by index; undefined = absent. */
export function fromSlots(struct: Struct, slots: readonly unknown[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const { fields } = struct;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    const value = slots[index] ?? (field.always ? absentValue(field) : undefined);
    if (value !== undefined) result[field.name] = value;
  }
  return result;
}

/** What stands in JSON for a field that is always written. */
export function absentValue(field: Field): unknown {
  return field.pointer ? null : zeroOf(field.type);
}

/** Whether omitempty or omitzero leaves a value out of a field that is not always written. */
export function isLeftOut(field: Field, value: unknown): boolean {
  if (field.pointer) return false;
  switch (field.type.kind) {
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
    case 'struct':
    case 'variant':
      return isMap(value) && isEmpty(value);
    case 'scalar':
      return value === '' || value === 0 || value === false || value === null;
  }
}

function isEmpty(map: object): boolean {
  for (const _ in map) return false;
  return true;
}

/** Whether keys stand in code-unit order, as Go writes maps. */
export function isSorted(keys: readonly string[], from = 1): boolean {
  for (let i = from; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
}

/** The same, but for keys that look like list indexes: JavaScript always puts those first, by their value. */
export function isSortedMap(keys: readonly string[]): boolean {
  let from = 0;
  while (from < keys.length && listIndex.test(keys[from]!)) from++;
  return isSorted(keys, from + 1);
}

const listIndex = /^(?:0|[1-9]\d{0,9})$/;
