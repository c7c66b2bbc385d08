import { LineCounter, isMap as isYamlMap, isScalar, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';

import { decodeUtf8 } from '../../base/bytes.ts';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { invalidPatch } from '../errors.ts';
import { isMap } from '../json.ts';
import type { ApiError } from '../status.ts';
import { canonicalize } from './canonical.ts';
import { readJson } from './json-reader.ts';
import { cannotBeHandled, kindOfType, unrecognized, wrongKind } from './refusals.ts';

/** The `fieldValidation` parameter: what happens to unknown and duplicate fields. They are always dropped. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface Decoded {
  /** In canonical form, kind and apiVersion filled in. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Sentences for `Warning` headers; only in mode Warn. */
  readonly warnings: readonly string[];
}

/** An anchor may be used so often before the document counts as an attack. */
const aliasesMax = 100;

/** Reads a JSON body as `type` ('v1.Pod', 'meta/v1.DeleteOptions'). */
export function decodeJson(
  bytes: Uint8Array,
  type: string,
  mode: FieldValidation,
): Result<Decoded, ApiError> {
  const text = decodeUtf8(bytes);
  const read = readJson(text);
  if (!read.ok)
    return err(unrecognized(`couldn't get version/kind; json parse error: ${read.error}`, bytes, type));
  const { value, duplicates } = read.value;
  return decodeValue(
    value,
    type,
    mode,
    bytes,
    duplicates.map((path) => `duplicate field "${path}"`),
  );
}

/** Reads a YAML body (one document) as `type`. */
export function decodeYaml(
  bytes: Uint8Array,
  type: string,
  mode: FieldValidation,
): Result<Decoded, ApiError> {
  const text = decodeUtf8(bytes);
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: false, merge: true, lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line } = lines.linePos(problem.pos[0]);
    const [what] = problem.message.split(' at line ');
    return err(unrecognized(`yaml: line ${line}: ${what}`, bytes, type));
  }
  return decodeValue(
    document.toJS({ maxAliasCount: aliasesMax }),
    type,
    mode,
    bytes,
    repeatedKeys(document, lines),
  );
}

/**
 * Checks an object that a patch (or this server) made against `type` and gives its canonical form. The error is
 * the 422 that a bad patch gets; `shown` is how it shows the patch.
 */
export function checkObject(
  object: unknown,
  type: string,
  mode: FieldValidation = 'Ignore',
  shown = '',
): Result<Decoded, ApiError> {
  const canonical = canonicalize(object, type);
  if (!canonical.ok) return err(invalidPatch(shown, canonical.error));
  const complaints = canonical.value.unknownFields.map((path) => `unknown field "${path}"`);
  if (mode === 'Strict' && complaints.length > 0) {
    return err(invalidPatch(shown, `strict decoding error: ${complaints.join(', ')}`));
  }
  return ok({ object: canonical.value.value, warnings: mode === 'Warn' ? complaints : [] });
}

function decodeValue(
  value: unknown,
  type: string,
  mode: FieldValidation,
  bytes: Uint8Array,
  repeated: readonly string[],
): Result<Decoded, ApiError> {
  if (value !== null && value !== undefined && !isMap(value)) {
    const sentence =
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ` +
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    return err(unrecognized(sentence, bytes, type));
  }
  const source = isMap(value) ? value : {};
  for (const field of ['apiVersion', 'kind'] as const) {
    const item = source[field];
    if (item === undefined || item === null || typeof item === 'string') continue;
    const sentence =
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(item)} into Go struct field ` +
      `.${field} of type string`;
    return err(unrecognized(sentence, bytes, type));
  }
  const wanted = kindOfType(type);
  const apiVersion = textOr(source['apiVersion'], wanted.apiVersion);
  const kind = textOr(source['kind'], wanted.kind);
  const isOptions = type.startsWith('meta/');
  if (kind !== wanted.kind || (apiVersion !== wanted.apiVersion && !isOptions)) {
    return err(wrongKind(apiVersion, kind, wanted));
  }
  const canonical = canonicalize({ ...source, kind, apiVersion }, type);
  if (!canonical.ok) return err(cannotBeHandled(canonical.error, wanted));
  const complaints = [...repeated, ...canonical.value.unknownFields.map((path) => `unknown field "${path}"`)];
  if (mode === 'Strict' && complaints.length > 0) {
    const sentence = `strict decoding error: ${complaints.join(', ')}`;
    return err(cannotBeHandled(sentence, wanted));
  }
  return ok({ object: canonical.value.value, warnings: mode === 'Warn' ? complaints : [] });
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return isMap(value) ? 'object' : typeof value;
}

function repeatedKeys(document: Document.Parsed, lines: LineCounter): string[] {
  const repeated: string[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key) || isYamlMap(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          const { line } = lines.linePos(key.range?.[0] ?? 0);
          repeated.push(`line ${line}: key "${name}" already set in map`);
        }
        seen.add(name);
      }
    },
  });
  return repeated;
}
