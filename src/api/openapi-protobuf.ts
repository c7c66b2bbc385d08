import { assert } from '../base/assert.ts';
import { concatBytes, encodeUtf8 } from '../base/bytes.ts';
import type { Json } from './discovery.ts';

/** What a client sends to get `GET /openapi/v2` in protobuf, and what it is called in the answer. */
export const openApiV2ProtobufRange = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
export const openApiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * The OpenAPI v2 document as gnostic's openapi.v2.Document. kubectl reads this form and no other; it needs it
 * for manifests of kind List, which it validates itself.
 *
 * Covers the parts of the specification that `openApiV2` uses; a key that has no place here is a bug.
 */
export function encodeOpenApiV2(document: Json): Uint8Array {
  return documentMessage(document);
}

/** Encodes a value as field `number` of its message. */
type Write = (number: number, value: unknown) => Uint8Array;
/** Encodes an object as the contents of a message. */
type Message = (value: unknown) => Uint8Array;
/** The field of each key. */
type Fields = Readonly<Record<string, readonly [number: number, write: Write]>>;

const text: Write = (number, value) => run(number, encodeUtf8(String(value)));
const flag: Write = (number, value) => new Uint8Array([...varint(number * 8), value === true ? 1 : 0]);
const each =
  (write: Write): Write =>
  (number, value) =>
    concatBytes((value as readonly unknown[]).map((one) => write(number, one)));
const inner =
  (message: Message): Write =>
  (number, value) =>
    run(number, message(value));
/** A message whose one field is the value: how the format spells unions and wrappers. */
const wrapped =
  (field: number, write: Write): Write =>
  (number, value) =>
    run(number, write(field, value));
/** A map: a message of (name, value) pairs. */
const named =
  (write: Write, field = 1): Write =>
  (number, value) =>
    run(
      number,
      concatBytes(
        Object.entries(value as Json).map(([name, one]) =>
          run(field, concatBytes([text(1, name), write(2, one)])),
        ),
      ),
    );

/** `extensionField` takes the `x-` keys, each with its value as YAML. Of JSON, that is. */
function message(fields: () => Fields, extensionField?: number): Message {
  return (value) =>
    concatBytes(
      Object.entries(value as Json).map(([key, one]) => {
        const field = fields()[key];
        if (field !== undefined) return field[1](field[0], one);
        assert(
          extensionField !== undefined && key.startsWith('x-'),
          `${key} has no place in the protobuf form`,
        );
        const any = text(2, JSON.stringify(one));
        return run(extensionField, concatBytes([text(1, key), run(2, any)]));
      }),
    );
}

const schemaMessage: Message = message(
  () => ({
    $ref: [1, text],
    format: [2, text],
    required: [19, each(text)],
    additionalProperties: [21, wrapped(1, schema)],
    type: [22, wrapped(1, text)],
    items: [23, wrapped(1, schema)],
    allOf: [24, each(schema)],
    properties: [25, named(schema)],
  }),
  31,
);
const schema: Write = inner(schemaMessage);

const bodyParameter = inner(
  message(() => ({ name: [2, text], in: [3, text], required: [4, flag], schema: [5, schema] })),
);
const queryParameter = inner(
  message(() => ({
    required: [1, flag],
    in: [2, text],
    name: [4, text],
    type: [6, text],
    uniqueItems: [20, flag],
  })),
);
const pathParameter = inner(
  message(() => ({
    required: [1, flag],
    in: [2, text],
    name: [4, text],
    type: [5, text],
    uniqueItems: [19, flag],
  })),
);
const parameter: Write = (number, value) => {
  const place = (value as Json)['in'];
  if (place === 'body') return wrapped(1, wrapped(1, bodyParameter))(number, value);
  const other = place === 'path' ? wrapped(4, pathParameter) : wrapped(3, queryParameter);
  return wrapped(1, wrapped(2, other))(number, value);
};

const response = inner(message(() => ({ description: [1, text], schema: [2, wrapped(1, schema)] })));
const operation = inner(
  message(
    () => ({
      consumes: [7, each(text)],
      parameters: [8, each(parameter)],
      responses: [9, named(wrapped(1, response))],
    }),
    13,
  ),
);
const pathItem = inner(
  message(() => ({
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    patch: [8, operation],
    parameters: [9, each(parameter)],
  })),
);
const documentMessage: Message = message(() => ({
  swagger: [1, text],
  info: [2, inner(message(() => ({ title: [1, text], version: [2, text] })))],
  paths: [8, named(pathItem, 2)],
  definitions: [9, named(schema)],
}));

/** A length-prefixed field. */
function run(number: number, bytes: Uint8Array): Uint8Array {
  return concatBytes([new Uint8Array([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}
