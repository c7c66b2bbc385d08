import { encodeBase64 } from '../../base/base64.ts';
import { decodeUtf8 } from '../../base/bytes.ts';
import { ProtoError, ProtoReader, wire } from '../../base/protobuf.ts';
import { setOwn } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { canonicalQuantityText, quantityShapeMessage } from '../quantity.ts';
import { formatTime } from '../time.ts';
import { isKnownType, structNamed } from './library.ts';
import { readUnknown, startsWithMagic } from './protobuf-envelope.ts';
import type { Field, FieldType, Inline, ListType, ScalarType, Struct, VariantType } from './schema.ts';
import { fromSlots, isLeftOut, isSortedMap, zeroOf } from './zero.ts';

/**
 * Protobuf messages as canonical objects, in one pass. What the message leaves out is what Go has there; what it says
 * and Go would leave out of JSON is left out.
 */

/** No object nests deeper; more is an attack. */
const depthMax = 100;

/** @throws ProtoError when the bytes are not such a message */
export function readMessage(struct: Struct, bytes: Uint8Array): Record<string, unknown> {
  return readStruct(struct, new ProtoReader(bytes), 0);
}

function readStruct(struct: Struct, reader: ProtoReader, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw new ProtoError(`protobuf message nests deeper than ${depthMax}`);
  const slots: unknown[] = [];
  readFields(struct, 0, reader, slots, depth);
  const { fields } = struct;
  for (let index = 0; index < slots.length; index++) {
    const field = fields[index]!;
    const value = slots[index];
    if (value === undefined) continue;
    if (field.type.kind === 'map') slots[index] = sortedMap(value as JsonMap);
    if (!field.always && isLeftOut(field, value)) slots[index] = undefined;
  }
  return fromSlots(struct, slots);
}

/** The fields of an inlined struct land among those of the outer one, from `offset` on. */
function readFields(
  struct: Struct,
  offset: number,
  reader: ProtoReader,
  slots: unknown[],
  depth: number,
): void {
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    const part: Field | Inline | undefined = struct.byNumber[number];
    if (part === undefined) {
      reader.skip();
    } else if ('inline' in part) {
      readFields(part.inline, offset + part.offset, reader.message(), slots, depth + 1);
    } else {
      const index = offset + part.index;
      slots[index] = readInto(part.type, reader, slots[index], depth);
    }
  }
}

/** Lists and maps come in pieces; of other values the last one counts. */
function readInto(type: FieldType, reader: ProtoReader, before: unknown, depth: number): unknown {
  if (type.kind === 'list' && type.wrapped !== true) {
    const list = (before ?? []) as unknown[];
    readElements(type, reader, list, depth);
    return list;
  }
  if (type.kind === 'map') {
    const map = (before ?? {}) as Record<string, unknown>;
    readEntry(type.element, reader.message(), map, depth);
    return map;
  }
  return readValue(type, reader, depth);
}

function readElements(type: ListType, reader: ProtoReader, list: unknown[], depth: number): void {
  const { element } = type;
  const isPackable = element.kind === 'scalar' && element.scalar.startsWith('int');
  // Kubernetes writes no packed lists; whoever does is understood.
  if (isPackable && reader.wireType === wire.bytes) {
    for (const value of reader.packedInt32s()) list.push(value);
    return;
  }
  list.push(readValue(element, reader, depth));
}

/** A map entry is a message { 1: key, 2: value }; an absent value is an empty one. */
function readEntry(
  element: FieldType,
  reader: ProtoReader,
  map: Record<string, unknown>,
  depth: number,
): void {
  let key = '';
  let value: unknown;
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) key = reader.string();
    else if (number === 2) value = readValue(element, reader, depth);
    else reader.skip();
  }
  const isBytes = element.kind === 'scalar' && element.scalar === 'bytes';
  setOwn(map, key, value ?? (isBytes ? '' : zeroOf(element)));
}

function readValue(type: FieldType, reader: ProtoReader, depth: number): unknown {
  switch (type.kind) {
    case 'struct':
      return readStruct(type.struct, reader.message(), depth + 1);
    case 'scalar':
      return readScalar(type, reader, depth);
    case 'variant':
      return readVariant(type, reader.message(), depth + 1);
    case 'list': {
      const list: unknown[] = [];
      const inner = reader.message();
      for (let number = inner.tag(); number !== 0; number = inner.tag()) {
        if (number === 1) readElements(type, inner, list, depth + 1);
        else inner.skip();
      }
      return list;
    }
    case 'map':
      throw new ProtoError('protobuf has no maps of maps');
  }
}

