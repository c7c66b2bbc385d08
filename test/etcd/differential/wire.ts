import { must } from '../../../src/base/assert.ts';
import { messages, type Field } from './schema.ts';

/** A message as plain data. Bytes are byte strings; 64-bit numbers beyond 2^53 are bigints; absent is absent. */
export interface Fields {
  readonly [name: string]: Value | undefined;
}
export type Value = number | bigint | boolean | string | Uint8Array | Fields | readonly Value[];

/** Encodes what is there, zeros too when they are given. A Uint8Array may stand for any bytes, string or message field. */
export function encode(type: string, value: Fields): Buffer {
  const fields = must(messages.get(type), `no message ${type}`);
  const parts: Uint8Array[] = [];
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined) continue;
    const field = must(
      fields.find((candidate) => candidate.name === name),
      `${type} has no ${name}`,
    );
    for (const one of field.repeated ? (given as readonly Value[]) : [given])
      parts.push(...encodeField(field, one));
  }
  return Buffer.concat(parts);
}

/** Decodes everything: a field that the tables do not know becomes `?NUMBER`, so that nothing goes uncompared. */
export function decode(type: string, bytes: Uint8Array): Fields {
  const fields = must(messages.get(type), `no message ${type}`);
  const found: Record<string, Value> = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = must(bytes[at++], `${type} ends in a number`);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = fields.find(({ number }) => number === tag >>> 3);
    let raw: bigint | Uint8Array;
    if ((tag & 7) === 0) raw = varint();
    else {
      const length = (tag & 7) === 2 ? Number(varint()) : (tag & 7) === 1 ? 8 : 4;
      raw = bytes.subarray(at, at + length);
      at += length;
    }
    if (field === undefined) {
      found[`?${tag >>> 3}`] = typeof raw === 'bigint' ? raw : latin1(raw);
      continue;
    }
    if (!field.repeated) found[field.name] = decodeValue(field, raw);
    else {
      // Numbers that repeat are packed, unless the sender is old-fashioned.
      const list = (found[field.name] ??= []) as Value[];
      if (typeof raw === 'bigint' || !isNumeric(field)) list.push(decodeValue(field, raw));
      else throw new Error(`${type}.${field.name} is packed: teach decode to read it`);
    }
  }
  // A zero that is written out says the same as one that is not.
  for (const field of fields) {
    const value = found[field.name];
    if (value === 0 || value === '' || value === false) delete found[field.name];
  }
  return found;
}

/** A byte string's bytes, and back. */
export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const isNumeric = ({ type }: Field): boolean => /^(u?int(32|64)|bool|enum)$/.test(type);

function encodeField(field: Field, value: Value): Uint8Array[] {
  if (isNumeric(field) && !(value instanceof Uint8Array)) {
    return [varintBytes(BigInt(field.number << 3)), varintBytes(BigInt(value as number | bigint | boolean))];
  }
  let bytes: Uint8Array;
  if (value instanceof Uint8Array) bytes = value;
  else if (field.type === 'bytes') bytes = bytesOf(value as string);
  else if (field.type === 'string') bytes = Buffer.from(value as string, 'utf8');
  else bytes = encode(field.type, value as Fields);
  return [varintBytes(BigInt((field.number << 3) | 2)), varintBytes(BigInt(bytes.length)), bytes];
}

function decodeValue(field: Field, raw: bigint | Uint8Array): Value {
  if (raw instanceof Uint8Array) {
    if (field.type === 'bytes') return latin1(raw);
    if (field.type === 'string') return Buffer.from(raw).toString('utf8');
    return decode(field.type, raw);
  }
  if (field.type === 'bool') return raw !== 0n;
  const signed = field.type === 'uint64' ? raw : BigInt.asIntN(64, raw);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
