/** Operations of the key-value workload, as a client sees them. Values of puts are unique in a run. */
export type KvOperation =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  /** Puts `to` if the key holds `from`; `undefined`: if there is no such key. */
  | { readonly type: 'cas'; readonly key: string; readonly from: string | undefined; readonly to: string }
  | { readonly type: 'delete'; readonly key: string };

/**
 * What came back. `unknown`: the operation may have taken effect, now or later. `refused`: it did not.
 * `revision` is the response header's.
 */
export type KvOutcome =
  | { readonly type: 'unknown' }
  | { readonly type: 'refused' }
  | {
      readonly type: 'got';
      readonly revision: number;
      readonly value: string | undefined;
      readonly modRevision: number;
    }
  | { readonly type: 'put'; readonly revision: number }
  | { readonly type: 'cas'; readonly revision: number; readonly succeeded: boolean }
  | { readonly type: 'deleted'; readonly revision: number; readonly count: number };

/** A call and what came of it. Times are positions in the one order of all calls and returns of the run. */
export interface KvCall {
  readonly client: string;
  readonly operation: KvOperation;
  readonly callTime: number;
  readonly callMillis: number;
  /** Infinity until it returned, and for ever if the outcome is unknown: it may take effect at any time. */
  returnTime: number;
  outcome: KvOutcome;
}

/** Pairs the calls and returns of clients that have one call outstanding each. */
export class KvHistory {
  readonly calls: KvCall[] = [];
  readonly #outstanding = new Map<string, KvCall>();
  #time = 0;

  call(client: string, operation: KvOperation, atMillis: number): void {
    const unknown: KvOutcome = { type: 'unknown' };
    const call = {
      client,
      operation,
      callTime: ++this.#time,
      callMillis: atMillis,
      returnTime: Infinity,
      outcome: unknown,
    };
    this.calls.push(call);
    this.#outstanding.set(client, call);
  }

  /** Returns the call that ended. */
  return(client: string, outcome: KvOutcome): KvCall | undefined {
    const call = this.#outstanding.get(client);
    this.#outstanding.delete(client);
    if (call === undefined) return undefined;
    call.outcome = outcome;
    this.#time++;
    if (outcome.type !== 'unknown') call.returnTime = this.#time;
    return call;
  }
}
