import { LineCounter, parseAllDocuments } from 'yaml';

import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { ApiObject, NewObject } from './types.ts';

/** No file of manifests has more; a bound against YAML that expands. */
const documentsMax = 10_000;
const aliasesMax = 100;

/**
 * The objects in a file of YAML documents or JSON, Lists taken apart, in file order.
 * The error is one sentence that names the file, the line and what to do.
 */
export function parseManifests(text: string, file: string): Result<NewObject<ApiObject>[], string> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if (!Array.isArray(documents)) return ok([]);
  if (documents.length > documentsMax) {
    return err(`${file}: holds more than ${documentsMax} documents; split it into several files`);
  }
  const objects: NewObject<ApiObject>[] = [];
  for (const document of documents) {
    const [problem] = document.errors;
    if (problem !== undefined) {
      const { line } = lines.linePos(problem.pos[0]);
      const [what] = problem.message.split('\n');
      return err(
        `${file}:${line}: not valid YAML (${what?.replace(/ at line .*$/, '')}); fix the syntax there`,
      );
    }
    const value: unknown = document.toJS({ maxAliasCount: aliasesMax });
    if (value === null || value === undefined) continue;
    const { line } = lines.linePos(document.contents?.range?.[0] ?? document.range[0]);
    const found = objectsOf(value, `${file}:${line}`);
    if (!found.ok) return found;
    objects.push(...found.value);
  }
  return ok(objects);
}

function objectsOf(value: unknown, place: string): Result<NewObject<ApiObject>[], string> {
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
    const objects: NewObject<ApiObject>[] = [];
    for (const [index, item] of value['items'].entries()) {
      const found = objectsOf(item, `${place} (item ${index + 1})`);
      if (!found.ok) return found;
      objects.push(...found.value);
    }
    return ok(objects);
  }
  const metadata = value['metadata'];
  if (!isMap(metadata) || (!isName(metadata['name']) && !isName(metadata['generateName']))) {
    return err(`${place}: the ${kind} has no metadata.name; add one, such as \`metadata: { name: web }\``);
  }
  return ok([value as unknown as NewObject<ApiObject>]);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
