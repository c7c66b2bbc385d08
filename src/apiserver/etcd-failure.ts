import {
  internal,
  requestEntityTooLarge,
  serviceUnavailable,
  timeout,
  tooManyRequests,
} from '../api/errors.ts';
import type { ApiError } from '../api/status.ts';
import type { EtcdError } from '../etcd/errors.ts';

/** etcd's own limit on a request, which an object may reach before the body limit does. */
const requestBytesMax = 1_572_864;

export function isCompacted(error: EtcdError): boolean {
  return error.code === 'out-of-range' && error.message.includes('compacted');
}

export function isFutureRevision(error: EtcdError): boolean {
  return error.code === 'out-of-range' && error.message.includes('future');
}

/**
 * What a client hears when the store fails. A write that may have happened is a Timeout: its outcome is
 * unknown and must be read. A read that failed simply was not served.
 */
export function fromEtcdError(error: EtcdError, isWrite: boolean): ApiError {
  if (error.outcomeUnknown) {
    return isWrite ? timeout(error.message, 1) : serviceUnavailable(error.message);
  }
  if (error.message === 'etcdserver: too many requests') return tooManyRequests(error.message, 1);
  if (error.message.includes('request is too large')) return requestEntityTooLarge(requestBytesMax);
  return internal(error.message);
}
