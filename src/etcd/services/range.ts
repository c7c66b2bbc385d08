import type { ServerCall } from '../../grpc/service.ts';
import { checkRange } from '../../mvcc/request-check.ts';
import type { RangeRecords } from '../../mvcc/types.ts';
import { fromAuthError, fromMvccError, notSupportedForLearnerError } from '../errors.ts';
import type { EtcdServer } from '../etcd-server.ts';
import type { RequestAuth } from '../request.ts';
import { decodeRangeRequest, type RangeCall } from '../wire/requests.ts';
import { requireLeader } from './leader.ts';

/** @throws EtcdError, ProtoError when it cannot be served whatever the store holds */
export function decodeCheckedRange(member: EtcdServer, bytes: Uint8Array, call: ServerCall): RangeCall {
  const request = decodeRangeRequest(bytes);
  const refusal = checkRange(request);
  if (refusal !== undefined) throw fromMvccError(refusal);
  if (member.learner && request.serializable !== true) throw notSupportedForLearnerError();
  requireLeader(member, call);
  return request;
}

/** @throws EtcdError when the caller may not, or the revision is not there */
export function readRange(
  { auth: users, store }: EtcdServer,
  auth: RequestAuth | undefined,
  request: RangeCall,
): RangeRecords {
  const denied = users.checkRead(request, auth);
  if (denied !== undefined) throw fromAuthError(denied);
  const result = store.rangeRecords(request);
  if (!result.ok) throw fromMvccError(result.error.code);
  return result.value;
}
