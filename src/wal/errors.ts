/**
 * `missing`: no log where one is opened. `exists`: one is there already where a new one is made.
 * `damaged`: acknowledged records cannot be read back. `broken`: a write or sync failed; the log takes
 * nothing more until it is opened again.
 */
export type WalErrorCode = 'missing' | 'exists' | 'damaged' | 'broken';

/** The log, or a snapshot file, cannot be used. The message says where and what to do. */
export class WalError extends Error {
  override readonly name = 'WalError';
  readonly code: WalErrorCode;
  /** The file or folder it is about. */
  readonly path: string;

  constructor(code: WalErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
