import { ApiError } from '../api/status.ts';
import { DiskError, NetworkError, ProcessError } from '../platform/errors.ts';
import { RuntimeError } from './runtime/runtime.ts';

/**
 * The text of a failure that the world may cause. Anything else is a bug of ours and is thrown again, so
 * that no retry loop hides it.
 */
export function problemOf(error: unknown): string {
  if (
    error instanceof ApiError ||
    error instanceof NetworkError ||
    error instanceof DiskError ||
    error instanceof ProcessError ||
    error instanceof RuntimeError
  ) {
    return error.message;
  }
  throw error;
}
