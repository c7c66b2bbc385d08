import type { AuthErrorCode } from '../mvcc/auth/auth-types.ts';
import type { MvccErrorCode } from '../mvcc/types.ts';
import type { MembershipError } from './membership.ts';

/** gRPC's status codes by number (grpc.io, "Status codes"). */
export const grpcCodes = [
  'ok',
  'canceled',
  'unknown',
  'invalid-argument',
  'deadline-exceeded',
  'not-found',
  'already-exists',
  'permission-denied',
  'resource-exhausted',
  'failed-precondition',
  'aborted',
  'out-of-range',
  'unimplemented',
  'internal',
  'unavailable',
  'data-loss',
  'unauthenticated',
] as const;

export type GrpcCode = Exclude<(typeof grpcCodes)[number], 'ok'>;

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
  'invalid-sort': ['invalid-argument', 'etcdserver: invalid sort option'],
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
  return new EtcdError(...mvccErrors[code]);
}

const membershipErrors: Record<MembershipError, readonly [GrpcCode, string]> = {
  'member-exists': ['failed-precondition', 'etcdserver: member ID already exist'],
  'peer-url-exists': ['failed-precondition', 'etcdserver: Peer URLs already exists'],
  'member-not-found': ['not-found', 'etcdserver: member not found'],
  // etcd says the same of one that was removed.
  'member-removed': ['not-found', 'etcdserver: member not found'],
  'not-a-learner': ['failed-precondition', 'etcdserver: can only promote a learner member'],
  'too-many-learners': ['failed-precondition', 'etcdserver: too many learner members in cluster'],
};

export function fromMembershipError(error: MembershipError): EtcdError {
  return new EtcdError(...membershipErrors[error]);
}

const authErrors: Record<AuthErrorCode, readonly [GrpcCode, string]> = {
  'root-user-not-found': ['failed-precondition', 'etcdserver: root user does not exist'],
  'root-role-not-granted': ['failed-precondition', 'etcdserver: root user does not have root role'],
  'user-exists': ['failed-precondition', 'etcdserver: user name already exists'],
  'user-name-empty': ['invalid-argument', 'etcdserver: user name is empty'],
  'user-not-found': ['failed-precondition', 'etcdserver: user name not found'],
  'role-exists': ['failed-precondition', 'etcdserver: role name already exists'],
  'role-name-empty': ['invalid-argument', 'etcdserver: role name is empty'],
  'role-not-found': ['failed-precondition', 'etcdserver: role name not found'],
  'role-not-granted': ['failed-precondition', 'etcdserver: role is not granted to the user'],
  'permission-not-given': ['invalid-argument', 'etcdserver: permission not given'],
  'permission-not-granted': ['failed-precondition', 'etcdserver: permission is not granted to the role'],
  'permission-denied': ['permission-denied', 'etcdserver: permission denied'],
  'authentication-failed': [
    'invalid-argument',
    'etcdserver: authentication failed, invalid user ID or password',
  ],
  // etcd has no wire error for it, so its inner sentence comes through.
  'password-for-no-password-user': [
    'unknown',
    'auth: authentication failed, password was given for no password user',
  ],
  'auth-not-enabled': ['failed-precondition', 'etcdserver: authentication is not enabled'],
  'auth-revision-old': ['invalid-argument', 'etcdserver: revision of auth store is old'],
  'auth-token-invalid': ['unauthenticated', 'etcdserver: invalid auth token'],
  'auth-management-invalid': ['invalid-argument', 'etcdserver: invalid auth management'],
};

export function fromAuthError(code: AuthErrorCode): EtcdError {
  return new EtcdError(...authErrors[code]);
}

/** One function per sentence: an error carries where it was made. */
const make = (code: GrpcCode, message: string) => (): EtcdError => new EtcdError(code, message);

export const noLeaderError = make('unavailable', 'etcdserver: no leader');
export const leaderChangedError = make('unavailable', 'etcdserver: leader changed');
export const stoppedError = make('unavailable', 'etcdserver: server stopped');
export const timeoutError = make('unavailable', 'etcdserver: request timed out');
export const unhealthyError = make('unavailable', 'etcdserver: unhealthy cluster');
/** Without a status of gRPC's in etcd 3.5 and 3.6, hence unknown on the wire. */
export const tooManyRequestsError = make('unknown', 'etcdserver: too many requests');
export const notEnoughStartedMembersError = make(
  'unknown',
  'etcdserver: re-configuration failed due to not enough started members',
);
/** Without a status as well. */
export const leaderTransferTimeoutError = make(
  'unknown',
  'etcdserver: request timed out, leader transfer took too long',
);
export const requestTooLargeError = make('invalid-argument', 'etcdserver: request is too large');
export const badMemberUrlsError = make('invalid-argument', 'etcdserver: given member URLs are invalid');
export const learnerNotReadyError = make(
  'failed-precondition',
  'etcdserver: can only promote a learner member which is in sync with leader',
);
export const notSupportedForLearnerError = make(
  'failed-precondition',
  'etcdserver: rpc not supported for learner',
);
export const notLeaderError = make('failed-precondition', 'etcdserver: not leader');
export const badTransfereeError = make('failed-precondition', 'etcdserver: bad leader transferee');
export const noSpaceError = make('resource-exhausted', 'etcdserver: mvcc: database space exceeded');
export const corruptError = make('data-loss', 'etcdserver: corrupt cluster');
export const clusterVersionUnavailableError = make(
  'failed-precondition',
  'etcdserver: cluster version not found during downgrade',
);
export const badDowngradeVersionFormatError = make(
  'invalid-argument',
  'etcdserver: wrong downgrade target version format',
);
export const badDowngradeVersionError = make(
  'invalid-argument',
  'etcdserver: invalid downgrade target version',
);
export const downgradeInProgressError = make(
  'failed-precondition',
  'etcdserver: cluster has a downgrade job in progress',
);
export const noDowngradeError = make('failed-precondition', 'etcdserver: no inflight downgrade job');
