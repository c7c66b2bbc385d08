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
  const parts = operations.map((operation) => {
    switch (operation.type) {
      case 'put':
        return encodeOperation(kinds.put, operation.main, operation.sub, nothing, operation.record);
      case 'delete':
        return encodeOperation(kinds.delete, operation.main, operation.sub, nothing, nothing);
      case 'value': {
        const name = encodeUtf8(operation.name);
        const kind = operation.value === undefined ? kinds.unset : kinds.set;
        return encodeOperation(kind, 0, name.length, name, operation.value ?? nothing);
      }
      default:
        return unreachable(operation);
    }
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function encodeOperation(
  kind: number,
  main: number,
  sub: number,
  name: Uint8Array,
  contents: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(headerBytes + name.length + contents.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setFloat64(1, main, true);
  view.setUint32(9, sub, true);
  view.setUint32(13, name.length + contents.length, true);
  bytes.set(name, headerBytes);
  bytes.set(contents, headerBytes + name.length);
  return bytes;
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
