import { isSingleKey } from '../key-range.ts';
import {
  type DeleteRangeRequest,
  type Key,
  type KeyRange,
  type LeaseId,
  noLease,
  type PutRequest,
  type RequestOp,
  type TxnRequest,
} from '../types.ts';
import type { AuthRequest } from './auth-request.ts';
import type { AuthErrorCode } from './auth-types.ts';

/** What one user may do, as of now. Each question is answered with the refusal, or undefined. */
export interface Permissions {
  read(range: KeyRange): AuthErrorCode | undefined;
  write(range: KeyRange): AuthErrorCode | undefined;
  /** Whether the user has the root role. */
  admin(): AuthErrorCode | undefined;
}

/** Which keys hang on a lease; undefined if there is no such lease. */
export interface LeaseKeys {
  leaseKeys(id: LeaseId): readonly Key[] | undefined;
}

/**
 * What the log carries, as far as permissions go. Requests of the last line were judged where they came in, or are what
 * members say among themselves.
 */
export type GuardedRequest =
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'delete-range'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }
  | { readonly type: 'lease-revoke'; readonly id: LeaseId }
  | { readonly type: 'compact' | 'lease-grant' }
  | { readonly type: 'auth'; readonly request: AuthRequest }
  | {
      readonly type:
        | 'alarm'
        | 'cluster-version'
        | 'downgrade'
        | 'lease-checkpoint'
        | 'member-attributes'
        | 'member-update';
    };

/** etcd's auth applier (server/etcdserver/apply/apply_auth.go), with the gaps closed that 3.5.28 to 3.7.1 closed. */
export function checkPermissions(
  request: GuardedRequest,
  may: Permissions,
  leases: LeaseKeys,
): AuthErrorCode | undefined {
  switch (request.type) {
    case 'put':
      return checkPut(request.request, may, leases);
    case 'delete-range':
      return checkDeleteRange(request.request, may);
    case 'txn':
      return checkTxn(request.request, may, leases);
    case 'lease-revoke':
      return checkLease(request.id, may, leases);
    case 'auth':
      // Who authenticates is nobody yet.
      return request.request.type === 'authenticate' ? undefined : may.admin();
    default:
      return undefined;
  }
}

/** Reads and writes of all its operations, on either branch: both are asked before one is chosen. */
export function checkTxn(txn: TxnRequest, may: Permissions, leases: LeaseKeys): AuthErrorCode | undefined {
  for (const compare of txn.compare) {
    const refusal = may.read(compare);
    if (refusal !== undefined) return refusal;
  }
  for (const op of [...txn.success, ...txn.failure]) {
    const refusal = checkOp(op, may, leases);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Whoever may not write all the keys of a lease may not end it, nor bind more keys to its end. */
export function checkLease(id: LeaseId, may: Permissions, leases: LeaseKeys): AuthErrorCode | undefined {
  const keys = id === noLease ? undefined : leases.leaseKeys(id);
  if (keys === undefined || may.admin() === undefined) return undefined;
  for (const key of keys) {
    const refusal = may.write({ key });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkOp(op: RequestOp, may: Permissions, leases: LeaseKeys): AuthErrorCode | undefined {
  switch (op.type) {
    case 'range':
      return may.read(op.request);
    case 'put':
      return checkPut(op.request, may, leases);
    case 'delete-range':
      return checkDeleteRange(op.request, may);
    case 'txn':
      return checkTxn(op.request, may, leases);
  }
}

function checkPut(request: PutRequest, may: Permissions, leases: LeaseKeys): AuthErrorCode | undefined {
  return (
    may.write({ key: request.key }) ??
    checkLease(request.lease ?? noLease, may, leases) ??
    (request.prevKv === true ? may.read({ key: request.key }) : undefined)
  );
}

function checkDeleteRange(request: DeleteRangeRequest, may: Permissions): AuthErrorCode | undefined {
  const range = isSingleKey(request) ? { key: request.key } : request;
  return may.write(range) ?? (request.prevKv === true ? may.read(range) : undefined);
}
