import type { MvccErrorCode } from '../mvcc/types.ts';

/** gRPC status codes that etcd uses. */
export type GrpcCode =
  | 'canceled'
  | 'unknown'
  | 'invalid-argument'
  | 'deadline-exceeded'
  | 'not-found'
  | 'resource-exhausted'
  | 'failed-precondition'
  | 'out-of-range'
  | 'unavailable';

/** A refused or failed etcd call. `message` is etcd's sentence: clients match on it. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether the request may nevertheless have taken effect. */
  get outcomeUnknown(): boolean {
    return this.code === 'unavailable' || this.code === 'deadline-exceeded' || this.code === 'unknown';
  }
}

const mvccErrors: Record<MvccErrorCode, readonly [GrpcCode, string]> = {
  'key-not-provided': ['invalid-argument', 'etcdserver: key is not provided'],
  'key-not-found': ['invalid-argument', 'etcdserver: key not found'],
  'value-provided': ['invalid-argument', 'etcdserver: value is provided'],
  'lease-provided': ['invalid-argument', 'etcdserver: lease is provided'],
  'too-many-ops': ['invalid-argument', 'etcdserver: too many operations in txn request'],
  'duplicate-key': ['invalid-argument', 'etcdserver: duplicate key given in txn request'],
  compacted: ['out-of-range', 'etcdserver: mvcc: required revision has been compacted'],
  'future-revision': ['out-of-range', 'etcdserver: mvcc: required revision is a future revision'],
  'lease-not-found': ['not-found', 'etcdserver: requested lease not found'],
  'lease-exists': ['failed-precondition', 'etcdserver: lease already exists'],
  'lease-ttl-too-large': ['out-of-range', 'etcdserver: too large lease TTL'],
};

/** The store's refusal as etcd would send it. */
export function fromMvccError(code: MvccErrorCode): EtcdError {
  const [grpcCode, message] = mvccErrors[code];
  return new EtcdError(grpcCode, message);
}

export const noLeaderError = (): EtcdError => new EtcdError('unavailable', 'etcdserver: no leader');
export const leaderChangedError = (): EtcdError => new EtcdError('unavailable', 'etcdserver: leader changed');
export const stoppedError = (): EtcdError => new EtcdError('unavailable', 'etcdserver: server stopped');
export const timeoutError = (): EtcdError => new EtcdError('unavailable', 'etcdserver: request timed out');
export const tooManyRequestsError = (): EtcdError =>
  new EtcdError('resource-exhausted', 'etcdserver: too many requests');
export const requestTooLargeError = (): EtcdError =>
  new EtcdError('invalid-argument', 'etcdserver: request is too large');
