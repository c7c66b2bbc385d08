import { describe, expect, it } from 'vitest';

import { decodeUtf8 } from '../../src/base/bytes.ts';
import { ProtoReader, wire } from '../../src/base/protobuf.ts';
import { openApiV2 } from '../../src/api/openapi.ts';
import { encodeOpenApiV2 } from '../../src/api/openapi-protobuf.ts';
import { builtinResources } from '../../src/api/resources.ts';

/** The fields of a message: number → values, runs as bytes. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | bigint)[]> {
  const reader = new ProtoReader(bytes);
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    const value = reader.wireType === wire.varint ? reader.uint64Big() : reader.bytes();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

/** Follows the first field of each number. */
const at = (bytes: Uint8Array, ...path: readonly number[]): Uint8Array =>
  path.reduce((message, number) => fieldsOf(message).get(number)![0] as Uint8Array, bytes);
const textAt = (bytes: Uint8Array, ...path: readonly number[]): string => decodeUtf8(at(bytes, ...path));

/** The value of a map's entry. */
function entry(map: Uint8Array, name: string, field = 1): Uint8Array {
  const pairs = fieldsOf(map).get(field)! as Uint8Array[];
  return at(
    pairs.find((pair) => textAt(pair, 1) === name)!,
    2,
  );
}

describe('OpenAPI v2 in protobuf', () => {
  const document = openApiV2(builtinResources);
  const bytes = encodeOpenApiV2(document);

  it('has every definition and every path', () => {
    expect(textAt(bytes, 1)).toBe('2.0');
    const names = (map: Uint8Array, field: number) =>
      (fieldsOf(map).get(field)! as Uint8Array[]).map((pair) => textAt(pair, 1));
    expect(names(at(bytes, 9), 1)).toEqual(Object.keys(document['definitions'] as object));
    expect(names(at(bytes, 8), 2)).toEqual(Object.keys(document['paths'] as object));
  });

  it('says of a definition what clients validate by', () => {
    const spec = entry(at(bytes, 9), 'io.k8s.api.core.v1.PodSpec');
    expect((fieldsOf(spec).get(19)! as Uint8Array[]).map((name) => decodeUtf8(name))).toEqual(['containers']);
    const containers = entry(at(spec, 25), 'containers');
    expect(textAt(containers, 22, 1)).toBe('array');
    expect(textAt(containers, 23, 1, 1)).toBe('#/definitions/io.k8s.api.core.v1.Container');
    const extensions = (fieldsOf(containers).get(31)! as Uint8Array[]).map((pair) => [
      textAt(pair, 1),
      textAt(pair, 2, 2),
    ]);
    expect(extensions).toContainEqual(['x-kubernetes-patch-merge-key', '"name"']);
    expect(textAt(entry(at(spec, 25), 'nodeSelector'), 21, 1, 22, 1)).toBe('string');
  });

  it('says of a PATCH that it validates fields', () => {
    const patch = at(entry(at(bytes, 8), '/api/v1/namespaces/{namespace}/pods/{name}', 2), 8);
    const parameters = fieldsOf(patch).get(8)! as Uint8Array[];
    const query = parameters
      .filter((one) => fieldsOf(at(one, 1)).has(2))
      .map((one) => textAt(one, 1, 2, 3, 4));
    expect(query).toContain('fieldValidation');
    expect(textAt(patch, 13, 1)).toBe('x-kubernetes-action');
  });

  it('refuses to leave out what it does not know', () => {
    expect(() => encodeOpenApiV2({ swagger: '2.0', host: 'x' })).toThrow('host has no place');
  });
});
