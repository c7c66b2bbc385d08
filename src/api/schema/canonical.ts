import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { base64Problem } from '../base64.ts';
import { isMap, setOwn } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { canonicalQuantityText, parseQuantity, quantityShapeMessage } from '../quantity.ts';
import { canonicalMicroTime, canonicalTime } from '../time.ts';
import { structNamed } from './library.ts';
import type { FieldType, ListType, MapType, ScalarType, Struct, VariantType } from './schema.ts';
import { absentValue, fromSlots, isLeftOut, isSortedMap, zeroOf } from './zero.ts';

/**
 * What an object looks like after it went through its Go struct: fields in the struct's order, zero values
 * dropped where the struct says omitempty and added where it does not (`resources: {}`, `lastProbeTime:
 * null`), quantities and times in their canonical text, unknown fields dropped. Clients compare and patch
 * that form, so it is the form that is stored. What is canonical already is not copied: most clients are Go programs.
 */
export interface Canonical {
  readonly value: JsonMap;
  /** Paths of fields that the schema does not have, in the order of the document. */
  readonly unknownFields: readonly string[];
}

/** `value` as `type`. The error is the sentence of Go's decoder. */
export function canonicalize(value: unknown, type: string | Struct): Result<Canonical, string> {
  const walk = new Walk();
  const result = walk.root(typeof type === 'string' ? structNamed(type) : type, value);
  return walk.problem === undefined
    ? ok({ value: result as JsonMap, unknownFields: walk.unknownFields })
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
  walk.root(structNamed(type), value);
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

  root(struct: Struct, value: unknown): unknown {
    if (isMap(value)) return this.#struct(struct, value);
    if (value === null || value === undefined) return this.#struct(struct, emptyMap);
    return this.#fail(value, 'struct', goTypeName(struct.name));
  }

  /** The document's order decides which problem is reported first and how unknown fields are listed. */
  #struct(struct: Struct, source: JsonMap): unknown {
    const { fields, byName } = struct;
    const slots: unknown[] = [];
    let isSame = true;
    let last = -1;
    let always = 0;
    for (const key of Object.keys(source)) {
      // Whoever writes by the struct writes its fields in turn.
      const next = fields[last + 1];
      const field = next !== undefined && next.name === key ? next : byName.get(key);
      if (field === undefined) {
        this.#unknown(key);
        isSame = false;
        continue;
      }
      const item = source[key];
      let value: unknown;
      if (item === null || item === undefined) {
        value = field.always ? absentValue(field) : undefined;
      } else {
        this.#path.push(key);
        value = this.#value(field.type, item, struct.name);
        this.#path.pop();
        if (!field.always && isLeftOut(field, value)) value = undefined;
      }
      slots[field.index] = value;
      if (value !== item || field.index <= last) isSame = false;
      last = field.index;
      if (field.always) always++;
    }
    return isSame && always === struct.alwaysCount ? source : fromSlots(struct, slots);
  }

  #unknown(key: string): void {
    this.#path.push(key);
    this.unknownFields.push(this.#pathText());
    this.unknownPath ??= [...this.#path];
    this.#path.pop();
  }

  #value(type: FieldType, value: unknown, owner: string): unknown {
    switch (type.kind) {
      case 'scalar':
        return this.#scalar(type, value, owner);
      case 'struct':
        return isMap(value)
          ? this.#struct(type.struct, value)
          : this.#fail(value, owner, goTypeName(type.name));
      case 'list':
        return this.#list(type, value, owner);
      case 'map':
        return this.#map(type, value, owner);
      case 'variant':
        return this.#variant(type, value);
    }
  }

  #list(type: ListType, value: unknown, owner: string): unknown {
    if (!Array.isArray(value)) return this.#fail(value, owner, goType(type));
    let result: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      const element = this.#element(type.element, item, index, owner);
      if (element !== item) result ??= value.slice(0, index);
      result?.push(element);
    }
    return result ?? value;
  }

  /** Go writes maps with sorted keys. */
  #map(type: MapType, value: unknown, owner: string): unknown {
    if (!isMap(value)) return this.#fail(value, owner, goType(type));
    const keys = Object.keys(value);
    let isSame = isSortedMap(keys);
    if (!isSame) keys.sort();
    const elements: unknown[] = [];
    for (const key of keys) {
      const element = this.#element(type.element, value[key], `\0${key}`, owner);
      if (element !== value[key]) isSame = false;
      elements.push(element);
    }
    if (isSame) return value;
    const result: Record<string, unknown> = {};
    for (const [index, key] of keys.entries()) setOwn(result, key, elements[index]);
    return result;
  }

  #variant(type: VariantType, value: unknown): unknown {
    if (isMap(value)) return this.#struct(type.object.struct, value);
    if (type.form === 'object|bool') {
      return typeof value === 'boolean' ? value : this.#say('boolean or JSON schema expected');
    }
    // Go's decoder passes over whatever else stands there.
    if (!Array.isArray(value)) return null;
    const element: FieldType =
      type.form === 'object|array' ? type.object : { kind: 'scalar', scalar: 'string' };
    return this.#list({ kind: 'list', element, listMapKeys: [] }, value, type.name);
  }

  #scalar(type: ScalarType, value: unknown, owner: string): unknown {
    switch (type.scalar) {
      case 'string':
        return typeof value === 'string' ? value : this.#fail(value, owner, goType(type));
      case 'bool':
        return typeof value === 'boolean' ? value : this.#fail(value, owner, goType(type));
      case 'int32':
        return isInt32(value) ? value : this.#fail(value, owner, goType(type));
      case 'int64':
        if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
        return this.#fail(value, owner, goType(type));
      case 'float64':
        return typeof value === 'number' ? value : this.#fail(value, owner, goType(type));
      case 'bytes': {
        if (typeof value !== 'string') return this.#fail(value, owner, '[]uint8');
        const problem = base64Problem(value);
        return problem === -1 ? value : this.#say(`illegal base64 data at input byte ${problem}`);
      }
      case 'Quantity': {
        const text = typeof value === 'number' ? String(value) : value;
        if (typeof text !== 'string') return this.#say(quantityShapeMessage);
        const canonical = canonicalQuantityText(text);
        if (canonical !== undefined) return canonical;
        const parsed = parseQuantity(text);
        return parsed.ok ? undefined : this.#say(parsed.error);
      }
      case 'IntOrString':
        return typeof value === 'string' || isInt32(value) ? value : this.#fail(value, owner, 'int32');
      case 'Time':
        return this.#time(value, owner, canonicalTime);
      case 'MicroTime':
        return this.#time(value, owner, canonicalMicroTime);
      case 'raw':
      case 'FieldsV1':
      case 'any':
        return value;
    }
  }

  #time(value: unknown, owner: string, canonical: (text: string) => Result<string | null, string>): unknown {
    if (typeof value !== 'string') return this.#fail(value, owner, 'string');
    const time = canonical(value);
    return time.ok ? time.value : this.#say(time.error);
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
    if (item === null) return zeroOf(type);
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

