import { must } from '../../base/assert.ts';
import { decodeBase64, encodeBase64 } from '../../base/base64.ts';
import { JsonError, type JsonNode } from './json-reader.ts';
import { enumOf, type Field, messageOf, type MessageType, propertyOf } from './message.ts';

/**
 * Messages as JSON, by the rules of protobuf's JSON mapping as etcd's gateway sets them: out come the names of the .proto file, 64-bit
 * integers as strings, enums by name, bytes in base64, and nothing for what is zero; in go these and `camelCase` names, numbers for
 * strings, URL-safe base64; unknown names are passed over.
 */

type TableField = MessageType<object>['fields'][number];

/** The JSON value of a message, for JSON.stringify. */
export function toJson<T extends object>(type: MessageType<T>, value: T): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of type.fields) {
    const one = (value as Record<string, unknown>)[field.property];
    if (field.repeated) {
      const list = one as readonly unknown[];
      if (list.length > 0) json[field.protoName] = list.map((item) => oneToJson(field, item));
    } else if (one !== undefined && (field.oneof !== undefined || !isZero(one))) {
      json[field.protoName] = oneToJson(field, one);
    }
  }
  return json;
}

function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === 0 || value === 0n || value === false || value === '';
}

function oneToJson(field: Field, value: unknown): unknown {
  const message = messageOf(field);
  if (message !== undefined) return toJson(message, value as object);
  const enumeration = enumOf(field);
  if (enumeration !== undefined) {
    const found = Object.entries(enumeration.values).find(([, number]) => number === value);
    return found === undefined ? value : found[0];
  }
  switch (field.type) {
    case 'bytes':
      return encodeBase64(value as Uint8Array);
    case 'int64':
    case 'uint64':
    case 'int64Id':
    case 'uint64Id':
      return String(value as bigint | number);
    default:
      return value;
  }
}

/** The message of a JSON value. @throws JsonError in the words of Go's protojson */
export function fromJson<T extends object>(type: MessageType<T>, node: JsonNode): Partial<T> {
  if (node.type !== 'object') throw unexpected(node);
  const value: Record<string, unknown> = {};
  const set = new Set<string>();
  for (const [name, member] of node.members) {
    if (name.flaw !== undefined) throw name.flaw();
    const { string: called } = name;
    const field = type.fields.find((known) => known.protoName === called || known.property === called);
    if (field === undefined) {
      passOver(member);
      continue;
    }
    if (set.has(field.property))
      throw new JsonError(`proto: (line ${name.place}): duplicate field ${name.text}`);
    set.add(field.property);
    if (member.type === 'null') continue;
    if (field.oneof !== undefined) {
      if (set.has(`oneof ${field.oneof}`)) {
        throw new JsonError(
          `proto: (line ${name.place}): error parsing ${name.text}, oneof ${type.name}.${field.oneof} is already set`,
        );
      }
      set.add(`oneof ${field.oneof}`);
    }
    if (field.repeated) {
      if (member.type !== 'array') throw unexpected(member);
      value[field.property] = member.items
        .map((item) => oneFromJson(field, item))
        .filter((item) => item !== undefined);
    } else {
      const one = oneFromJson(field, member);
      if (one !== undefined) value[field.property] = one;
    }
  }
  return value as Partial<T>;
}

/** What no message has must be well-formed all the same. */
function passOver(node: JsonNode): void {
  if (node.type === 'string' && node.flaw !== undefined) throw node.flaw();
  if (node.type === 'array') node.items.forEach(passOver);
  if (node.type !== 'object') return;
  for (const [name, member] of node.members) {
    passOver(name);
    passOver(member);
  }
}

/** undefined: a name that the enum does not have, which is passed over. */
function oneFromJson(field: TableField, node: JsonNode): unknown {
  if (node.type === 'string' && node.flaw !== undefined) throw node.flaw();
  const message = messageOf(field);
  if (message !== undefined) return fromJson(message, node);
  const enumeration = enumOf(field);
  if (enumeration !== undefined) {
    if (node.type === 'string') return enumeration.values[node.string];
    return Number(integer(field, node, 'enum', -(2n ** 31n), 2n ** 31n - 1n));
  }
  switch (field.type) {
    case 'bool':
      if (node.type !== 'true' && node.type !== 'false') throw invalid(field, node, 'bool');
      return node.type === 'true';
    case 'string':
      if (node.type !== 'string') throw invalid(field, node, 'string');
      return node.string;
    case 'bytes': {
      const decoded = node.type === 'string' ? decodeBase64(node.string) : undefined;
      if (decoded === undefined) throw invalid(field, node, 'bytes');
      return decoded;
    }
    case 'int32':
      return Number(integer(field, node, 'int32', -(2n ** 31n), 2n ** 31n - 1n));
    case 'uint32':
      return Number(integer(field, node, 'uint32', 0n, 2n ** 32n - 1n));
    case 'int64':
      return Number(integer(field, node, 'int64', -(2n ** 63n), 2n ** 63n - 1n));
    case 'uint64':
      return Number(integer(field, node, 'uint64', 0n, 2n ** 64n - 1n));
    case 'int64Id':
      return integer(field, node, 'int64', -(2n ** 63n), 2n ** 63n - 1n);
    default:
      return integer(field, node, 'uint64', 0n, 2n ** 64n - 1n);
  }
}

/** Digits behind the point and in front of the exponent that a number may have at most: longer ones are no integers of 64 bits. */
const exponentMax = 40;

function integer(field: TableField, node: JsonNode, type: string, min: bigint, max: bigint): bigint {
  const text = node.type === 'string' ? node.string : node.type === 'number' ? node.text : '';
  const value = integerOf(text);
  if (value === undefined || value < min || value > max) throw invalid(field, node, type);
  return value;
}

/** `12`, but also `1.2e1`, which is the same number. */
function integerOf(text: string): bigint | undefined {
  const parts = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (parts === null) return undefined;
  const fraction = (parts[3] ?? '').replace(/0+$/, '');
  const exponent = Number(parts[4] ?? 0);
  const digits = `${must(parts[2])}${fraction}`;
  if (/^0*$/.test(digits)) return 0n;
  if (Math.abs(exponent) > exponentMax || digits.length > exponentMax) return undefined;
  const zeros = exponent - fraction.length;
  const whole = zeros >= 0 ? `${digits}${'0'.repeat(zeros)}` : digits.slice(0, zeros);
  if (zeros < 0 && /[^0]/.test(digits.slice(zeros))) return undefined;
  const value = BigInt(whole === '' ? '0' : whole);
  return parts[1] === '-' ? -value : value;
}

function invalid({ protoName }: TableField, node: JsonNode, type: string): JsonError {
  return new JsonError(
    `proto: (line ${node.place}): invalid value for ${type} field ${propertyOf(protoName)}: ${tokenOf(node)}`,
  );
}

function unexpected(node: JsonNode): JsonError {
  if (node.type === 'string' && node.flaw !== undefined) return node.flaw();
  return new JsonError(`proto: syntax error (line ${node.place}): unexpected token ${tokenOf(node)}`);
}

/** How far Go has read when it sees that the value does not fit. */
function tokenOf({ type, text }: JsonNode): string {
  return type === 'object' || type === 'array' ? text[0]! : text;
}
