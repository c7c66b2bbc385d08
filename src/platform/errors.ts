/** Failures of the environment: typed, expected at the rim, never bugs. `code` is the system's own name. */

export type DiskErrorCode =
  | 'ENOENT'
  | 'EEXIST'
  | 'EACCES'
  | 'ENOSPC'
  | 'EIO'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'ELOCKED'
  | 'EOTHER';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  readonly path: string;

  constructor(code: DiskErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

export type NetworkErrorCode =
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'EACCES'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'ETIMEDOUT'
  | 'EHOSTUNREACH'
  | 'ABORTED'
  | 'EUNTRUSTED'
  | 'EOTHER';

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: NetworkErrorCode;

  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export class ProcessError extends Error {
  override readonly name = 'ProcessError';
  readonly code: 'ENOENT' | 'EACCES' | 'EOTHER';

  constructor(code: 'ENOENT' | 'EACCES' | 'EOTHER', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
