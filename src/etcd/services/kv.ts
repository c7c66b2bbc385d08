import type { GrpcMethods, ServerCall } from '../../grpc/service.ts';
import { checkDeleteRange, checkPut, checkTxn, isReadOnly } from '../../mvcc/request-check.ts';
import { fromAuthError, fromMvccError, notSupportedForLearnerError } from '../errors.ts';
import type { Done } from '../etcd-server.ts';
import type { Applied, Request } from '../request.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeTxnRequest,
  type RangeCall,
} from '../wire/requests.ts';
import { encodeDeleteRangeResponse, encodePutResponse, encodeTxnResponse } from '../wire/responses.ts';
import { requireLeader } from './leader.ts';
import { checkQuota } from './quota.ts';
import { RangeStream } from './range-stream.ts';
import { answerRange, decodeCheckedRange } from './range.ts';
import { statusOf, unary, type ServiceContext } from './service.ts';

/** etcdserverpb.KV */
export function kvService(context: ServiceContext): GrpcMethods {
  const { member, header, options } = context;
  const facts = (): { revision: number; raftTerm: number } => ({
    revision: member.store.revision,
    raftTerm: member.term,
  });

  /** Runs `then` when a linearizable read may be served, at once when none is asked for. */
  function whenReadable(call: ServerCall, serializable: boolean, then: () => void): void {
    const run = (): void => {
      try {
        then();
      } catch (error) {
        call.fail(statusOf(error));
      }
    };
    if (serializable) run();
    else member.whenReadable({ ok: run, failed: (error) => call.fail(statusOf(error)) });
  }

  /** Puts a write into the log and answers with what `encode` makes of it. */
  function write<R extends Request>(
    call: ServerCall,
    request: R,
    encoded: Uint8Array,
    encode: (applied: Applied<R>) => Uint8Array,
  ): void {
    if (member.learner) throw notSupportedForLearnerError();
    requireLeader(member, call);
    const auth = context.authenticate(call);
    checkQuota(member, request);
    member.submit(request, { auth, encoded }, {
      ok: (applied) => call.reply(encode(applied)),
      failed: (error) => call.fail(statusOf(error)),
    } satisfies Done<Applied<R>>);
  }

  const put = unary((bytes, call) => {
    const request = decodePutRequest(bytes);
    const refusal = checkPut(request);
    if (refusal !== undefined) throw fromMvccError(refusal);
    write(call, { type: 'put', request }, bytes, ({ response, revision, raftTerm }) =>
      encodePutResponse(header, { revision, raftTerm }, response),
    );
  });

  const range = unary((bytes, call) => {
    const request = decodeCheckedRange(member, bytes, call);
    const auth = context.authenticate(call);
    whenReadable(call, request.serializable ?? false, () => {
      call.reply(answerRange(context, auth, request));
    });
  });

  const deleteRange = unary((bytes, call) => {
    const request = decodeDeleteRangeRequest(bytes);
    const refusal = checkDeleteRange(request);
    if (refusal !== undefined) throw fromMvccError(refusal);
    write(call, { type: 'delete-range', request }, bytes, ({ response, revision, raftTerm }) =>
      encodeDeleteRangeResponse(header, { revision, raftTerm }, response),
    );
  });

  const txn = unary((bytes, call) => {
    const request = decodeTxnRequest(bytes);
    const refusal = checkTxn(request, options.txnOpsMax);
    if (refusal !== undefined) throw fromMvccError(refusal);
    if (!isReadOnly(request)) {
      write(call, { type: 'txn', request }, bytes, ({ response, revision, raftTerm }) =>
        encodeTxnResponse(header, { revision, raftTerm }, response),
      );
      return;
    }
    if (member.learner) throw notSupportedForLearnerError();
    requireLeader(member, call);
    const auth = context.authenticate(call);
    const serializable = [...request.success, ...request.failure].every(
      (op) => op.type === 'range' && (op.request as RangeCall).serializable === true,
    );
    whenReadable(call, serializable, () => {
      const denied = member.auth.checkRequest({ type: 'txn', request }, auth, member.store);
      if (denied !== undefined) throw fromAuthError(denied);
      // Without a write, applying changes nothing: a read-only txn runs on this member's store alone.
      const result = member.store.txn(request);
      if (!result.ok) throw fromMvccError(result.error.code);
      call.reply(encodeTxnResponse(header, facts(), result.value));
    });
  });

  const compact = unary((bytes, call) => {
    const { revision, physical } = decodeCompactionRequest(bytes);
    if (member.learner) throw notSupportedForLearnerError();
    requireLeader(member, call);
    const auth = context.authenticate(call);
    const denied = member.auth.checkAdmin(auth);
    if (denied !== undefined) throw fromAuthError(denied);
    member.submit(
      { type: 'compact', revision },
      { auth },
      {
        ok: ({ revision: applied, raftTerm }) => {
          const answer = (): void => call.reply(header.alone(applied, raftTerm));
          if (physical) void member.compacted().then(answer);
          else answer();
        },
        failed: (error) => call.fail(statusOf(error)),
      },
    );
  });

  return new Map([
    ['/etcdserverpb.KV/Range', range],
    ['/etcdserverpb.KV/RangeStream', { open: (call: ServerCall) => new RangeStream(context, call) }],
    ['/etcdserverpb.KV/Put', put],
    ['/etcdserverpb.KV/DeleteRange', deleteRange],
    ['/etcdserverpb.KV/Txn', txn],
    ['/etcdserverpb.KV/Compact', compact],
  ]);
}