/** The object is { schema }, the rest { allows } or { items }; see VariantType. */
function readVariant(type: VariantType, reader: ProtoReader, depth: number): unknown {
  if (depth > depthMax) throw new ProtoError(`protobuf message nests deeper than ${depthMax}`);
  const [objectNumber, otherNumber] = variantNumbers(type);
  let object: unknown;
  let allows = false;
  let list: unknown[] | undefined;
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === objectNumber) object = readStruct(type.object.struct, reader.message(), depth);
    else if (number !== otherNumber) reader.skip();
    else if (type.form === 'object|bool') allows = reader.bool();
    else if (type.form === 'object|array') {
      (list ??= []).push(readStruct(type.object.struct, reader.message(), depth));
    } else (list ??= []).push(reader.string());
  }
  if (type.form === 'object|bool') return object ?? allows;
  return list ?? object ?? null;
}

/** The field numbers of the object and of what stands beside it. */
export function variantNumbers(type: VariantType): readonly [object: number, other: number] {
  return type.form === 'object|bool' ? [2, 1] : [1, 2];
}

function readScalar(type: ScalarType, reader: ProtoReader, depth: number): unknown {
  switch (type.scalar) {
    case 'string':
      return reader.string();
    case 'bytes':
      return encodeBase64(reader.bytes());
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return reader.int64();
    case 'float64':
      return readDouble(reader);
    case 'Quantity':
      return readQuantity(reader.message());
    case 'IntOrString':
      return readIntOrString(reader.message());
    case 'Time':
      return readTime(reader.message(), (seconds) => formatTime(seconds * 1000));
    case 'MicroTime':
      return readTime(reader.message(), (seconds, nanos) => {
        const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
        return `${formatTime(seconds * 1000).slice(0, 19)}.${micros}Z`;
      });
    case 'raw':
    case 'FieldsV1':
      return readRaw(reader.message(), depth);
    case 'any':
      throw new ProtoError('protobuf has no values of any type');
  }
}

function readDouble(reader: ProtoReader): number {
  const bytes = reader.fixed64Bytes();
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
}

function readQuantity(reader: ProtoReader): string {
  let text = '';
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) text = reader.string();
    else reader.skip();
  }
  const quantity = canonicalQuantityText(text === '' ? '0' : text);
  if (quantity === undefined) throw new ProtoError(quantityShapeMessage);
  return quantity;
}

function readIntOrString(reader: ProtoReader): number | string {
  let isText = false;
  let int = 0;
  let text = '';
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) isText = reader.int64() === 1;
    else if (number === 2) int = reader.int32();
    else if (number === 3) text = reader.string();
    else reader.skip();
  }
  return isText ? text : int;
}

/** The years that RFC 3339 can say, in seconds. */
const secondsMin = -62_135_596_800;
const secondsMax = 253_402_300_799;

/** An empty message is no time at all, and so is the zero time. */
function readTime(reader: ProtoReader, format: (seconds: number, nanos: number) => string): string | null {
  let isEmpty = true;
  let seconds = 0;
  let nanos = 0;
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    isEmpty = false;
    if (number === 1) seconds = reader.int64();
    else if (number === 2) nanos = reader.int32();
    else reader.skip();
  }
  if (isEmpty || (seconds === secondsMin && nanos === 0)) return null;
  if (seconds < secondsMin || seconds > secondsMax || nanos < 0 || nanos > 999_999_999) {
    throw new ProtoError('Time.MarshalJSON: year outside of range [0,9999]');
  }
  return format(seconds, nanos);
}

/** Text of JSON, or an object in an envelope of its own. */
function readRaw(reader: ProtoReader, depth: number): unknown {
  let raw: Uint8Array | undefined;
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) raw = reader.bytes();
    else reader.skip();
  }
  if (raw === undefined || raw.length === 0) return null;
  if (startsWithMagic(raw)) {
    const { apiVersion, kind, raw: inner } = readUnknown(raw);
    const type = `${apiVersion}.${kind}`;
    if (!isKnownType(type))
      throw new ProtoError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { ...readStruct(structNamed(type), new ProtoReader(inner), depth + 1), kind, apiVersion };
  }
  try {
    return JSON.parse(decodeUtf8(raw)) as unknown;
  } catch (cause) {
    throw new ProtoError('a raw value holds no JSON', { cause });
  }
}

function sortedMap(map: JsonMap): JsonMap {
  const keys = Object.keys(map);
  if (isSortedMap(keys)) return map;
  const result: Record<string, unknown> = {};
  for (const key of keys.toSorted()) setOwn(result, key, map[key]);
  return result;
}
