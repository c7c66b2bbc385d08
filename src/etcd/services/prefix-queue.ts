import { must } from '../../base/assert.ts';
import type { ServerCall } from '../../grpc/service.ts';
import {
  type Event,
  type Key,
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
import type { HeaderFacts } from '../wire/responses.ts';
import { presentFacts } from './by-table.ts';
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
      const { kv } = await this.#first(before);
      if (kv === undefined) return;
      await this.#deleted(kv.key, signal);
    }
  }

  /**
   * Tells of each change of `range` after this call. Returns what ends it; `closed` is called when something else did.
   */
  watch(
    range: { readonly key: Key; readonly rangeEnd?: Key },
    changed: (events: readonly Event[]) => void,
    closed: (error: EtcdError) => void,
  ): () => void {
    const { member } = this.#context;
    const refusal = member.auth.checkRead(range, this.#auth());
    if (refusal !== undefined) throw fromAuthError(refusal);
    const watch = member.watch(
      { ...range, startRevision: member.store.revision + 1 },
      {
        created: () => {},
        events: changed,
        progress: () => {},
        closed: ({ reason }) => closed(new EtcdError('unavailable', reason)),
      },
    );
    return () => watch.cancel();
  }

  /** The keys of all who stand in the queue. */
  range(): { readonly key: Key; readonly rangeEnd: Key } {
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

  /** Resolves when `key`, which was there just now, is deleted. */
  #deleted(key: Key, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(canceledError());
        return;
      }
      const end = (settle: () => void): void => {
        stop();
        signal.removeEventListener('abort', aborted);
        settle();
      };
      const aborted = (): void => end(() => reject(canceledError()));
      const stop = this.watch(
        { key },
        (events) => {
          if (events.some(({ type }) => type === 'delete')) end(resolve);
        },
        (error) => end(() => reject(error)),
      );
      signal.addEventListener('abort', aborted);
      // Between the read and the watch nothing is applied unless the read's promise let it: then the key is gone already.
      if (!this.#exists(key)) end(resolve);
    });
  }

  #exists(key: Key): boolean {
    const result = this.#context.member.store.range({ key, countOnly: true });
    return result.ok && result.value.count > 0;
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
 * These services are clients of the store in etcd, and a client's errors have no status of gRPC's: their texts come through as
 * `unknown`.
 */
export function asUnknown(error: unknown): unknown {
  return error instanceof EtcdError ? new EtcdError('unknown', error.message, { cause: error }) : error;
}

/** Aborts when the client of a unary call has gone. */
export function signalOf(call: ServerCall): AbortSignal {
  const controller = new AbortController();
  if (call.cancelled) controller.abort();
  call.onCancelled = () => controller.abort();
  return controller.signal;
}
