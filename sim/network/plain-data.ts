import { assert } from '../../src/base/assert.ts';

/** A guess at the encoded size, for back pressure: near enough, and cheap. */
export function estimateBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'number':
    case 'bigint':
      return 9;
    case 'object': {
      if (value === null) return 1;
      if (value instanceof Uint8Array) return value.length + 3;
      let sum = 3;
      if (Array.isArray(value)) {
        for (const item of value) sum += estimateBytes(item);
      } else {
        for (const key in value)
          sum += key.length + 2 + estimateBytes((value as Record<string, unknown>)[key]);
      }
      return sum;
    }
    default:
      return 1;
  }
}

/**
 * Asserts that a message is what a real link could carry, and freezes it deeply, so that whoever changes it
 * after sending or on receipt is caught at the line that does it.
 */
export function sealMessage(value: unknown, path = 'message'): void {
  if (typeof value === 'function' || typeof value === 'symbol')
    assert(false, () => `${path} is a ${typeof value}`);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (Object.isFrozen(value)) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) sealMessage(value[i], `${path}[${i}]`);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    assert(prototype === Object.prototype || prototype === null, () => `${path} is not a plain object`);
    for (const [key, inner] of Object.entries(value)) sealMessage(inner, `${path}.${key}`);
  }
  Object.freeze(value);
}
