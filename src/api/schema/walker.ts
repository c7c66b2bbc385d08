import { LineCounter, isMap as isYamlMap, isScalar, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';

import { decodeUtf8 } from '../../base/bytes.ts';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { badRequest, invalidPatch } from '../errors.ts';
import { isMap } from '../json.ts';
import type { ApiError } from '../status.ts';
import { canonicalize } from './canonical.ts';
import { isKnownType } from './schema.ts';
import { readJson } from './json-reader.ts';

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
export function decodeJson(bytes: Uint8Array, type: string, mode: FieldValidation): Result<Decoded, ApiError> {
  const text = decodeUtf8(bytes);
  const read = readJson(text);
  if (!read.ok) return err(unrecognized(`couldn't get version/kind; json parse error: ${read.error}`, text, type));
  const { value, duplicates } = read.value;
  return decodeValue(value, type, mode, text, duplicates.map((path) => `duplicate field "${path}"`));
}

/** Reads a YAML body (one document) as `type`. */
export function decodeYaml(bytes: Uint8Array, type: string, mode: FieldValidation): Result<Decoded, ApiError> {
  const text = decodeUtf8(bytes);
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: false, merge: true, lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line } = lines.linePos(problem.pos[0]);
    const [what] = problem.message.split(' at line ');
    return err(unrecognized(`yaml: line ${line}: ${what}`, text, type));
  }
  return decodeValue(document.toJS({ maxAliasCount: aliasesMax }), type, mode, text, repeatedKeys(document, lines));
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
  text: string,
  repeated: readonly string[],
): Result<Decoded, ApiError> {
  if (value !== null && value !== undefined && !isMap(value)) {
    const sentence =
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ` +
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    return err(unrecognized(sentence, text, type));
  }
  const source = isMap(value) ? value : {};
  for (const field of ['apiVersion', 'kind'] as const) {
    const item = source[field];
    if (item === undefined || item === null || typeof item === 'string') continue;
    const sentence =
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(item)} into Go struct field ` +
      `.${field} of type string`;
    return err(unrecognized(sentence, text, type));
  }
  const wanted = kindOfType(type);
  const apiVersion = textOr(source['apiVersion'], wanted.apiVersion);
  const kind = textOr(source['kind'], wanted.kind);
  const isOptions = type.startsWith('meta/');
  if (kind !== wanted.kind || (apiVersion !== wanted.apiVersion && !isOptions)) {
    const known = isKnownType(`${apiVersion}.${kind}`);
    const sentence = known
      ? `converting (v1.${kind}) to (${internalGroupOf(wanted.apiVersion)}.${wanted.kind}): unknown conversion`
      : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
    return err(cannotBeHandled(sentence, kind, known ? versionOf(apiVersion) : versionOf(wanted.apiVersion), wanted.kind));
  }
  const canonical = canonicalize({ ...source, kind, apiVersion }, type);
  if (!canonical.ok) return err(cannotBeHandled(canonical.error, wanted.kind, versionOf(wanted.apiVersion), wanted.kind));
  const complaints = [...repeated, ...canonical.value.unknownFields.map((path) => `unknown field "${path}"`)];
  if (mode === 'Strict' && complaints.length > 0) {
    const sentence = `strict decoding error: ${complaints.join(', ')}`;
    return err(cannotBeHandled(sentence, wanted.kind, versionOf(wanted.apiVersion), wanted.kind));
  }
  return ok({ object: canonical.value.value, warnings: mode === 'Warn' ? complaints : [] });
}

function cannotBeHandled(why: string, kind: string, version: string, wanted: string): ApiError {
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${wanted}: ${why}`);
}

/** Options are read without the sentence about objects around the problem. */
function unrecognized(why: string, text: string, type: string): ApiError {
  if (type.startsWith('meta/')) return badRequest(why);
  const { kind } = kindOfType(type);
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summaryOf(text)})`);
}

/** The first 30 bytes, in hex unless they look like JSON. */
function summaryOf(text: string): string {
  const lengthMax = 30;
  if (text === '') return '<empty>';
  const start = text.slice(0, lengthMax);
  const shown = text.startsWith('{')
    ? start
    : [...start].map((character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return text.length > lengthMax ? `${shown} ...` : shown;
}

/** 'v1.Pod' → v1, Pod; 'meta/v1.DeleteOptions' → v1, DeleteOptions. */
function kindOfType(type: string): { readonly apiVersion: string; readonly kind: string } {
  const dot = type.lastIndexOf('.');
  const apiVersion = type.slice(0, dot);
  return { apiVersion: apiVersion === 'meta/v1' ? 'v1' : apiVersion, kind: type.slice(dot + 1) };
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

function internalGroupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.search(/[./]/)) : 'core';
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
