import { must } from '../../base/assert.ts';
import type { GrpcMethod, ServerCall } from '../../grpc/service.ts';
import {
  type Event,
  type Key,
  type KeyRange,
  type KeyValue,
  type LeaseId,
  noLease,
  prefixEnd,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
  type TxnResponse,
} from '../../mvcc/types.ts';
import { EtcdError, fromAuthError, fromMvccError } from '../errors.ts';
import type { MessageType } from '../proto/message.ts';
import type { HeaderFacts } from '../wire/responses.ts';
import { type Answer, byTable, presentFacts } from './by-table.ts';
import { grantLease } from './lease.ts';
import type { ServiceContext } from './service.ts';

/** Of the lease that Lock and Campaign grant when none is given (Go's concurrency.NewSession). */
const sessionTtlSeconds = 60;

/** A key in the queue, and the revision that created it. */
export interface Place {
  readonly key: Key;
  readonly revision: number;
}

/** What was read, and at which revision. */
export interface Read {
  readonly kv: KeyValue | undefined;
  readonly facts: HeaderFacts;
}

/**
 * What Lock and Election have in common (Go's client/v3/concurrency): keys under `<name>/`, one per lease, stand in the order of
 * their creation; the first is at the head. Everybody waits for the one before them to go, so that a change wakes one.
 * All of it is reads and writes of the caller's, with the caller's permissions.
 */
export class PrefixQueue {
  readonly #context: ServiceContext;
  readonly #call: ServerCall;
  readonly #prefix: Key;

  constructor(context: ServiceContext, call: ServerCall, name: Key) {
    this.#context = context;
    this.#call = call;
    this.#prefix = `${name}/`;
  }

  /** The key of a lease in this queue: the lease in hexadecimal, as Go prints an int64. */
  keyOf(lease: LeaseId): Key {
    return this.#prefix + lease.toString(16);
  }

  /** `lease`, or a new one for the caller when that is none. */
  async session(lease: LeaseId): Promise<LeaseId> {
    if (lease !== noLease) return lease;
    const { body } = await grantLease(
      this.#context,
      { id: noLease, ttlSeconds: sessionTtlSeconds },
      this.#auth(),
    );
    return must(body?.ID) as LeaseId;
  }

  async txn(request: TxnRequest): Promise<TxnResponse & { readonly facts: HeaderFacts }> {
    const { response, revision, raftTerm } = await this.#context.member.propose(
      { type: 'txn', request },
      { auth: this.#auth() },
    );
    return { ...response, facts: { revision, raftTerm } };
  }

  /** A key, linearizably. */
  get(key: Key): Promise<Read> {
    return this.#first({ key });
  }

  /** The first in the queue. */
  head(): Promise<Read> {
    return this.#first(this.headRequest());
  }

  headRequest(): RangeRequest {
    return this.#range({ sort: { target: 'create', order: 'ascend' }, limit: 1 });
  }