const emptyMap: JsonMap = {};

function isInt32(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value <= int32Max && value >= -int32Max - 1;
}

/** Go names numbers that do not fit and fractions by their text. */
function numberWords(value: number): string {
  return Number.isSafeInteger(value) && Math.abs(value) <= int32Max ? 'number' : `number ${value}`;
}

function goType(type: FieldType): string {
  if (type.kind !== 'struct' && type.kind !== 'variant' && type.name !== undefined) {
    return goTypeName(type.name);
  }
  switch (type.kind) {
    case 'list':
      return `[]${goType(type.element)}`;
    case 'map':
      return `map[${type.keyName === undefined ? 'string' : goTypeName(type.keyName)}]${goType(type.element)}`;
    case 'struct':
    case 'variant':
      return goTypeName(type.name);
    case 'scalar':
      return goScalars[type.scalar] ?? type.scalar;
  }
}

const goScalars: Readonly<Partial<Record<ScalarType['scalar'], string>>> = {
  bytes: '[]uint8',
  Quantity: 'resource.Quantity',
  IntOrString: 'intstr.IntOrString',
  Time: 'v1.Time',
  MicroTime: 'v1.MicroTime',
  FieldsV1: 'v1.FieldsV1',
  raw: 'runtime.RawExtension',
  any: 'interface {}',
};

/** `apps/v1.DeploymentSpec` → v1.DeploymentSpec. */
function goTypeName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
