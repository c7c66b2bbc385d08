import { must } from '../../base/assert.ts';
import { decodeBase64 } from '../../base/base64.ts';
import { encodeUtf8 } from '../../base/bytes.ts';
import { ProtoWriter } from '../../base/protobuf.ts';
import { isMap } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { parseTime } from '../time.ts';
import { variantNumbers } from './protobuf-reader.ts';
import type { Field, FieldType, ScalarType, Struct, VariantType } from './schema.ts';
import { isSorted } from './zero.ts';

/**
 * Canonical objects as the protobuf messages that Go writes, byte for byte: parts by number, maps by key; what is no
 * pointer, list, map or byte string is written even when it is zero.
 */

/** Writes the fields of `object`, which is in canonical form. */
export function writeStruct(writer: ProtoWriter, struct: Struct, object: JsonMap): void {
  for (const part of struct.parts) {
    if ('inline' in part) {
      const start = writer.begin(part.number);
      writeStruct(writer, part.inline, object);
      writer.end(start);
    } else {
      writeField(writer, part, object[part.name]);
    }
  }
}

function writeField(writer: ProtoWriter, field: Field, value: unknown): void {
  const { type } = field;
  const number = field.number!;
  if (value === undefined || value === null) {
    if (!field.pointer) writeZero(writer, number, type);
    return;
  }
  if (type.kind === 'list' && type.wrapped !== true) {
    for (const item of value as readonly unknown[]) writeValue(writer, number, type.element, item);
  } else if (type.kind === 'map') {
    writeMap(writer, number, type.element, value as JsonMap);
  } else {
    writeValue(writer, number, type, value);
  }
}

const emptyMap: JsonMap = {};

/** What Go writes where nothing was said. */
function writeZero(writer: ProtoWriter, number: number, type: FieldType): void {
  if (type.kind === 'struct') return writeValue(writer, number, type, emptyMap);
  if (type.kind !== 'scalar') return undefined;
  switch (type.scalar) {
    case 'bytes':
      return undefined;
    case 'string':
      return writer.elementString(number, '');
    case 'Quantity':
      return writeValue(writer, number, type, '0');
    case 'Time':
    case 'MicroTime':
    case 'raw':
    case 'FieldsV1':
    case 'any':
      return writer.message(number, () => undefined);
    default:
      return writeValue(writer, number, type, 0);
  }
}

function writeMap(writer: ProtoWriter, number: number, element: FieldType, map: JsonMap): void {
  const keys = Object.keys(map);
  if (!isSorted(keys)) keys.sort();
  for (const key of keys) {
    const start = writer.begin(number);
    writer.elementString(1, key);
    const value = map[key];
    if (value !== null && value !== undefined) writeValue(writer, 2, element, value);
    writer.end(start);
  }
}

function writeValue(writer: ProtoWriter, number: number, type: FieldType, value: unknown): void {
  switch (type.kind) {
    case 'scalar':
      return writeScalar(writer, number, type, value);
    case 'struct': {
      const start = writer.begin(number);
      writeStruct(writer, type.struct, isMap(value) ? value : emptyMap);
      return writer.end(start);
    }
    case 'variant': {
      const start = writer.begin(number);
      writeVariant(writer, type, value);
      return writer.end(start);
    }
    case 'list': {
      const start = writer.begin(number);
      // A null among wrapped lists is a list without items.
      for (const item of (value ?? []) as readonly unknown[]) writeValue(writer, 1, type.element, item);
      return writer.end(start);
    }
    case 'map':
      return undefined;
  }
}

function writeVariant(writer: ProtoWriter, type: VariantType, value: unknown): void {
  const [objectNumber, otherNumber] = variantNumbers(type);
  if (type.form === 'object|bool') writer.elementInt(otherNumber, value === false ? 0 : 1);
  if (isMap(value)) writeValue(writer, objectNumber, type.object, value);
  if (!Array.isArray(value)) return;
  const element: FieldType =
    type.form === 'object|array' ? type.object : { kind: 'scalar', scalar: 'string' };
  for (const item of value) writeValue(writer, otherNumber, element, item);
}

function writeScalar(writer: ProtoWriter, number: number, type: ScalarType, value: unknown): void {
  switch (type.scalar) {
    case 'string':
      return writer.elementString(number, value as string);
    case 'bool':
      return writer.elementInt(number, value === true ? 1 : 0);
    case 'int32':
    case 'int64':
      return writer.elementInt(number, value as number);
    case 'float64':
      return writer.elementFixed64(number, new Uint8Array(new Float64Array([value as number]).buffer));
    case 'bytes':
      return writer.elementBytes(number, bytesOf(value));
    default:
      break;
  }
  const start = writer.begin(number);
  switch (type.scalar) {
    case 'Quantity':
      writer.elementString(1, value as string);
      break;
    case 'IntOrString':
      writer.elementInt(1, typeof value === 'string' ? 1 : 0);
      writer.elementInt(2, typeof value === 'number' ? value : 0);
      writer.elementString(3, typeof value === 'string' ? value : '');
      break;
    case 'Time':
      if (typeof value === 'string') writeTime(writer, value, 0);
      break;
    case 'MicroTime':
      if (typeof value === 'string') writeTime(writer, value, Number(value.slice(20, 26)) * 1000);
      break;
    default:
      if (value !== null) writer.elementBytes(1, encodeUtf8(JSON.stringify(value)));
  }
  writer.end(start);
}

function writeTime(writer: ProtoWriter, text: string, nanos: number): void {
  const millis = must(parseTime(text), () => `not a time: ${text}`);
  writer.elementInt(1, Math.floor(millis / 1000));
  writer.elementInt(2, nanos);
}

function bytesOf(value: unknown): Uint8Array {
  return must(decodeBase64(String(value)), () => 'not base64');
}
