import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import {
  badRequest,
  invalidPatch,
  rejectedPatch,
  requestEntityTooLargeBecause,
  unclassified,
} from './errors.ts';
import { isMap } from './json.ts';
import { applyOperation } from './json-patch.ts';
import type { ApiError } from './status.ts';
import { goText, strategicMerge } from './strategic-merge-patch.ts';

/** The three patches of the API. None changes its arguments; errors are the API's answers. */

/** More operations in one patch are an attack. */
const operationsMax = 10_000;

/** RFC 7386: maps merge, null deletes, everything else replaces. */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result = new Map<string, unknown>(isMap(original) ? Object.entries(original) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, applyMergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** RFC 6902. */
export function applyJsonPatch(original: unknown, patch: unknown): Result<unknown, ApiError> {
  if (!Array.isArray(patch)) {
    return err(badRequest('error decoding patch: a JSON patch is a list of operations'));
  }
  if (patch.length > operationsMax) {
    const why = `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`;
    return err(requestEntityTooLargeBecause(why));
  }
  let document = original;
  for (const operation of patch as readonly unknown[]) {
    const next = isMap(operation) ? applyOperation(document, operation) : undefined;
    if (next === undefined) return err(rejectedPatch());
    document = next.value;
  }
  return ok(document);
}

/** Kubernetes' strategic merge patch; `type` is a schema type: 'v1.Pod'. */
export function applyStrategicMergePatch(
  original: unknown,
  patch: unknown,
  type: string,
): Result<unknown, ApiError> {
  if (!isMap(patch) || !isMap(original)) {
    return err(invalidPatch(goText(patch), 'a strategic merge patch is a map'));
  }
  const merged = strategicMerge(original, patch, type);
  return merged.ok ? merged : err(unclassified(merged.error));
}
