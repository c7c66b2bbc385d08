import { decodeUtf8, equalBytes } from '../base/bytes.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { encodeBase64 } from '../base/base64.ts';
import { ProtoError, ProtoReader, wire } from '../base/protobuf.ts';
import { canonicalize } from './schema/canonical.ts';
import { cannotBeHandled, kindOfType, unrecognized, wrongKind } from './schema/refusals.ts';
import { structNamed } from './schema/schema.ts';
import type { Field, FieldType, Scalar, Struct } from './schema/schema.ts';
import type { Decoded } from './schema/walker.ts';
import type { ApiError } from './status.ts';
import { formatTime } from './time.ts';

/**
 * `application/vnd.kubernetes.protobuf` bodies, read by the schema: four bytes `k8s\0`, then runtime.Unknown
 * { 1: typeMeta { 1: apiVersion, 2: kind }, 2: raw }. Answers are always JSON, which every client takes.
 */

const magic = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

/** No object nests deeper; more is an attack. */
const depthMax = 100;

/** Reads a body as `type` ('v1.ConfigMap', 'meta/v1.DeleteOptions'); the envelope must say the same kind. */
export function decodeProtobuf(bytes: Uint8Array, type: string): Result<Decoded, ApiError> {
  if (!equalBytes(bytes.subarray(0, magic.length), magic)) {
    const why = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
    return err(unrecognized(why, bytes, type));
  }
  const wanted = kindOfType(type);
  try {
    const { apiVersion, kind, raw } = readEnvelope(bytes.subarray(magic.length));
    const isVersioned = !type.startsWith('meta/');
    if (kind !== wanted.kind || (isVersioned && apiVersion !== wanted.apiVersion)) {
      return err(wrongKind(apiVersion, kind, wanted));
    }
    const object = { ...readStruct(structNamed(type), raw, 0), kind, apiVersion };
    const canonical = canonicalize(object, type);
    if (!canonical.ok) return err(cannotBeHandled(canonical.error, wanted));
    return ok({ object: canonical.value.value, warnings: [] });
  } catch (problem) {
    if (problem instanceof ProtoError) return err(unrecognized(problem.message, bytes, type));
    throw problem;
  }
}

function readEnvelope(bytes: Uint8Array): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
} {
  const reader = new ProtoReader(bytes);
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array(0);
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) {
      const meta = reader.message();
      for (let inner = meta.tag(); inner !== 0; inner = meta.tag()) {
        if (inner === 1) apiVersion = decodeUtf8(meta.bytes());
        else if (inner === 2) kind = decodeUtf8(meta.bytes());
        else meta.skip();
      }
    } else if (number === 2) {
      raw = reader.bytes();
    } else {
      reader.skip();
    }
  }
  return { apiVersion, kind, raw };
}

/** @throws ProtoError when the bytes are not such a message */
function readStruct(struct: Struct, bytes: Uint8Array, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw new ProtoError(`protobuf message nests deeper than ${depthMax}`);
  const reader = new ProtoReader(bytes);
  const result: Record<string, unknown> = {};
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    const field = struct.byNumber.get(number);
    if (field === undefined) reader.skip();
    else if ('inline' in field)
      Object.assign(result, readStruct(structNamed(field.inline), reader.bytes(), depth + 1));
    else readField(field, reader, result, depth);
  }
  return result;
}

function readField(field: Field, reader: ProtoReader, result: Record<string, unknown>, depth: number): void {
  const { type, name } = field;
  if (type.kind === 'list') {
    const list = (result[name] ??= []) as unknown[];
    list.push(readValue(type.element, reader, depth));
  } else if (type.kind === 'map') {
    const [key, value] = readEntry(type.element, reader.bytes(), depth);
    const map = (result[name] ??= {}) as Record<string, unknown>;
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    result[name] = readValue(type, reader, depth);
  }
}

/** A map entry is a message { 1: key, 2: value }; an absent value is the zero one. */
function readEntry(
  element: FieldType,
  bytes: Uint8Array,
  depth: number,
): readonly [key: string, value: unknown] {
  const reader = new ProtoReader(bytes);
  let key = '';
  let value: unknown = null;
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) key = decodeUtf8(reader.bytes());
    else if (number === 2) value = readValue(element, reader, depth);
    else reader.skip();
  }
  return [key, value];
}

function readValue(type: FieldType, reader: ProtoReader, depth: number): unknown {
  if (type.kind === 'struct') return readStruct(structNamed(type.name), reader.bytes(), depth + 1);
  if (type.kind === 'scalar') return readScalar(type.scalar, reader);
  throw new ProtoError('protobuf has no lists of lists');
}

function readScalar(scalar: Scalar, reader: ProtoReader): unknown {
  switch (scalar) {
    case 'string':
      return decodeUtf8(reader.bytes());
    case 'bytes':
      return encodeBase64(reader.bytes());
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return reader.int64();
    case 'Quantity':
      return decodeUtf8(messageOf(reader).get(1)?.bytes ?? new Uint8Array(0)) || '0';
    case 'IntOrString': {
      const parts = messageOf(reader);
      const isText = (parts.get(1)?.varint ?? 0) === 1;
      if (isText) return decodeUtf8(parts.get(3)?.bytes ?? new Uint8Array(0));
      return (parts.get(2)?.varint ?? 0) | 0;
    }
    case 'Time':
      return timeOf(reader, (seconds) => formatTime(seconds * 1000));
    case 'MicroTime':
      return timeOf(reader, (seconds, nanos) => {
        const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
        return `${formatTime(seconds * 1000).slice(0, 19)}.${micros}Z`;
      });
    case 'FieldsV1': {
      const raw = messageOf(reader).get(1)?.bytes;
      if (raw === undefined || raw.length === 0) return null;
      try {
        return JSON.parse(decodeUtf8(raw)) as unknown;
      } catch (cause) {
        throw new ProtoError('fieldsV1 does not hold JSON', { cause });
      }
    }
  }
}

/** An empty message is no time at all. */
function timeOf(reader: ProtoReader, format: (seconds: number, nanos: number) => string): string | null {
  const parts = messageOf(reader);
  if (parts.size === 0) return null;
  const seconds = parts.get(1)?.varint ?? 0;
  return format(seconds, (parts.get(2)?.varint ?? 0) | 0);
}

interface Part {
  readonly varint?: number;
  readonly bytes?: Uint8Array;
}

/** The parts of a small message by number; the last of each counts. */
function messageOf(outer: ProtoReader): ReadonlyMap<number, Part> {
  const reader = outer.message();
  const parts = new Map<number, Part>();
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (reader.wireType === wire.varint) parts.set(number, { varint: reader.int64() });
    else if (reader.wireType === wire.bytes) parts.set(number, { bytes: reader.bytes() });
    else reader.skip();
  }
  return parts;
}
