import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { base64Problem } from '../base64.ts';
import { isMap } from '../json.ts';
import { canonicalQuantity, parseQuantity } from '../quantity.ts';
import { formatTime, parseTime } from '../time.ts';
import { structNamed } from './schema.ts';
import type { Field, FieldType, Scalar, Struct } from './schema.ts';

/**
 * What an object looks like after it went through its Go struct: fields in the struct's order, zero values
 * dropped where the struct says omitempty and added where it does not (`resources: {}`, `lastProbeTime:
 * null`), quantities and times in their canonical text, unknown fields dropped. Clients compare and patch
 * that form, so it is the form that is stored.
 */
export interface Canonical {
  readonly value: Readonly<Record<string, unknown>>;
  /** Paths of fields that the schema does not have, in the order of the document. */
  readonly unknownFields: readonly string[];
}

/** `value` as `type`. The error is the sentence of Go's decoder. */
export function canonicalize(value: unknown, type: string): Result<Canonical, string> {
  const walk = new Walk();
  const result = walk.struct(structNamed(type), value, '', []);
  return walk.problem === undefined
    ? ok({ value: result as Readonly<Record<string, unknown>>, unknownFields: walk.unknownFields })
    : err(walk.problem);
}

const int32Max = 2 ** 31 - 1;

class Walk {
  readonly unknownFields: string[] = [];
  /** The first thing that was wrong. */
  problem: string | undefined;

  /** `fields` is the path without indexes and map keys, as Go reports it. */
  struct(struct: Struct, value: unknown, path: string, fields: readonly string[]): unknown {
    if (!isMap(value)) {
      if (value !== null && value !== undefined) {
        this.#fail(value, 'struct', goTypeName(struct.name), fields);
        return undefined;
      }
      value = {};
    }
    const source = value as Readonly<Record<string, unknown>>;
    const read = new Map<string, unknown>();
    // The document's order decides which problem is reported first and how unknown fields are listed.
    for (const [key, item] of Object.entries(source)) {
      const field = struct.byName.get(key);
      const here = path === '' ? key : `${path}.${key}`;
      if (field === undefined) this.unknownFields.push(here);
      else if (item !== null && item !== undefined) {
        read.set(key, this.#value(field.type, item, here, struct.name, [...fields, key]));
      }
    }
    const result: Record<string, unknown> = {};
    for (const field of struct.fields) {
      const item = this.#kept(field, read.get(field.name));
      if (item !== undefined) result[field.name] = item;
    }
    return result;
  }

  /** What of a field's value is written; undefined = nothing. */
  #kept(field: Field, value: unknown): unknown {
    if (field.pointer) return value ?? (field.omitEmpty || field.omitZero ? undefined : null);
    const { type } = field;
    const present = value ?? zeroOf(type, this);
    if (field.omitZero && (present === null || (isMap(present) && Object.keys(present).length === 0)))
      return undefined;
    if (!field.omitEmpty) return present;
    if (type.kind === 'list') return Array.isArray(present) && present.length > 0 ? present : undefined;
    if (type.kind === 'map') return isMap(present) && Object.keys(present).length > 0 ? present : undefined;
    if (type.kind === 'struct' || structLike.has(type.scalar)) return present;
    return present === '' || present === 0 || present === false || present === null ? undefined : present;
  }

