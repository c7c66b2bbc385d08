import { assert, unreachable } from '../../src/base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import type { Backend } from '../../src/mvcc/backend.ts';

/** One change within a step. `before` is what it replaced: known to who does it, not written. */
export type StepOperation =
  | { readonly type: 'put'; readonly main: number; readonly sub: number; readonly record: Uint8Array }
  | { readonly type: 'delete'; readonly main: number; readonly sub: number; readonly before: Uint8Array }
  | {
      readonly type: 'value';
      readonly name: string;
      readonly value: Uint8Array | undefined;
      readonly before: Uint8Array | undefined;
    };

const kinds = { put: 1, delete: 2, set: 3, unset: 4 } as const;
const headerBytes = 17;
const nothing = new Uint8Array(0);

/**
 * A step as bytes; integers are little-endian.
 *
 *   operation:  kind u8 | main f64 | sub u32 | length u32 | contents
 *
 * For a named value, `sub` is the length of its name, with which the contents begin.
 */
export function encodeStep(operations: readonly StepOperation[]): Uint8Array {
  const names = operations.map((one) => (one.type === 'value' ? encodeUtf8(one.name) : nothing));
  let length = 0;
  for (const [i, one] of operations.entries())
    length += headerBytes + names[i]!.length + contentsOf(one).length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [i, one] of operations.entries()) {
    const name = names[i]!;
    const contents = contentsOf(one);
    const isValue = one.type === 'value';
    view.setUint8(at, kindOf(one));
    view.setFloat64(at + 1, isValue ? 0 : one.main, true);
    view.setUint32(at + 9, isValue ? name.length : one.sub, true);
    view.setUint32(at + 13, name.length + contents.length, true);
    bytes.set(name, at + headerBytes);
    bytes.set(contents, at + headerBytes + name.length);
    at += headerBytes + name.length + contents.length;
  }
  return bytes;
}

function kindOf(operation: StepOperation): number {
  if (operation.type !== 'value') return kinds[operation.type];
  return operation.value === undefined ? kinds.unset : kinds.set;
}

function contentsOf(operation: StepOperation): Uint8Array {
  switch (operation.type) {
    case 'put':
      return operation.record;
    case 'delete':
      return nothing;
    case 'value':
      return operation.value ?? nothing;
    default:
      return unreachable(operation);
  }
}

/** The inverse; `before` is unknown, and empty. */
export function decodeStep(bytes: Uint8Array): StepOperation[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const operations: StepOperation[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = view.getUint8(at);
    const main = view.getFloat64(at + 1, true);
    const sub = view.getUint32(at + 9, true);
    const end = at + headerBytes + view.getUint32(at + 13, true);
    // A copy: a view would keep all of the journal in memory.
    const contents = bytes.slice(at + headerBytes, end);
    at = end;
    if (kind === kinds.put) operations.push({ type: 'put', main, sub, record: contents });
    else if (kind === kinds.delete) operations.push({ type: 'delete', main, sub, before: nothing });
    else {
      assert(kind === kinds.set || kind === kinds.unset, () => `no kind of operation: ${kind}`);
      const name = decodeUtf8(contents.subarray(0, sub));
      const value = kind === kinds.set ? contents.subarray(sub) : undefined;
      operations.push({ type: 'value', name, value, before: undefined });
    }
  }
  return operations;
}

export function applyStep(backend: Backend, operations: readonly StepOperation[]): void {
  for (const operation of operations) {
    switch (operation.type) {
      case 'put':
        backend.put(operation.main, operation.sub, operation.record);
        break;
      case 'delete':
        backend.delete(operation.main, operation.sub);
        break;
      case 'value':
        backend.setValue(operation.name, operation.value);
        break;
      default:
        unreachable(operation);
    }
  }
  backend.commit();
}
