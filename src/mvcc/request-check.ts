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
  return request.flaw ?? (request.key === '' ? 'key-not-provided' : undefined);
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
 * Whether etcd finds that some run of `ops` puts a key twice, or puts and deletes it (checkIntervals in api/v3rpc/key.go). It
 * overlooks two cases, so a key may change more than once in a revision: a range end of '\0' is to it a key like others,
 * lesser than all, and a nested transaction's puts are held against the deletes of its parent and of *earlier* siblings only.
 */
function checkOverlap(ops: readonly RequestOp[]): boolean {
  return ops.length > 1 || ops[0]?.type === 'txn' ? footprintOf(ops) === undefined : false;
}

/** undefined when two ops of one run overlap. */
function footprintOf(ops: readonly RequestOp[]): Footprint | undefined {
  const deletes: Span[] = [];
  for (const op of ops) {
    if (op.type === 'delete-range') deletes.push(writtenSpan(op.request));
  }
  const puts = new Set<Key>();
  for (const op of ops) {
    if (op.type !== 'txn') continue;
    const success = footprintOf(op.request.success);
    const failure = footprintOf(op.request.failure);
    if (success === undefined || failure === undefined) return undefined;
    // Only one of the two branches runs, so they may overlap each other.
    const either = new Set([...success.puts, ...failure.puts]);
    if (!addPuts(puts, either, deletes)) return undefined;
    deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const op of ops) {
    if (op.type === 'put' && !addPuts(puts, [op.request.key], deletes)) return undefined;
  }
  return { puts, deletes };
}

/** False when one of `added` is there already or deleted. */
function addPuts(puts: Set<Key>, added: Iterable<Key>, deletes: readonly Span[]): boolean {
  for (const key of added) {
    if (puts.has(key) || deletes.some(([from, end]) => from <= key && key < end)) return false;
    puts.add(key);
  }
  return true;
}

/** The range as it is written: '\0' does not stand for no end here. */
function writtenSpan({ key, rangeEnd = '' }: DeleteRangeRequest): Span {
  return [key, rangeEnd === '' ? `${key}\0` : rangeEnd];
}
