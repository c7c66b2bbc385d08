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
  const result = walk.struct(structNamed(type), value);
  return walk.problem === undefined
    ? ok({ value: result as Readonly<Record<string, unknown>>, unknownFields: walk.unknownFields })
    : err(walk.problem);
}

/** Where a value is not what its type says, for those who wrote it. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  /** A field that the schema does not have; otherwise a value of a wrong type. */
  readonly isUnknownField: boolean;
}

/** The first value in `value` that is not of its type or, when there is none, the first unknown field. */
export function findMistake(value: unknown, type: string): Mistake | undefined {
  const walk = new Walk();
  walk.struct(structNamed(type), value);
  const path = (walk.problemPath ?? walk.unknownPath)?.map((step) =>
    typeof step === 'string' && step.startsWith('\0') ? step.slice(1) : step,
  );
  return path && { path, isUnknownField: walk.problemPath === undefined };
}

const int32Max = 2 ** 31 - 1;

class Walk {
  readonly unknownFields: string[] = [];
  /** The first thing that was wrong. */
  problem: string | undefined;
  problemPath: readonly (string | number)[] | undefined;
  /** Of the first unknown field. */
  unknownPath: readonly (string | number)[] | undefined;

  /** Where the walk is: field names, list indexes, and map keys behind a NUL. Made text only when needed. */
  readonly #path: (string | number)[] = [];

  struct(struct: Struct, value: unknown): unknown {
    if (!isMap(value)) {
      if (value !== null && value !== undefined) return this.#fail(value, 'struct', goTypeName(struct.name));
      value = emptyMap;
    }
    const source = value as Readonly<Record<string, unknown>>;
    const read = new Map<string, unknown>();
    // The document's order decides which problem is reported first and how unknown fields are listed.
    for (const key of Object.keys(source)) {
      const item = source[key];
      const field = struct.byName.get(key);
      this.#path.push(key);
      if (field === undefined) {
        this.unknownFields.push(this.#pathText());
        this.unknownPath ??= [...this.#path];
      } else if (item !== null && item !== undefined)
        read.set(key, this.#value(field.type, item, struct.name));
      this.#path.pop();
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

  #value(type: FieldType, value: unknown, owner: string): unknown {
    switch (type.kind) {
      case 'struct':
        return isMap(value)
          ? this.struct(structNamed(type.name), value)
          : this.#fail(value, owner, goTypeName(type.name));
      case 'list': {
        if (!Array.isArray(value)) return this.#fail(value, owner, goType(type));
        return value.map((item: unknown, index) => this.#element(type.element, item, index, owner));
      }
      case 'map': {
        if (!isMap(value)) return this.#fail(value, owner, goType(type));
        const result: Record<string, unknown> = {};
        // Go writes maps with sorted keys.
        for (const key of Object.keys(value).toSorted()) {
          setOwn(result, key, this.#element(type.element, value[key], `\0${key}`, owner));
        }
        return result;
      }
      case 'scalar':
        return this.#scalar(type.scalar, value, owner);
    }
  }

  #scalar(scalar: Scalar, value: unknown, owner: string): unknown {
    switch (scalar) {
      case 'string':
        return typeof value === 'string' ? value : this.#fail(value, owner, 'string');
      case 'bool':
        return typeof value === 'boolean' ? value : this.#fail(value, owner, 'bool');
      case 'int32':
        if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= int32Max + 1)
          return value;
        return this.#fail(value, owner, 'int32');
      case 'int64':
        if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
        return this.#fail(value, owner, 'int64');
      case 'bytes': {
        if (typeof value !== 'string') return this.#fail(value, owner, '[]uint8');
        const problem = base64Problem(value);
        return problem === -1 ? value : this.#say(`illegal base64 data at input byte ${problem}`);
      }
      case 'Quantity': {
        const text = typeof value === 'number' ? String(value) : value;
        if (typeof text !== 'string') return this.#fail(value, owner, 'string');
        const parsed = parseQuantity(text);
        return parsed.ok ? canonicalQuantity(text) : this.#say(parsed.error);
      }
      case 'IntOrString':
        if (typeof value === 'string') return value;
        if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= int32Max + 1)
          return value;
        return this.#fail(value, owner, 'int32');
      case 'Time':
        return this.#time(value, owner, (millis) => formatTime(millis));
      case 'MicroTime':
        // Microseconds are finer than milliseconds: the digits are kept as text.
        return this.#time(value, owner, (millis, text) => microText(millis, text));
      case 'FieldsV1':
        return value;
    }
  }

  #time(value: unknown, owner: string, format: (millis: number, text: string) => string): unknown {
    if (typeof value !== 'string') return this.#fail(value, owner, 'string');
    const millis = parseTime(value);
    if (millis === undefined) {
      return this.#say(
        `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse it`,
      );
    }
    return format(millis, value);
  }

  #fail(value: unknown, owner: string, expected: string): undefined {
    const what = Array.isArray(value)
      ? 'array'
      : isMap(value)
        ? 'object'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value === 'number'
            ? numberWords(value)
            : typeof value;
    const fields = this.#path.filter((step) => typeof step === 'string' && !step.startsWith('\0'));
    const place = fields.length === 0 ? 'value' : `struct field ${shortName(owner)}.${fields.join('.')}`;
    return this.#say(`json: cannot unmarshal ${what} into Go ${place} of type ${expected}`);
  }

  #element(type: FieldType, item: unknown, step: string | number, owner: string): unknown {
    if (item === null) return zeroOf(type, this);
    this.#path.push(step);
    const result = this.#value(type, item, owner);
    this.#path.pop();
    return result;
  }

  /** `spec.containers[0].name`, `data.key`. */
  #pathText(): string {
    let text = '';
    for (const step of this.#path) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += `${text === '' ? '' : '.'}${step.startsWith('\0') ? step.slice(1) : step}`;
    }
    return text;
  }

  #say(problem: string): undefined {
    this.problem ??= problem;
    this.problemPath ??= [...this.#path];
    return undefined;
  }
}

const emptyMap: Readonly<Record<string, unknown>> = {};

/** Plain assignment would treat `__proto__` as the prototype. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  else map[key] = value;
}

const structLike: ReadonlySet<Scalar> = new Set(['Quantity', 'IntOrString', 'Time', 'MicroTime']);

function zeroOf(type: FieldType, walk: Walk): unknown {
  if (type.kind === 'struct') return walk.struct(structNamed(type.name), undefined);
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
