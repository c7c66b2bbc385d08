import { unreachable } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { MvccError } from '../mvcc/types.ts';
import type { Entry, Index } from '../raft/types.ts';
import {
  corruptError,
  fromAuthError,
  fromMembershipError,
  fromMvccError,
  noSpaceError,
  type EtcdError,
} from './errors.ts';
import type { Applied, Request, RequestAuth } from './request.ts';
import type { StateMachine } from './state-machine.ts';

/**
 * Applies one committed request to the state. Every member runs exactly this on the same requests in the
 * same order, so it may depend on nothing but its arguments: no clock, no randomness, no member's name.
 */
export function apply(
  state: StateMachine,
  request: Request,
  auth: RequestAuth | undefined,
  { index, term: raftTerm }: Pick<Entry, 'index' | 'term'>,
): Result<Applied, EtcdError> {
  const refusal = refuse(state, request, auth);
  if (refusal !== undefined) return err(refusal);
  const result = dispatch(state, request, index);
  return result.ok ? ok({ response: result.value, revision: state.store.revision, raftTerm }) : result;
}

/** What alarms and permissions have against it, now that it is its turn (etcd's corrupt, quota and auth appliers). */
function refuse(
  { alarms, auth: users, store }: StateMachine,
  request: Request,
  auth: RequestAuth | undefined,
): EtcdError | undefined {
  // The alarm itself can be disarmed.
  if (request.type === 'alarm' || isInternal(request)) return undefined;
  if (alarms.raised('corrupt') && touchesData(request)) return corruptError();
  const denied = users.checkRequest(request, auth, store);
  if (denied !== undefined) return fromAuthError(denied);
  return alarms.raised('nospace') && takesSpace(request) ? noSpaceError() : undefined;
}

/** What members say among themselves: nobody's permission is asked. */
function isInternal({ type }: Request): boolean {
  return type === 'member-attributes' || type === 'cluster-version' || type === 'lease-checkpoint';
}

/** What etcd's corrupt applier refuses; users and members can still be seen to. */
function touchesData({ type }: Request): boolean {
  switch (type) {
    case 'put':
    case 'delete-range':
    case 'txn':
    case 'compact':
    case 'lease-grant':
    case 'lease-revoke':
      return true;
    default:
      return false;
  }
}

/** Puts and grants; whoever deletes, compacts or reads makes room or needs none. */
export function takesSpace(request: Request): boolean {
  switch (request.type) {
    case 'put':
    case 'lease-grant':
      return true;
    case 'txn':
      return [...request.request.success, ...request.request.failure].some(
        (op) => op.type === 'put' || (op.type === 'txn' && takesSpace({ type: 'txn', request: op.request })),
      );
    default:
      return false;
  }
}

function dispatch(
  state: StateMachine,
  request: Request,
  index: Index,
): Result<Applied['response'], EtcdError> {
  const { store, membership, alarms, auth } = state;
  switch (request.type) {
    case 'put':
      return fromStore(store.put(request.request));
    case 'delete-range':
      return fromStore(store.deleteRange(request.request));
    case 'txn':
      return fromStore(store.txn(request.request));
    case 'compact':
      return nothing(store.compact(request.revision));
    case 'lease-grant':
      return nothing(store.leaseGrant(request.id, request.ttlSeconds));
    case 'lease-revoke':
      return nothing(store.leaseRevoke(request.id));
    case 'lease-checkpoint':
      for (const { id, remainingTtlSeconds } of request.checkpoints) {
        store.leaseCheckpoint(id, remainingTtlSeconds);
      }
      return ok(null);
    case 'alarm':
      if (request.action === 'activate') alarms.activate(request.alarm, request.memberId);
      else alarms.deactivate(request.alarm, request.memberId);
      return ok(null);
    case 'auth': {
      const result = auth.apply(request.request, index);
      return result.ok ? result : err(fromAuthError(result.error));
    }
    case 'member-attributes':
      membership.setAttributes(request.memberId, request.name, request.clientUrls);
      return ok(null);
    case 'member-update': {
      const checked = membership.checkUpdate(request.memberId, request.peerUrls);
      if (!checked.ok) return err(fromMembershipError(checked.error));
      membership.update(request.memberId, request.peerUrls);
      return ok(null);
    }
    case 'cluster-version':
      membership.setVersion(request.version);
      return ok(null);
    case 'downgrade':
      membership.setDowngrade(request.downgrade);
      return ok(null);
    default:
      return unreachable(request);
  }
}

function fromStore<T>(result: Result<T, MvccError>): Result<T, EtcdError> {
  return result.ok ? result : err(fromMvccError(result.error.code));
}

function nothing(result: Result<unknown, MvccError>): Result<null, EtcdError> {
  return result.ok ? ok(null) : err(fromMvccError(result.error.code));
}
