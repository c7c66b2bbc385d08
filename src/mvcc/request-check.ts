import { endOf } from './key-range.ts';
import {
  type DeleteRangeRequest,
  type Key,
  type MvccErrorCode,
  noLease,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from './types.ts';

/**
 * What can be said about a request without looking at the store (etcd's api/v3rpc/key.go). Each function
 * returns the refusal, or undefined.
 */

/** Most compares, or ops in one branch, of a transaction; a nested one shares what its parent leaves. */
export const txnOpsMax = 128;

export function checkRange(request: RangeRequest): MvccErrorCode | undefined {
  return request.key === '' ? 'key-not-provided' : undefined;
}

export function checkPut(request: PutRequest): MvccErrorCode | undefined {
  if (request.key === '') return 'key-not-provided';
  if (request.ignoreValue === true && request.value.length > 0) return 'value-provided';
  if (request.ignoreLease === true && (request.lease ?? noLease) !== noLease) return 'lease-provided';
  return undefined;
}

export function checkDeleteRange(request: DeleteRangeRequest): MvccErrorCode | undefined {
  return request.key === '' ? 'key-not-provided' : undefined;
}

export function checkTxn(txn: TxnRequest, opsMax = txnOpsMax): MvccErrorCode | undefined {
  return (
    checkOps(txn, opsMax) ??
    (checkOverlap(txn.success) || checkOverlap(txn.failure) ? 'duplicate-key' : undefined)
  );
}

/** Whether nothing in `txn`, on either branch, can write. Such a transaction needs no log entry. */
export function isReadOnly(txn: TxnRequest): boolean {
  return txn.success.every(opIsReadOnly) && txn.failure.every(opIsReadOnly);
}

function opIsReadOnly(op: RequestOp): boolean {
  return op.type === 'range' || (op.type === 'txn' && isReadOnly(op.request));
}

function checkOps(txn: TxnRequest, opsMax: number): MvccErrorCode | undefined {
  const ops = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (ops > opsMax) return 'too-many-ops';
  for (const compare of txn.compare) {
    if (compare.key === '') return 'key-not-provided';
  }
  for (const branch of [txn.success, txn.failure]) {
    for (const op of branch) {
      const refusal = checkOp(op, opsMax - ops);
      if (refusal !== undefined) return refusal;
    }
  }
  return undefined;
}

function checkOp(op: RequestOp, nestedOpsMax: number): MvccErrorCode | undefined {
  switch (op.type) {
    case 'range':
      return checkRange(op.request);
    case 'put':
      return checkPut(op.request);
    case 'delete-range':
      return checkDeleteRange(op.request);
    case 'txn':
      return checkOps(op.request, nestedOpsMax);
  }
}

/** Half-open [from, end). */
type Span = readonly [from: Key, end: Key];

/** What the ops of one run may write. */
interface Footprint {
  readonly puts: Set<Key>;
  readonly deletes: Span[];
}

/**
 * Whether some run of `ops` could put a key twice, or put and delete it. (etcd misses a put in one nested
 * transaction that a later sibling deletes; here the order of siblings makes no difference.)
 */
function checkOverlap(ops: readonly RequestOp[]): boolean {
  return ops.length > 1 || ops[0]?.type === 'txn' ? footprintOf(ops) === undefined : false;
}

/** undefined when two ops of one run overlap. */
function footprintOf(ops: readonly RequestOp[]): Footprint | undefined {
  const whole: Footprint = { puts: new Set(), deletes: [] };
  for (const op of ops) {
    const part = footprintOfOp(op);
    if (part === undefined || overlap(whole, part)) return undefined;
    unite(whole, part);
  }
  return whole;
}

function footprintOfOp(op: RequestOp): Footprint | undefined {
  switch (op.type) {
    case 'range':
      return { puts: new Set(), deletes: [] };
    case 'put':
      return { puts: new Set([op.request.key]), deletes: [] };
    case 'delete-range':
      return { puts: new Set(), deletes: [[op.request.key, endOf(op.request)]] };
    case 'txn': {
      // Only one of the two branches runs, so they may overlap each other.
      const success = footprintOf(op.request.success);
      const failure = footprintOf(op.request.failure);
      if (success === undefined || failure === undefined) return undefined;
      unite(success, failure);
      return success;
    }
  }
}

function overlap(a: Footprint, b: Footprint): boolean {
  for (const key of b.puts) {
    if (a.puts.has(key) || covers(a.deletes, key)) return true;
  }
  for (const key of a.puts) {
    if (covers(b.deletes, key)) return true;
  }
  return false;
}

function covers(spans: readonly Span[], key: Key): boolean {
  return spans.some(([from, end]) => from <= key && key < end);
}

function unite(whole: Footprint, part: Footprint): void {
  for (const key of part.puts) whole.puts.add(key);
  whole.deletes.push(...part.deletes);
}
