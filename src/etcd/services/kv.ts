import { emptyBytes } from '../../base/bytes.ts';
import type { GrpcMethods, ServerCall } from '../../grpc/service.ts';
import { decodeKey } from '../../mvcc/key-value-codec.ts';
import { checkDeleteRange, checkPut, checkRange, checkTxn, isReadOnly } from '../../mvcc/request-check.ts';
import type { RangeRecords } from '../../mvcc/types.ts';
import { takesSpace } from '../applier.ts';
import {
  emptyOpError,
  fromAuthError,
  fromMvccError,
  invalidSortError,
  noSpaceError,
  notSupportedForLearnerError,
} from '../errors.ts';
import type { Done } from '../etcd-server.ts';
import type { Applied, Request, RequestAuth } from '../request.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  type RangeCall,
} from '../wire/requests.ts';
import {
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeRangeChunk,
  encodeRangeResponse,
  encodeRangeStreamResponse,
  encodeTxnResponse,
} from '../wire/responses.ts';
import { requireLeader } from './leader.ts';
import { statusOf, unary, type ServiceContext } from './service.ts';

/** What a key and a value cost besides themselves, and what a lease costs, when the quota is looked at (etcd's quota.go). */
const putOverheadBytes = 256;
const leaseBytes = 64;
/** A range stream's first chunk has this many keys; then chunks grow and shrink towards half a request's size. */
const firstChunkKeys = 10;

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

  function read(auth: RequestAuth | undefined, request: RangeCall): RangeRecords {
    const denied = member.auth.checkRead(request, auth);
    if (denied !== undefined) throw fromAuthError(denied);
    const result = member.store.rangeRecords(request);
    if (!result.ok) throw fromMvccError(result.error.code);
    return result.value;
  }

  function checkedRange(bytes: Uint8Array, call: ServerCall): RangeCall {
    const request = decodeRangeRequest(bytes);
    const refusal = checkRange(request);
    if (refusal !== undefined) throw fromMvccError(refusal);
    if (request.invalidSort === true) throw invalidSortError();
    if (member.learner && request.serializable !== true) throw notSupportedForLearnerError();
    requireLeader(member, call);
    return request;
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
    const request = checkedRange(bytes, call);
    const auth = context.authenticate(call);
    whenReadable(call, request.serializable ?? false, () => {
      call.reply(encodeRangeResponse(header, facts(), read(auth, request)));
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
    if (request.emptyOp === true) throw emptyOpError();
    if (request.invalidSort === true) throw invalidSortError();
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
    ['/etcdserverpb.KV/RangeStream', rangeStream()],
    ['/etcdserverpb.KV/Put', put],
    ['/etcdserverpb.KV/DeleteRange', deleteRange],
    ['/etcdserverpb.KV/Txn', txn],
    ['/etcdserverpb.KV/Compact', compact],
  ]);

  /**
   * The range in chunks, all of one revision; the last message alone carries header, count and more (etcd 3.7). Chunks go out
   * as the client takes them.
   */
  function rangeStream(): ReturnType<typeof unary> {
    return {
      open(call) {
        let go = (): void => {};
        let request: RangeCall | undefined;
        const fail = (error: unknown): void => call.end(statusOf(error));
        const begin = (bytes: Uint8Array): void => {
          const asked = checkedRange(bytes, call);
          request = asked;
          const auth = context.authenticate(call);
          const start = (): void => {
            const revision = (asked.revision ?? 0) > 0 ? asked.revision! : member.store.revision;
            const sorted =
              asked.sort !== undefined && (asked.sort.target !== 'key' || asked.sort.order !== 'ascend');
            let key = asked.key;
            let left = (asked.limit ?? 0) > 0 ? asked.limit! : Infinity;
            let chunkKeys = sorted || asked.countOnly === true ? Infinity : firstChunkKeys;
            let first: RangeRecords | undefined;
            go = () => {
              for (;;) {
                const limit = Math.min(chunkKeys, left);
                const chunk = read(auth, {
                  ...asked,
                  key,
                  revision,
                  limit: limit === Infinity ? 0 : limit,
                });
                first ??= chunk;
                left -= chunk.records.length;
                const done = !chunk.more || left <= 0 || chunk.records.length === 0;
                if (done) {
                  go = () => {};
                  const more = chunk.more;
                  const { count } = first;
                  const last = encodeRangeResponse(header, facts(), { records: chunk.records, count, more });
                  call.send(encodeRangeStreamResponse(last));
                  call.end();
                  return;
                }
                const message = encodeRangeChunk(chunk.records);
                if (message.length < options.requestBytesMax / 2) chunkKeys *= 2;
                else if (message.length > options.requestBytesMax * 2) chunkKeys = Math.ceil(chunkKeys / 2);
                key = `${decodeKey(chunk.records.at(-1)!)}\0`;
                if (!call.send(encodeRangeStreamResponse(message))) return;
              }
            };
            try {
              go();
            } catch (error) {
              fail(error);
            }
          };
          if (asked.serializable === true) start();
          else member.whenReadable({ ok: start, failed: fail });
        };
        return {
          message: (bytes) => {
            try {
              if (request === undefined) begin(bytes);
            } catch (error) {
              fail(error);
            }
          },
          halfClosed: () => {
            if (request === undefined) {
              try {
                begin(emptyBytes);
              } catch (error) {
                fail(error);
              }
            }
          },
          cancelled: () => {
            go = () => {};
          },
          drained: () => {
            try {
              go();
            } catch (error) {
              fail(error);
            }
          },
        };
      },
    };
  }
}

/** etcd's quota check at the door: what would take more than there is is refused, and the alarm raised for all. */
export function checkQuota(member: ServiceContext['member'], request: Request): void {
  if (member.quotaBytes === 0) return;
  const cost = costOf(request);
  if (cost === 0 || member.dbSizeInUseBytes + cost < member.quotaBytes) return;
  // Said once and for all members; that it is raised already is no failure.
  member
    .propose({ type: 'alarm', action: 'activate', alarm: 'nospace', memberId: member.id })
    .catch((error: unknown) => void statusOf(error));
  throw noSpaceError();
}

function costOf(request: Request): number {
  switch (request.type) {
    case 'put':
      return putOverheadBytes + request.request.key.length + request.request.value.length;
    case 'lease-grant':
      return leaseBytes;
    case 'txn': {
      if (!takesSpace(request)) return 0;
      const branch = (ops: typeof request.request.success): number =>
        ops.reduce(
          (sum, op) => sum + (op.type === 'put' || op.type === 'txn' ? costOf(op as Request) : 0),
          0,
        );
      return Math.max(branch(request.request.success), branch(request.request.failure));
    }
    default:
      return 0;
  }
}
