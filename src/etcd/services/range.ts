import type { Result } from '../../base/result.ts';
import type { Message } from '../../grpc/message.ts';
import type { ServerCall } from '../../grpc/service.ts';
import { isSingleKey } from '../../mvcc/key-range.ts';
import { checkRange } from '../../mvcc/request-check.ts';
import type { MvccError, RangeRecords, RangeRuns } from '../../mvcc/types.ts';
import { fromAuthError, fromMvccError, notSupportedForLearnerError } from '../errors.ts';
import type { EtcdServer } from '../etcd-server.ts';
import type { RequestAuth } from '../request.ts';
import { decodeRangeRequest, type RangeCall } from '../wire/requests.ts';
import { encodeRangeResponse, encodeRangeRuns } from '../wire/responses.ts';
import { requireLeader } from './leader.ts';
import type { ServiceContext } from './service.ts';

/** @throws EtcdError, ProtoError when it cannot be served whatever the store holds */
export function decodeCheckedRange(member: EtcdServer, bytes: Uint8Array, call: ServerCall): RangeCall {
  const request = decodeRangeRequest(bytes);
  const refusal = checkRange(request);
  if (refusal !== undefined) throw fromMvccError(refusal);
  if (member.learner && request.serializable !== true) throw notSupportedForLearnerError();
  requireLeader(member, call);
  return request;
}

/** The answer as a RangeResponse. @throws EtcdError when the caller may not, or the revision is not there */
export function answerRange(
  { member, header }: ServiceContext,
  auth: RequestAuth | undefined,
  request: RangeCall,
): Message {
  const facts = { revision: member.store.revision, raftTerm: member.term };
  if (!isSingleKey(request)) return encodeRangeRuns(header, facts, readRuns(member, auth, request));
  checkAccess(member, auth, request);
  return encodeRangeResponse(header, facts, valueOf(member.store.rangeRecords(request)));
}

/** @throws EtcdError when the caller may not, or the revision is not there */
export function readRuns(member: EtcdServer, auth: RequestAuth | undefined, request: RangeCall): RangeRuns {
  checkAccess(member, auth, request);
  return valueOf(member.store.rangeRuns(request));
}

function checkAccess({ auth: users }: EtcdServer, auth: RequestAuth | undefined, request: RangeCall): void {
  const denied = users.checkRead(request, auth);
  if (denied !== undefined) throw fromAuthError(denied);
}

function valueOf<T extends RangeRecords | RangeRuns>(result: Result<T, MvccError>): T {
  if (!result.ok) throw fromMvccError(result.error.code);
  return result.value;
}
