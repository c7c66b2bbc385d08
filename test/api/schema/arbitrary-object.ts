import * as fc from 'fast-check';

import { encodeBase64 } from '../../../src/base/base64.ts';
import { formatTime } from '../../../src/api/time.ts';
import type { FieldType, ScalarType, Struct } from '../../../src/api/schema/schema.ts';

/** Random objects of any type of the schema, of the fields that protobuf has, as clients may send them: any order, zero values, nulls. */

/** Deeper than this only what must stand there does. */
const depthMax = 4;

export function arbitraryObject(struct: Struct, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  if (depth >= depthMax) return fc.constant({});
  // So many fields at once as show their order; all of PodSpec in every object would take for ever.
  const fields = struct.fields.filter((field) => field.number !== undefined);
  return fc
    .subarray([...fields], { maxLength: Math.min(fields.length, depth === 0 ? 8 : 4) })
    .chain((chosen) => fc.shuffledSubarray([...chosen], { minLength: chosen.length }))
    .chain((chosen) =>
      fc
        .tuple(...chosen.map((field) => fc.option(arbitraryValue(field.type, depth + 1), { freq: 8 })))
        .map((values) => Object.fromEntries(chosen.map((field, index) => [field.name, values[index]]))),
    );
}

export function arbitraryValue(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'struct':
      return arbitraryObject(type.struct, depth);
    case 'list':
      return fc.array(arbitraryValue(type.element, depth + 1), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.string({ maxLength: 5 }), arbitraryValue(type.element, depth + 1), {
        maxKeys: 3,
        noNullPrototype: true,
      });
    case 'variant': {
      const object = arbitraryObject(type.object.struct, depth + 1);
      if (type.form === 'object|bool') return fc.oneof(object, fc.boolean());
      const element: fc.Arbitrary<unknown> = type.form === 'object|array' ? object : fc.string();
      return fc.oneof(object, fc.array(element, { minLength: 1, maxLength: 3 }));
    }
    case 'scalar':
      return arbitraryScalar(type);
  }
}

const seconds = fc.integer({ min: -60_000_000_000, max: 250_000_000_000 });

function arbitraryScalar({ scalar, values }: ScalarType): fc.Arbitrary<unknown> {
  switch (scalar) {
    case 'string':
      return fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), fc.constantFrom('', ...(values ?? [])));
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.maxSafeInteger();
    case 'float64':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    case 'bytes':
      return fc.uint8Array().map(encodeBase64);
    case 'Quantity':
      return fc
        .tuple(fc.integer({ min: 0, max: 1e9 }), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Gi', 'e3', '.5'))
        .map((parts) => parts.join(''));
    case 'IntOrString':
      return fc.oneof(fc.integer(), fc.string());
    case 'Time':
      return seconds.map((value) => formatTime(value * 1000));
    case 'MicroTime':
      return fc.tuple(seconds, fc.integer({ min: 0, max: 999_999 })).map(([value, micros]) => {
        return `${formatTime(value * 1000).slice(0, -1)}.${String(micros).padStart(6, '0')}Z`;
      });
    case 'raw':
    case 'FieldsV1':
    case 'any':
      return fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown);
  }
}
