import { isMap, listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { structNamed } from './library.ts';
import { makeStruct } from './schema.ts';
import type { Field, FieldType, Scalar, Struct } from './schema.ts';

/**
 * The types of a custom resource, from the openAPIV3Schema of its definition. It must be structural (whoever accepts the
 * definition has seen to that); what it says beyond types is for validation. Every field may be absent: nothing of a
 * custom object is zero unless it says so.
 */
export function structFromOpenApi(schema: JsonMap, name: string): Struct {
  return objectStruct(schema, name, true);
}

/** The struct of `type: object` with properties. `isKind`: apiVersion, kind and metadata belong to it. */
function objectStruct(schema: JsonMap, name: string, isKind: boolean): Struct {
  const own = Object.entries(mapOf(schema['properties'])).filter(
    ([key]) => !isKind || !typeMetaFields.has(key),
  );
  const required = listOf(schema['required']);
  const fields: Omit<Field, 'index'>[] = isKind
    ? structNamed('meta/v1.PartialObjectMetadata').fields.filter((field) => typeMetaFields.has(field.name))
    : [];
  for (const [key, value] of own) {
    fields.push(fieldOf(key, mapOf(value), required.includes(key), `${name}.${key}`));
  }
  return makeStruct(
    name,
    fields.map((field, index) => ({ ...field, index })),
    {
      parts: [],
      structType: schema['x-kubernetes-map-type'] === 'atomic' ? 'atomic' : undefined,
      keepsUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
      embedded: isKind,
    },
  );
}

const typeMetaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

function fieldOf(name: string, schema: JsonMap, required: boolean, path: string): Omit<Field, 'index'> {
  return {
    name,
    always: false,
    type: typeOf(schema, path),
    pointer: true,
    omitEmpty: true,
    omitZero: false,
    required,
    nullable: schema['nullable'] === true,
    ...(Object.hasOwn(schema, 'default') ? { default: schema['default'] } : {}),
    patchStrategies: [],
    discriminator: false,
    rules: [],
  };
}

function typeOf(schema: JsonMap, path: string): FieldType {
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'scalar', scalar: 'IntOrString' };
  switch (schema['type']) {
    case 'array':
      return {
        kind: 'list',
        element: typeOf(mapOf(schema['items']), `${path}[]`),
        ...(textOf(schema['x-kubernetes-list-type']) === ''
          ? {}
          : { listType: textOf(schema['x-kubernetes-list-type']) }),
        listMapKeys: listOf(schema['x-kubernetes-list-map-keys']).map(textOf),
      };
    case 'object': {
      const additional = schema['additionalProperties'];
      if (isMap(additional) || additional === true) {
        return {
          kind: 'map',
          element: isMap(additional) ? typeOf(additional, `${path}{}`) : { kind: 'scalar', scalar: 'any' },
          ...(schema['x-kubernetes-map-type'] === 'atomic' ? { mapType: 'atomic' } : {}),
        };
      }
      const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
      return { kind: 'struct', name: path, struct: objectStruct(schema, path, isEmbedded) };
    }
    default:
      return { kind: 'scalar', scalar: scalarOf(schema) };
  }
}

function scalarOf(schema: JsonMap): Scalar {
  switch (schema['type']) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return schema['format'] === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    default:
      return 'any';
  }
}
