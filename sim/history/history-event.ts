import type { KvFound, KvOperation, KvOutcome, KvStep, KvStepResult } from '../kv-history.ts';

/**
 * sim/history/: what clients did, for checkers and people outside: `history.jsonl`, Jepsen's EDN, porcupine's operations;
 * and Raft's steps as etcd-raft's trace validation reads them.
 *
 * Boundary: turns observations into text. Judges nothing, and the formats are nobody else's business in here.
 *
 * Invariants
 *   H1  Events come in the order in which they happened; `index` counts them without gaps.
 *   H2  A process has one operation outstanding, and none after one whose outcome is unknown: its number is never used again.
 *   H3  `ok` took effect, `fail` did not, `info` may have or may still; an invocation without a return is open.
 */
export interface HistoryEvent {
  readonly index: number;
  readonly timeNanos: number;
  readonly process: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly operation: KvOperation;
  /** Absent on invocations. */
  readonly outcome?: KvOutcome;
  readonly node?: string;
}

/** Jepsen's word for an operation. */
export function functionOf({ type }: KvOperation): string {
  switch (type) {
    case 'get':
      return 'read';
    case 'put':
      return 'write';
    default:
      return type;
  }
}

/** What a key, a step or an operation holds, in words that JSON and EDN share. */
export type Plain = null | boolean | number | string | readonly Plain[];

/** The key that an event is about: of a range its two ends, of a transaction none. */
export function keyOf(operation: KvOperation): Plain {
  switch (operation.type) {
    case 'txn':
      return null;
    case 'range':
      return [operation.key, operation.rangeEnd];
    default:
      return operation.key;
  }
}

/** What an event says: what is asked for, or what came back. */
export function valueOf({ type, operation, outcome }: HistoryEvent): Plain {
  switch (operation.type) {
    case 'get':
      return type === 'ok' && outcome?.type === 'got' ? plainFound(outcome) : null;
    case 'put':
      return operation.value;
    case 'cas':
      return [operation.from ?? null, operation.to];
    case 'delete':
      return type === 'ok' && outcome?.type === 'deleted' ? outcome.count : null;
    case 'range':
      return type === 'ok' && outcome?.type === 'ranged'
        ? outcome.pairs.map(({ key, value }) => [key, value])
        : null;
    case 'txn': {
      const told = type === 'ok' && outcome?.type === 'txn' ? outcome : undefined;
      const steps = told?.succeeded === false ? operation.failure : operation.success;
      return steps.map((step, i) => microOperation(step, told?.results[i]));
    }
  }
}

/** Elle's: `["r", key, value]` and `["w", key, value]`; a delete writes nothing. */
function microOperation(step: KvStep, result: KvStepResult | undefined): Plain {
  switch (step.type) {
    case 'get':
      return ['r', step.key, result?.type === 'got' ? plainFound(result) : null];
    case 'put':
      return ['w', step.key, step.value];
    case 'delete':
      return ['w', step.key, null];
  }
}

function plainFound({ value }: KvFound): Plain {
  return value ?? null;
}
