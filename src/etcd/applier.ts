import { unreachable } from '../base/assert.ts';
import { ok, type Result } from '../base/result.ts';
import type { Store } from '../mvcc/store.ts';
import type { MvccError } from '../mvcc/types.ts';
import type { Applied, Request } from './request.ts';

/**
 * Applies one committed request to the store. Every member runs exactly this on the same requests in the
 * same order, so it may depend on nothing but its arguments: no clock, no randomness, no member's name.
 */
export function apply(store: Store, request: Request): Result<Applied, MvccError> {
  const result = dispatch(store, request);
  return result.ok ? ok({ response: result.value, revision: store.revision }) : result;
}

function dispatch(store: Store, request: Request): Result<Applied['response'], MvccError> {
  switch (request.type) {
    case 'put':
      return store.put(request.request);
    case 'delete-range':
      return store.deleteRange(request.request);
    case 'txn':
      return store.txn(request.request);
    case 'compact':
      return nothing(store.compact(request.revision));
    case 'lease-grant':
      return nothing(store.leaseGrant(request.id, request.ttlSeconds));
    case 'lease-revoke':
      return nothing(store.leaseRevoke(request.id));
    default:
      return unreachable(request);
  }
}

function nothing(result: Result<unknown, MvccError>): Result<null, MvccError> {
  return result.ok ? ok(null) : result;
}
