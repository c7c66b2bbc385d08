import { emptyBytes } from '../../base/bytes.ts';
import { byteStringOf, bytesOfByteString } from '../../base/protobuf.ts';
import type { GrpcMethods, ServerCall } from '../../grpc/service.ts';
import type { Key, LeaseId } from '../../mvcc/types.ts';
import { EtcdError, fromMvccError } from '../errors.ts';
import * as pb from '../proto/concurrency.ts';
import { asClient, enterQueue, firstOf, placeIn, PrefixQueue, signalOf } from './prefix-queue.ts';
import type { ServiceContext } from './service.ts';

/** v3lockpb.Lock: a queue of leases under the lock's name; who stands at its head has the lock until the key is gone. */
export function lockService(context: ServiceContext): GrpcMethods {
  const { member } = context;

  const lock = asClient(context, pb.LockRequest, pb.LockResponse, async ({ name, lease }, call) => {
    const queue = new PrefixQueue(context, call, byteStringOf(name));
    const session = await queue.session(lease as LeaseId);
    const key = queue.keyOf(session);
    const entered = await queue.txn(
      enterQueue(key, emptyBytes, session, [{ type: 'range', request: queue.headRequest() }]),
    );
    const place = placeIn(key, entered);
    const answer = { key: bytesOfByteString(key) };
    if (firstOf(entered.responses[1]).createRevision === place.revision) {
      return { body: answer, facts: entered.facts };
    }
    try {
      await queue.waitFor(place, signalOf(call));
    } catch (error) {
      leave(call, key);
      throw error;
    }
    // The lease may have ended while this waited, and with it the place (Jepsen's finding of 2020).
    const own = await queue.get(key);
    if (own.kv === undefined) throw new EtcdError('unknown', 'mutex: session is expired');
    return { body: answer, facts: own.facts };
  });

  const unlock = asClient(context, pb.UnlockRequest, pb.UnlockResponse, async ({ key }, call) => {
    if (key.length === 0) throw fromMvccError('key-not-provided');
    return { facts: await remove(call, byteStringOf(key)) };
  });

  function remove(call: ServerCall, key: Key): ReturnType<typeof member.propose> {
    return member.propose({ type: 'delete-range', request: { key } }, { auth: context.authenticate(call) });
  }

  /** Whoever waited in vain does not stay in the queue; if this fails the lease's end does it. */
  function leave(call: ServerCall, key: Key): void {
    const ignore = (): void => {};
    try {
      remove(call, key).then(ignore, ignore);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  return new Map([
    ['/v3lockpb.Lock/Lock', lock],
    ['/v3lockpb.Lock/Unlock', unlock],
  ]);
}
