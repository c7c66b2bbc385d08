import { isMap, setOwn } from '../json.ts';
import type { JsonMap } from '../json.ts';
import type { FieldType, Struct } from './schema.ts';

/**
 * A custom object without the fields that its schema does not have. Values of a wrong type stay as they are: validation
 * names them. What has nothing too much is not copied.
 */
export interface Pruned {
  readonly value: JsonMap;
  /** Paths of what was taken out, in the order of the document: `spec.foo`, `spec.list[0].bar`. */
  readonly unknownFields: readonly string[];
}

export function prune(object: JsonMap, struct: Struct): Pruned {
  const unknownFields: string[] = [];
  return { value: pruneStruct(object, struct, '', unknownFields), unknownFields };
}

function pruneStruct(object: JsonMap, struct: Struct, path: string, unknown: string[]): JsonMap {
  const result: Record<string, unknown> = {};
  let isSame = true;
  for (const [key, value] of Object.entries(object)) {
    const here = path === '' ? key : `${path}.${key}`;
    const field = struct.byName.get(key);
    if (field === undefined && !struct.keepsUnknown) {
      unknown.push(here);
      isSame = false;
      continue;
    }
    const kept = field === undefined ? value : pruneValue(value, field.type, here, unknown);
    if (kept !== value) isSame = false;
    setOwn(result, key, kept);
  }
  return isSame ? object : result;
}

function pruneValue(value: unknown, type: FieldType, path: string, unknown: string[]): unknown {
  switch (type.kind) {
    case 'scalar':
      return value;
    case 'struct':
      return isMap(value) ? pruneStruct(value, type.struct, path, unknown) : value;
    case 'variant':
      return isMap(value) ? pruneStruct(value, type.object.struct, path, unknown) : value;
    case 'list': {
      if (!Array.isArray(value)) return value;
      const list = value.map((item: unknown, index) =>
        pruneValue(item, type.element, `${path}[${index}]`, unknown),
      );
      return list.some((item, index) => item !== value[index]) ? list : value;
    }
    case 'map': {
      if (!isMap(value)) return value;
      const result: Record<string, unknown> = {};
      let isSame = true;
      for (const [key, item] of Object.entries(value)) {
        const kept = pruneValue(item, type.element, `${path}.${key}`, unknown);
        if (kept !== item) isSame = false;
        setOwn(result, key, kept);
      }
      return isSame ? value : result;
    }
  }
}