  #value(type: FieldType, value: unknown, path: string, owner: string, fields: readonly string[]): unknown {
    switch (type.kind) {
      case 'struct':
        return this.#nested(structNamed(type.name), value, path, owner, fields);
      case 'list':
        if (!Array.isArray(value)) return this.#fail(value, owner, goType(type), fields);
        return value.map((item: unknown, index) =>
          item === null
            ? zeroOf(type.element, this)
            : this.#value(type.element, item, `${path}[${index}]`, owner, fields),
        );
      case 'map': {
        if (!isMap(value)) return this.#fail(value, owner, goType(type), fields);
        const result: Record<string, unknown> = {};
        // Go writes maps with sorted keys.
        for (const key of Object.keys(value).toSorted()) {
          const item = value[key];
          const kept =
            item === null
              ? zeroOf(type.element, this)
              : this.#value(type.element, item, `${path}.${key}`, owner, fields);
          Object.defineProperty(result, key, {
            value: kept,
            enumerable: true,
            writable: true,
            configurable: true,
          });
        }
        return result;
      }
      case 'scalar':
        return this.#scalar(type.scalar, value, owner, fields);
    }
  }

  #nested(struct: Struct, value: unknown, path: string, owner: string, fields: readonly string[]): unknown {
    if (!isMap(value)) return this.#fail(value, owner, goTypeName(struct.name), fields);
    return this.struct(struct, value, path, fields);
  }

  #scalar(scalar: Scalar, value: unknown, owner: string, fields: readonly string[]): unknown {
    switch (scalar) {
      case 'string':
        return typeof value === 'string' ? value : this.#fail(value, owner, 'string', fields);
      case 'bool':
        return typeof value === 'boolean' ? value : this.#fail(value, owner, 'bool', fields);
      case 'int32':
        if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= int32Max + 1)
          return value;
        return this.#fail(value, owner, 'int32', fields);
      case 'int64':
        if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
        return this.#fail(value, owner, 'int64', fields);
      case 'bytes': {
        if (typeof value !== 'string') return this.#fail(value, owner, '[]uint8', fields);
        const problem = base64Problem(value);
        return problem === -1 ? value : this.#say(`illegal base64 data at input byte ${problem}`);
      }
      case 'Quantity': {
        const text = typeof value === 'number' ? String(value) : value;
        if (typeof text !== 'string') return this.#fail(value, owner, 'string', fields);
        const parsed = parseQuantity(text);
        return parsed.ok ? canonicalQuantity(text) : this.#say(parsed.error);
      }
      case 'IntOrString':
        if (typeof value === 'string') return value;
        if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= int32Max + 1)
          return value;
        return this.#fail(value, owner, 'int32', fields);
      case 'Time':
        return this.#time(value, owner, fields, (millis) => formatTime(millis));
      case 'MicroTime':
        // Microseconds are finer than milliseconds: the digits are kept as text.
        return this.#time(value, owner, fields, (millis, text) => microText(millis, text));
      case 'FieldsV1':
        return value;
    }
  }

  #time(
    value: unknown,
    owner: string,
    fields: readonly string[],
    format: (millis: number, text: string) => string,
  ): unknown {
    if (typeof value !== 'string') return this.#fail(value, owner, 'string', fields);
    const millis = parseTime(value);
    if (millis === undefined) {
      return this.#say(
        `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse it`,
      );
    }
    return format(millis, value);
  }

  #fail(value: unknown, owner: string, expected: string, fields: readonly string[]): undefined {
    const what = Array.isArray(value)
      ? 'array'
      : isMap(value)
        ? 'object'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value === 'number'
            ? numberWords(value)
            : typeof value;
    const place = fields.length === 0 ? 'value' : `struct field ${shortName(owner)}.${fields.join('.')}`;
    return this.#say(`json: cannot unmarshal ${what} into Go ${place} of type ${expected}`);
  }

  #say(problem: string): undefined {
    this.problem ??= problem;
    return undefined;
  }
}

const structLike: ReadonlySet<Scalar> = new Set(['Quantity', 'IntOrString', 'Time', 'MicroTime']);

function zeroOf(type: FieldType, walk: Walk): unknown {
  if (type.kind === 'struct') return walk.struct(structNamed(type.name), undefined, '', []);
  if (type.kind !== 'scalar') return null;
  switch (type.scalar) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'IntOrString':
      return 0;
    case 'Quantity':
      return '0';
    default:
      return null;
  }
}

/** Go names numbers that do not fit and fractions by their text. */
function numberWords(value: number): string {
  return Number.isSafeInteger(value) && Math.abs(value) <= int32Max ? 'number' : `number ${value}`;
}

function microText(millis: number, text: string): string {
  const digits = (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  return `${formatTime(millis).slice(0, 19)}.${digits}Z`;
}

function goType(type: FieldType): string {
  switch (type.kind) {
    case 'list':
      return `[]${goType(type.element)}`;
    case 'map':
      return `map[string]${goType(type.element)}`;
    case 'struct':
      return goTypeName(type.name);
    case 'scalar':
      return type.scalar === 'bytes' ? '[]uint8' : type.scalar;
  }
}

function goTypeName(name: string): string {
  return `v1.${shortName(name)}`;
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
