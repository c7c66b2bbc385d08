import { LineCounter, parseAllDocuments } from 'yaml';

import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { ApiObject, NewObject } from './types.ts';
import { lineOf, toPlain, yamlSentence, type YamlPath } from './yaml-places.ts';

/** No file of manifests has more; a bound against YAML that expands. */
const documentsMax = 10_000;
/** What is wrong with an object, and where in it. */
export interface ManifestMistake {
  readonly path: YamlPath;
  readonly sentence: string;
}

/**
 * The objects in a file of YAML documents or JSON, Lists taken apart, in file order. `check` may find fault with each.
 * The error is one sentence that names the file, the line and what to do.
 */
export function parseManifests(
  text: string,
  file: string,
  check: (object: NewObject<ApiObject>) => ManifestMistake | undefined = () => undefined,
): Result<NewObject<ApiObject>[], string> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'error' });
  if (!Array.isArray(documents)) return ok([]);
  if (documents.length > documentsMax) {
    return err(`${file}: holds more than ${documentsMax} documents; split it into several files`);
  }
  const objects: NewObject<ApiObject>[] = [];
  for (const document of documents) {
    const [problem] = document.errors;
    if (problem !== undefined) {
      return err(`${file}:${lines.linePos(problem.pos[0]).line}: ${yamlSentence(problem)}`);
    }
    const lineAt = (path: YamlPath): number => lineOf(document, lines, path);
    const value = toPlain(document);
    if (!value.ok) return err(`${file}:${lines.linePos(value.error.offset).line}: ${value.error.sentence}`);
    if (value.value === null || value.value === undefined) continue;
    const found = manifestsIn(value.value, `${file}:${lineAt([])}`);
    if (!found.ok) return found;
    for (const { object, path } of found.value) {
      const mistake = check(object);
      if (mistake !== undefined) {
        return err(`${file}:${lineAt([...path, ...mistake.path])}: ${mistake.sentence}`);
      }
      objects.push(object);
    }
  }
  return ok(objects);
}

/** An object and where in its document it is. */
export interface Manifest {
  readonly object: NewObject<ApiObject>;
  readonly path: YamlPath;
}

/** The objects that a value is or, as a List, has. The error is one sentence; `place` says where the value is. */
export function manifestsIn(value: unknown, place: string, path: YamlPath = []): Result<Manifest[], string> {
  if (!isMap(value)) {
    return err(
      `${place}: expected an object with apiVersion, kind and metadata; remove this document or complete it`,
    );
  }
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof value[field] !== 'string' || value[field] === '') {
      const example = field === 'apiVersion' ? '`apiVersion: v1`' : '`kind: Pod`';
      return err(`${place}: the object has no ${field}; add one, such as ${example}`);
    }
  }
  const kind = String(value['kind']);
  if (kind.endsWith('List') && Array.isArray(value['items'])) {
    const manifests: Manifest[] = [];
    for (const [index, item] of value['items'].entries()) {
      const found = manifestsIn(item, `${place} (item ${index + 1})`, [...path, 'items', index]);
      if (!found.ok) return found;
      manifests.push(...found.value);
    }
    return ok(manifests);
  }
  const metadata = value['metadata'];
  const name = isMap(metadata) ? metadata['name'] : undefined;
  if (typeof name === 'number' || typeof name === 'boolean') {
    return err(`${place}: the ${kind}'s metadata.name is ${name}; put it in quotes, since a name is text`);
  }
  if (!isMap(metadata) || (!isName(metadata['name']) && !isName(metadata['generateName']))) {
    return err(`${place}: the ${kind} has no metadata.name; add one, such as \`metadata: { name: web }\``);
  }
  return ok([{ object: value as unknown as NewObject<ApiObject>, path }]);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