  /**
   * Resolves when nobody who came before `place` is in the queue any more. Rejects when `signal` aborts. Whoever waits looks at
   * their own key again afterwards: its lease may have ended meanwhile.
   */
  async waitFor(place: Place, signal: AbortSignal): Promise<void> {
    if (place.revision <= 1) return;
    const before = this.#range({
      sort: { target: 'create', order: 'descend' },
      limit: 1,
      maxCreateRevision: place.revision - 1,
    });
    for (;;) {
      const { kv, facts } = await this.#first(before);
      if (kv === undefined) return;
      await this.until({ key: kv.key }, facts.revision, signal, ({ type }) => type === 'delete');
    }
  }

  /**
   * Resolves when `enough` said so of a change of `range` after `revision`; it is asked of each once, in order. Resolves also when
   * those changes are compacted: then whoever waits reads again. Rejects when `signal` aborts, or the member stops.
   */
  until(
    range: KeyRange,
    revision: number,
    signal: AbortSignal,
    enough: (event: Event) => boolean,
  ): Promise<void> {
    const { member } = this.#context;
    const refusal = member.auth.checkRead(range, this.#auth());
    if (refusal !== undefined) return Promise.reject(fromAuthError(refusal));
    if (signal.aborted) return Promise.reject(canceledError());
    return new Promise((resolve, reject) => {
      const watch = member.watch(
        { ...range, startRevision: revision + 1 },
        {
          created: () => {},
          events: (events) => {
            if (events.some(enough)) end(resolve);
          },
          progress: () => {},
          closed: ({ compactRevision, reason }) =>
            end(compactRevision === undefined ? () => reject(new EtcdError('unavailable', reason)) : resolve),
        },
      );
      const aborted = (): void => end(() => reject(canceledError()));
      const end = (settle: () => void): void => {
        signal.removeEventListener('abort', aborted);
        watch.cancel();
        settle();
      };
      signal.addEventListener('abort', aborted);
    });
  }

  /** The keys of all who stand in the queue. */
  range(): KeyRange {
    return { key: this.#prefix, rangeEnd: prefixEnd(this.#prefix) };
  }

  #range(request: Omit<RangeRequest, 'key' | 'rangeEnd'>): RangeRequest {
    return { ...this.range(), ...request };
  }

  async #first(request: RangeRequest): Promise<Read> {
    const { member } = this.#context;
    await member.linearizableRead();
    const refusal = member.auth.checkRead(request, this.#auth());
    if (refusal !== undefined) throw fromAuthError(refusal);
    const result = member.store.range(request);
    if (!result.ok) throw fromMvccError(result.error.code);
    return { kv: result.value.kvs[0], facts: presentFacts(member) };
  }

  #auth(): ReturnType<ServiceContext['authenticate']> {
    return this.#context.authenticate(this.#call);
  }
}

/** Whose client has gone: nobody hears it. */
function canceledError(): EtcdError {
  return new EtcdError('canceled', 'context canceled');
}

/** `key` with the lease, if nobody has created it; what stands at the head afterwards is asked for besides. */
export function enterQueue(
  key: Key,
  value: Uint8Array,
  lease: LeaseId,
  besides: readonly RequestOp[],
): TxnRequest {
  return {
    compare: [{ key, target: 'create', createRevision: 0, result: 'equal' }],
    success: [{ type: 'put', request: { key, value, lease } }, ...besides],
    failure: [{ type: 'range', request: { key } }, ...besides],
  };
}

/** The place that `enterQueue` gave, or found. */
export function placeIn(
  key: Key,
  { succeeded, responses, facts }: TxnResponse & { readonly facts: HeaderFacts },
): Place {
  if (succeeded) return { key, revision: facts.revision };
  return { key, revision: firstOf(responses[0]).createRevision };
}

export function firstOf(response: TxnResponse['responses'][number] | undefined): KeyValue {
  return must(response?.type === 'range' ? response.response.kvs[0] : undefined, 'the key is there');
}

/**
 * A method that is a client of the store, as these are in etcd: the client's errors have no status of gRPC's there, and their
 * texts come through as `unknown`.
 */
export function asClient<Q extends object, S extends object>(
  context: ServiceContext,
  request: MessageType<Q>,
  response: MessageType<S>,
  handle: (request: Q, call: ServerCall) => Promise<Answer<S>>,
): GrpcMethod {
  return byTable(context, request, response, async (asked, call) => {
    try {
      return await handle(asked, call);
    } catch (error) {
      throw error instanceof EtcdError ? new EtcdError('unknown', error.message, { cause: error }) : error;
    }
  });
}

/** Aborts when the client of a unary call has gone. */
export function signalOf(call: ServerCall): AbortSignal {
  const controller = new AbortController();
  if (call.cancelled) controller.abort();
  call.onCancelled = () => controller.abort();
  return controller.signal;
}
