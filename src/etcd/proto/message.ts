/**
 * proto/: etcd's messages and services as tables (api/etcdserverpb/*.proto and their neighbours). From one table follow the
 * TypeScript type, the protobuf codec, the JSON of the gateway and the descriptors of reflection.
 *
 * Boundary: knows no meaning. Hot messages have codecs of their own in etcd/wire/, tested to agree with these.
 */

import { emptyBytes } from '../../base/bytes.ts';
import { type MessageNames, ProtoError, ProtoReader, ProtoWriter, wire } from '../../base/protobuf.ts';

/** Scalar types by their proto names. 64-bit integers are numbers, those that are ids (`…Id`) bigints. */
type Scalar = 'int32' | 'uint32' | 'int64' | 'uint64' | 'int64Id' | 'uint64Id' | 'bool' | 'string' | 'bytes';

interface ScalarValues {
  readonly int32: number;
  readonly uint32: number;
  readonly int64: number;
  readonly uint64: number;
  readonly int64Id: bigint;
  readonly uint64Id: bigint;
  readonly bool: boolean;
  readonly string: string;
  readonly bytes: Uint8Array;
}

export interface EnumType {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface Field<T = unknown> {
  readonly number: number;
  readonly type: Scalar | EnumType | (() => MessageType<object>);
  readonly repeated: boolean;
  /** Of these only one is set; and being set is told also for zero. */
  readonly oneof: string | undefined;
  /** Carries the TypeScript type; never there. */
  readonly value?: T;
}

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;
type Fields = Readonly<Record<string, Field>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The type of a message: every field is there, absent messages and members of a oneof are undefined. */
export type Value<F extends Fields> = { readonly [K in keyof F & string as Camel<K>]: ValueOf<F[K]> };

export interface MessageType<T extends object> extends MessageNames {
  readonly fields: readonly (Field & { readonly protoName: string; readonly property: string })[];
  /** Absent fields are zero. Unknown ones are passed over. @throws ProtoError */
  decode(bytes: Uint8Array): T;
  encode(value: Partial<T>): Uint8Array;
  /** Carries the TypeScript type; never there. */
  readonly value?: T;
}

const scalar =
  <S extends Scalar>(type: S) =>
  (number: number): Field<ScalarValues[S]> => ({ number, type, repeated: false, oneof: undefined });

export const int32 = scalar('int32');
export const uint32 = scalar('uint32');
export const int64 = scalar('int64');
export const uint64 = scalar('uint64');
export const int64Id = scalar('int64Id');
export const uint64Id = scalar('uint64Id');
export const bool = scalar('bool');
export const string = scalar('string');
export const bytes = scalar('bytes');

export function enumeration(number: number, type: EnumType): Field<number> {
  return { number, type, repeated: false, oneof: undefined };
}

/** `type` is a function, so that messages can refer to each other. */
export function nested<T extends object>(number: number, type: () => MessageType<T>): Field<T | undefined> {
  return { number, type, repeated: false, oneof: undefined };
}

export function repeated<T>(field: Field<T>): Field<readonly Exclude<T, undefined>[]> {
  return { number: field.number, type: field.type, repeated: true, oneof: undefined };
}

export function oneof<T>(name: string, field: Field<T>): Field<T | undefined> {
  return { number: field.number, type: field.type, repeated: false, oneof: name };
}

type ReadText = (reader: ProtoReader) => string;
const anyText: ReadText = (reader) => reader.string();
const utf8: ReadText = (reader) => reader.strictString();

export function message<const F extends Fields>(
  name: string,
  fields: F,
  readText: ReadText = anyText,
): MessageType<Value<F>> {
  const list = Object.entries(fields)
    .map(([protoName, field]) => ({ ...field, protoName, property: propertyOf(protoName) }))
    .toSorted((a, b) => a.number - b.number);
  const byNumber = new Map(list.map((field) => [field.number, field]));
  const type: MessageType<Value<F>> = {
    name,
    fields: list,
    fieldName: (number) => goName(byNumber.get(number)?.protoName ?? String(number)),
    decode(encoded) {
      const value: Record<string, unknown> = {};
      for (const field of list) value[field.property] = zeroOf(field);
      const reader = new ProtoReader(encoded, type);
      for (let number = reader.tag(); number !== 0; number = reader.tag()) {
        const field = byNumber.get(number);
        if (field === undefined || (readText === utf8 && !fits(field, reader.wireType))) reader.skip();
        else readField(reader, field, value, readText);
      }
      return value as Value<F>;
    },
    encode(value) {
      const writer = new ProtoWriter();
      for (const field of list) writeField(writer, field, (value as Record<string, unknown>)[field.property]);
      return writer.finish();
    },
  };
  return type;
}

/**
 * A message of Google's protobuf, which refuses text that is no UTF-8; gogo/protobuf, of which etcd's own messages are, takes
 * any. It passes over a field of another wire type, and does not tell what is wrong with other bytes.
 */
export function googleMessage<const F extends Fields>(name: string, fields: F): MessageType<Value<F>> {
  const type = message(name, fields, utf8);
  return {
    ...type,
    decode(encoded) {
      try {
        return type.decode(encoded);
      } catch (error) {
        if (!(error instanceof ProtoError) || error.message.includes('UTF-8')) throw error;
        throw new ProtoError('proto: cannot parse invalid wire-format data', { cause: error });
      }
    },
  };
}

/** `range_end` → `rangeEnd`; names without an underscore stay as they are. */
export function propertyOf(protoName: string): string {
  return protoName.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What the field is called in Go, hence in errors: `range_end` → `RangeEnd`. */
function goName(protoName: string): string {
  return protoName.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function messageOf(field: Field): MessageType<object> | undefined {
  return typeof field.type === 'function' ? field.type() : undefined;
}

export function enumOf(field: Field): EnumType | undefined {
  return typeof field.type === 'object' ? field.type : undefined;
}

function zeroOf({ type, repeated: list, oneof: choice }: Field): unknown {
  if (list) return [];
  if (choice !== undefined || typeof type === 'function') return undefined;
  switch (type) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'bytes':
      return emptyBytes;
    case 'int64Id':
    case 'uint64Id':
      return 0n;
    default:
      return 0;
  }
}

function readField(
  reader: ProtoReader,
  field: MessageType<object>['fields'][number],
  value: Record<string, unknown>,
  readText: ReadText,
): void {
  if (!field.repeated) {
    value[field.property] = readOne(reader, field, readText);
    return;
  }
  const list = value[field.property] as unknown[];
  const packed = reader.wireType === wire.bytes && isVarint(field);
  if (!packed) {
    list.push(readOne(reader, field, readText));
    return;
  }
  const inner = reader.message();
  while (inner.at < inner.end) {
    inner.wireType = wire.varint;
    list.push(readOne(inner, field, readText));
  }
}

function fits(field: Field, wireType: number): boolean {
  if (!isVarint(field)) return wireType === wire.bytes;
  return wireType === wire.varint || (field.repeated && wireType === wire.bytes);
}

function isVarint({ type }: Field): boolean {
  return type !== 'string' && type !== 'bytes' && typeof type !== 'function';
}

function readOne(reader: ProtoReader, { type }: Field, readText: ReadText): unknown {
  if (typeof type === 'function') return type().decode(reader.bytes());
  switch (type) {
    case 'uint32':
      return reader.uint32();
    case 'int64':
    case 'uint64':
      return reader.int64();
    case 'int64Id':
      return reader.int64Big();
    case 'uint64Id':
      return reader.uint64Big();
    case 'bool':
      return reader.bool();
    case 'string':
      return readText(reader);
    case 'bytes':
      return reader.bytes();
    default:
      return reader.int32();
  }
}

function writeField(writer: ProtoWriter, field: Field, value: unknown): void {
  if (value === undefined) return;
  const { number, type } = field;
  if (field.repeated) {
    const list = value as readonly unknown[];
    if (isVarint(field) && list.length > 0) {
      const inner = new ProtoWriter();
      for (const one of list) inner.packed(BigInt(one as number));
      writer.elementBytes(number, inner.finish());
      return;
    }
    for (const one of list) writeOne(writer, field, one);
    return;
  }
  // Zero is not written, but for messages and the member of a oneof that is set.
  const isZero = value === 0 || value === 0n || value === false || value === '';
  const isEmpty = type === 'bytes' && (value as Uint8Array).length === 0;
  if ((isZero || isEmpty) && field.oneof === undefined) return;
  writeOne(writer, field, value);
}

function writeOne(writer: ProtoWriter, { number, type }: Field, value: unknown): void {
  if (typeof type === 'function') {
    writer.elementBytes(number, type().encode(value as object));
    return;
  }
  switch (type) {
    case 'int64Id':
    case 'uint64Id':
      writer.elementBig(number, value as bigint);
      return;
    case 'bool':
      writer.elementInt(number, value === true ? 1 : 0);
      return;
    case 'string':
      writer.elementString(number, value as string);
      return;
    case 'bytes':
      writer.elementBytes(number, value as Uint8Array);
      return;
    default:
      writer.elementInt(number, value as number);
  }
}

// ── Services ──────────────────────────────────────────────────────────────────────────────────────

export interface MethodType {
  readonly name: string;
  readonly request: MessageType<object>;
  readonly response: MessageType<object>;
  readonly clientStreams: boolean;
  readonly serverStreams: boolean;
  /** Where the JSON gateway serves it, by POST; the first is the main one. */
  readonly paths: readonly string[];
}

export interface ServiceType {
  /** `etcdserverpb.KV` */
  readonly name: string;
  readonly methods: readonly MethodType[];
}

type Streams = '' | 'server' | 'both';

export function method(
  name: string,
  request: MessageType<object>,
  response: MessageType<object>,
  paths: readonly string[] = [],
  streams: Streams = '',
): MethodType {
  return {
    name,
    request,
    response,
    clientStreams: streams === 'both',
    serverStreams: streams !== '',
    paths,
  };
}
