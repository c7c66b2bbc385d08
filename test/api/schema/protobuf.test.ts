import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeProtobuf, encodeProtobuf } from '../../../src/api/protobuf.ts';
import { canonicalize } from '../../../src/api/schema/canonical.ts';
import { readMessage } from '../../../src/api/schema/protobuf-reader.ts';
import { writeStruct } from '../../../src/api/schema/protobuf-writer.ts';
import { ProtoWriter } from '../../../src/base/protobuf.ts';
import { allStructs } from '../../../src/api/schema/library.ts';
import type { FieldType, Struct } from '../../../src/api/schema/schema.ts';
import { isMap } from '../../../src/api/json.ts';
import { describeRecorded, recordedBytes } from '../recorded.ts';
import { arbitraryObject } from './arbitrary-object.ts';

/** Types that protobuf does not carry, or that are read as parts of others only. */
const jsonOnly = /^meta\/v1\.(Table|TypeMeta$|ObjectMetaAccessor|InternalEvent)|^runtime\./;

const types = allStructs().filter((struct) => !jsonOnly.test(struct.name));

describe('every type', () => {
  it('is one of hundreds', () => {
    expect(types.length).toBeGreaterThan(600);
  });

  const groupVersions = [...new Set(types.map(({ name }) => name.slice(0, name.lastIndexOf('.'))))];
  it.each(groupVersions)(
    'of %s survives protobuf, and its canonical form is a fixed point',
    (groupVersion) => {
      const structs = types.filter(({ name }) => name.slice(0, name.lastIndexOf('.')) === groupVersion);
      for (const struct of structs) survives(struct);
    },
  );
});

const writer = new ProtoWriter();

function survives(struct: Struct): void {
  fc.assert(
    fc.property(arbitraryObject(struct), (object) => {
      const once = canonicalize(object, struct);
      if (!once.ok) throw new Error(once.error);
      expect(once.value.unknownFields).toEqual([]);
      const twice = canonicalize(once.value.value, struct);
      // Not merely equal: nothing is copied.
      expect(twice.ok && twice.value.value).toBe(once.value.value);
      writeStruct(writer, struct, once.value.value);
      const read = readMessage(struct, writer.finish());
      const expected = asFromProtobuf(once.value.value, struct);
      expect(JSON.stringify(read)).toBe(JSON.stringify(expected));
    }),
    { numRuns: 20 },
  );
}

describeRecorded('what the real server wrote', () => {
  it.each([
    ['events', 'v1.EventList'],
    ['namespaces', 'v1.NamespaceList'],
    ['nodes', 'v1.NodeList'],
    ['pods', 'v1.PodList'],
    ['services', 'v1.ServiceList'],
  ])('%s: the same bytes again', (file, type) => {
    sameBytes(`recorded/golden/list-api-v1-${file}.pb`, type);
  });

  it('deployments: the same bytes again', () => {
    sameBytes('recorded/golden/list-apis-apps-v1-deployments.pb', 'apps/v1.DeploymentList');
  });
});

it('writes maps in the order of their keys, also where JavaScript has another', () => {
  const data = { '9': '[9]', '10': '[10]', a: '[a]' };
  expect(Object.keys(data)).toEqual(['9', '10', 'a']);
  const written = Buffer.from(encodeProtobuf({ data }, 'v1.ConfigMap')).toString('latin1');
  expect([...written.matchAll(/\[(\w+)\]/g)].map(([, key]) => key)).toEqual(['10', '9', 'a']);
});

describe('bytes of any kind', () => {
  it('neither crash nor hang the reader', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }), (struct, raw) => {
        const dot = struct.name.lastIndexOf('.');
        const version = struct.name.slice(0, dot).replace('meta/', '');
        const meta = field(1, [...field(1, text(version)), ...field(2, text(struct.name.slice(dot + 1)))]);
        const bytes = new Uint8Array([...text('k8s\0'), ...meta, ...field(2, [...raw])]);
        const decoded = decodeProtobuf(bytes, struct.name);
        if (!decoded.ok) expect(decoded.error.status.code).toBe(400);
      }),
      { numRuns: 3000 },
    );
  });

  it('of broken messages are refused or read, never more', () => {
    const pod = { spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: 'b' }] }] } };
    const canonical = canonicalize(pod, 'v1.Pod');
    if (!canonical.ok) throw new Error(canonical.error);
    const whole = encodeProtobuf(canonical.value.value, 'v1.Pod');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }), (edits) => {
        const bytes = whole.slice();
        for (const [at, value] of edits) bytes[at] = value;
        const decoded = decodeProtobuf(bytes, 'v1.Pod');
        if (!decoded.ok) expect(decoded.error.status.code).toBe(400);
        else expect(canonicalize(decoded.value.object, 'v1.Pod').ok).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('that nest without end are refused', () => {
    // JSONSchemaProps { not (28) { not { … } } }
    let schema: number[] = [];
    for (let depth = 0; depth < 200; depth++) schema = [0xe2, 0x01, ...varint(schema.length), ...schema];
    const type = 'apiextensions.k8s.io/v1.JSONSchemaProps';
    const meta = field(1, [
      ...field(1, text('apiextensions.k8s.io/v1')),
      ...field(2, text('JSONSchemaProps')),
    ]);
    const decoded = decodeProtobuf(new Uint8Array([...text('k8s\0'), ...meta, ...field(2, schema)]), type);
    expect(!decoded.ok && decoded.error.message).toContain('protobuf message nests deeper than 100');
  });
});

function sameBytes(path: string, type: string): void {
  const bytes = recordedBytes(path);
  const decoded = decodeProtobuf(bytes, type);
  if (!decoded.ok) throw decoded.error;
  const again = encodeProtobuf(decoded.value.object, type);
  expect(Buffer.from(again).equals(Buffer.from(bytes))).toBe(true);
}

/** Protobuf knows no difference between an empty list and none where Go writes both, nor between null and empty bytes. */
function asFromProtobuf(value: unknown, type: Struct | FieldType): unknown {
  if (!('kind' in type)) {
    if (!isMap(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, item]) => [name, asFieldFromProtobuf(item, type.byName.get(name)!)] as const)
        .filter(([, item]) => item !== undefined),
    );
  }
  switch (type.kind) {
    case 'struct':
      return asFromProtobuf(value, type.struct);
    case 'list':
      return Array.isArray(value) ? value.map((item) => asFromProtobuf(item, type.element)) : (value ?? []);
    case 'map':
      return isMap(value)
        ? Object.fromEntries(
            Object.entries(value).map(([key, item]) => [key, asFromProtobuf(item, type.element)]),
          )
        : value;
    case 'variant':
      if (isMap(value)) return asFromProtobuf(value, type.object);
      return Array.isArray(value) && type.form === 'object|array'
        ? value.map((item) => asFromProtobuf(item, type.object))
        : value;
    case 'scalar':
      return type.scalar === 'bytes' && value === null ? '' : value;
  }
}

function asFieldFromProtobuf(value: unknown, field: Struct['fields'][number]): unknown {
  const { type } = field;
  const isBare = (type.kind === 'list' && type.wrapped !== true) || type.kind === 'map';
  const isEmpty = Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0;
  if (isBare && (value === null || isEmpty)) return field.always ? null : undefined;
  if (value === null) return value;
  return asFromProtobuf(value, type);
}

function text(value: string): number[] {
  return [...Buffer.from(value)];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function field(number: number, bytes: readonly number[]): number[] {
  return [number * 8 + 2, ...varint(bytes.length), ...bytes];
}
