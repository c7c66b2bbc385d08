import type { ErrorObject } from 'ajv';

import type { YamlPath } from '../../src/api/yaml-places.ts';
import { nearest, suggestion } from '../../src/base/nearest.ts';
import type { Schema } from '../actions/action.ts';

/** A mistake that JSON Schema found, for people. */
export interface SchemaMistake {
  /** Of the value, and of the key in it that is wrong. */
  readonly path: YamlPath;
  readonly key?: string;
  /** The key that is not there. */
  readonly missing?: string;
  readonly sentence: string;
}

/** One for each mistake of whoever wrote the file. Needs ajv's options `verbose` and `allErrors`. */
export function schemaMistakes(errors: readonly ErrorObject[]): readonly SchemaMistake[] {
  // A failed condition only says that there are errors below it.
  const mistakes = errors.filter(({ keyword }) => keyword !== 'if').map(schemaMistake);
  // Who misspelt a key does not lack it.
  const misspelt = ({ path, missing }: SchemaMistake): boolean =>
    missing !== undefined &&
    mistakes.some((one) => {
      return (
        one.key !== undefined &&
        nearest(one.key, [missing]) === missing &&
        placeText(one.path) === placeText(path)
      );
    });
  return mistakes.filter((mistake) => !misspelt(mistake));
}

function schemaMistake(error: ErrorObject): SchemaMistake {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
  const where = placeText(path);
  const schema = (error.parentSchema ?? {}) as Schema;
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const allowed = Object.keys(properties);
      const sentence = `unknown key ${key} in ${where}; allowed are ${allowed.join(', ')}${suggestion(key, allowed)}`;
      return { path, key, sentence };
    }
    case 'required': {
      const key = String(params['missingProperty']);
      return {
        path,
        missing: key,
        sentence: `${where} lacks the key ${key}; add it: ${wanted(properties[key] ?? {})}`,
      };
    }
    case 'enum': {
      const allowed = params['allowedValues'] as readonly string[];
      const near = typeof error.data === 'string' ? suggestion(error.data, allowed) : '';
      const sentence = `${where} is ${shown(error.data)}; allowed are ${allowed.join(', ')}${near}`;
      return { path, sentence };
    }
    default:
      return { path, sentence: `${where} is ${shown(error.data)}; write ${wanted(schema)}` };
  }
}

/** `timeline[0].crash`. */
export function placeText(path: YamlPath): string {
  if (path.length === 0) return 'the scenario';
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

/** What a schema asks for. */
function wanted(schema: Schema): string {
  const { description, enum: values, const: value, type, minimum, maximum } = schema;
  if (description !== undefined) return String(description);
  if (values !== undefined) return `one of ${(values as readonly string[]).join(', ')}`;
  if (value !== undefined) return String(value);
  switch (type) {
    case 'integer':
    case 'number':
      return `a ${type === 'integer' ? 'whole ' : ''}number${rangeText(minimum, maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list; each of its items is ${wanted(schema['items'] as Schema)}`;
    case 'object': {
      const keys = Object.keys((schema['properties'] ?? {}) as object);
      return keys.length === 0 ? 'a map' : `a map with the keys ${keys.join(', ')}`;
    }
    default:
      return 'text';
  }
}

function rangeText(minimum: unknown, maximum: unknown): string {
  if (minimum === undefined) return '';
  return maximum === undefined
    ? ` of ${String(minimum)} or more`
    : ` from ${String(minimum)} to ${String(maximum)}`;
}

const shownCharactersMax = 60;

/** A value as it may stand in a sentence. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  const text = JSON.stringify(value);
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}
