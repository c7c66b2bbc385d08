/** Operations of a client of the store, as it sees them. Values of puts are unique in a run. */
export type KvOperation =
  | ({ readonly type: 'get'; readonly key: string } & KvReadOptions)
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly lease?: bigint }
  /** Puts `to` if the key holds `from`; `undefined`: if there is no such key. */
  | { readonly type: 'cas'; readonly key: string; readonly from: string | undefined; readonly to: string }
  | { readonly type: 'delete'; readonly key: string }
  | ({
      readonly type: 'range';
      readonly key: string;
      readonly rangeEnd: string;
      /** Most pairs to return; 0 or absent: all. */
      readonly limit?: number;
      readonly countOnly?: boolean;
    } & KvReadOptions)
  | {
      readonly type: 'txn';
      /** All must hold for `success`, else it is `failure`. */
      readonly compare: readonly KvCompare[];
      readonly success: readonly KvStep[];
      readonly failure: readonly KvStep[];
    };

export interface KvReadOptions {
  /** From the member's own state, which may be behind. */
  readonly serializable?: boolean;
  /** Read the past, as it was at this revision. */
  readonly revision?: number;
}

/** The key holds `value`; `undefined`: there is no such key. */
export interface KvCompare {
  readonly key: string;
  readonly value: string | undefined;
}

/** One step of a transaction; no key is written twice. */
export type KvStep =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'delete'; readonly key: string };

export interface KvPair {
  readonly key: string;
  readonly value: string;
  readonly modRevision: number;
}

/**
 * What came back. `unknown`: the operation may have taken effect, now or later. `refused`: it did not.
 * `revision` is the response header's.
 */
export type KvOutcome =
  | { readonly type: 'unknown' }
  | { readonly type: 'refused' }
  | ({ readonly type: 'got'; readonly revision: number } & KvFound)
  | { readonly type: 'put'; readonly revision: number }
  | { readonly type: 'cas'; readonly revision: number; readonly succeeded: boolean }
  | { readonly type: 'deleted'; readonly revision: number; readonly count: number }
  | {
      readonly type: 'ranged';
      readonly revision: number;
      readonly pairs: readonly KvPair[];
      /** All keys in the range, whatever the limit. */
      readonly count: number;
      readonly more: boolean;
    }
  | {
      readonly type: 'txn';
      readonly revision: number;
      readonly succeeded: boolean;
      readonly results: readonly KvStepResult[];
    };

/** `modRevision` 0: there is no such key. */
export interface KvFound {
  readonly value: string | undefined;
  readonly modRevision: number;
}

export type KvStepResult =
  | ({ readonly type: 'got' } & KvFound)
  | { readonly type: 'put' }
  | { readonly type: 'deleted'; readonly count: number };

/** A change of one key. `value` undefined: it was deleted. */
export interface KvWrite {
  readonly key: string;
  readonly value: string | undefined;
}

/** A call and what came of it. Times are positions in the one order of all calls and returns of the run. */
export interface KvCall {
  readonly client: string;
  readonly operation: KvOperation;
  readonly callTime: number;
  readonly callMillis: number;
  /** The member that it was sent to, where that is known. */
  readonly node?: string;
  /** Infinity until it returned, and for ever if the outcome is unknown: it may take effect at any time. */
  returnTime: number;
  returnMillis?: number;
  outcome: KvOutcome;
}

/** Pairs the calls and returns of clients that have one call outstanding each. */
export class KvHistory {
  readonly calls: KvCall[] = [];
  readonly #outstanding = new Map<string, KvCall>();
  #time = 0;

  call(client: string, operation: KvOperation, atMillis: number, node?: string): void {
    const call: KvCall = {
      client,
      operation,
      callTime: ++this.#time,
      callMillis: atMillis,
      ...(node === undefined ? {} : { node }),
      returnTime: Infinity,
      outcome: unknown,
    };
    this.calls.push(call);
    this.#outstanding.set(client, call);
  }

  /** Returns the call that ended. */
  return(client: string, outcome: KvOutcome, atMillis?: number): KvCall | undefined {
    const call = this.#outstanding.get(client);
    this.#outstanding.delete(client);
    if (call === undefined) return undefined;
    call.outcome = outcome;
    if (atMillis !== undefined) call.returnMillis = atMillis;
    this.#time++;
    if (outcome.type !== 'unknown') call.returnTime = this.#time;
    return call;
  }
}

const unknown: KvOutcome = { type: 'unknown' };

/** The revision that a call was answered with; undefined if it was not, or refused. */
export function revisionOf({ outcome }: KvCall): number | undefined {
  return outcome.type === 'unknown' || outcome.type === 'refused' ? undefined : outcome.revision;
}

/** The keys that an operation names; a range names where it begins. */
export function keysOf(operation: KvOperation): readonly string[] {
  if (operation.type !== 'txn') return [operation.key];
  const { compare, success, failure } = operation;
  return [...compare, ...success, ...failure].map(({ key }) => key);
}

/** The values that an operation would write, on any branch. */
export function valuesOf(operation: KvOperation): readonly KvWrite[] {
  switch (operation.type) {
    case 'put':
      return [{ key: operation.key, value: operation.value }];
    case 'cas':
      return [{ key: operation.key, value: operation.to }];
    case 'txn':
      return [...operation.success, ...operation.failure].flatMap((step) =>
        step.type === 'put' ? [{ key: step.key, value: step.value }] : [],
      );
    default:
      return [];
  }
}

/** What a client was told that it changed. */
export function writesTold({
  operation,
  outcome,
}: Pick<KvCall, 'operation' | 'outcome'>): readonly KvWrite[] {
  switch (outcome.type) {
    case 'put':
      return valuesOf(operation);
    case 'cas':
      return outcome.succeeded ? valuesOf(operation) : [];
    case 'deleted':
      return outcome.count > 0 && operation.type === 'delete'
        ? [{ key: operation.key, value: undefined }]
        : [];
    case 'txn':
      return operation.type === 'txn'
        ? stepsTold(outcome.succeeded ? operation.success : operation.failure, outcome.results)
        : [];
    default:
      return [];
  }
}

function stepsTold(steps: readonly KvStep[], results: readonly KvStepResult[]): readonly KvWrite[] {
  return steps.flatMap((step, i): readonly KvWrite[] => {
    const result = results[i];
    if (step.type === 'put') return [{ key: step.key, value: step.value }];
    if (step.type === 'delete' && result?.type === 'deleted' && result.count > 0) {
      return [{ key: step.key, value: undefined }];
    }
    return [];
  });
}

/** For sentences: `the put of /kv/1 by client-2.0 at 12.345 ms`. */
export function describeCall({ client, operation, callMillis, node }: KvCall): string {
  const of =
    operation.type === 'txn'
      ? [...new Set(keysOf(operation))].join(', ')
      : operation.type === 'range'
        ? `[${operation.key}, ${operation.rangeEnd})`
        : operation.key;
  const how = 'serializable' in operation && operation.serializable === true ? 'serializable ' : '';
  const past =
    'revision' in operation && operation.revision !== undefined ? ` at revision ${operation.revision}` : '';
  const through = node === undefined ? '' : ` through ${node}`;
  return `the ${how}${operation.type} of ${of}${past} by ${client}${through} at ${callMillis.toFixed(3)} ms`;
}
