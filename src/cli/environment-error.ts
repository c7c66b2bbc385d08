import { DataDirectoryError } from '../etcd/data-directory.ts';
import { DiskError, NetworkError, ProcessError } from '../platform/errors.ts';
import { WalError } from '../wal/errors.ts';

/**
 * Whether `error` is a refusal by the environment (a disk, a port, a damaged file): its message is a sentence for
 * whoever runs drydock. Everything else is a bug, and bugs show their stack.
 */
export function isEnvironmentError(error: unknown): error is Error {
  return [DiskError, NetworkError, ProcessError, WalError, DataDirectoryError].some(
    (kind) => error instanceof kind,
  );
}
