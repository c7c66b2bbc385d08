import { err } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { badRequest } from './errors.ts';
import type { Decoded } from './schema/walker.ts';
import type { ApiError } from './status.ts';

/** Reads an `application/vnd.kubernetes.protobuf` body; its own apiVersion and kind say what it is. */
export function decodeProtobuf(_bytes: Uint8Array, _type: string): Result<Decoded, ApiError> {
  return err(badRequest('protobuf'));
}
