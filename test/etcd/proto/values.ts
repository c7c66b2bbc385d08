import * as fc from 'fast-check';

import { enumOf, messageOf, type MessageType } from '../../../src/etcd/proto/message.ts';
import { services } from '../../../src/etcd/proto/services.ts';

/** Every message that the services use. */
export const allMessages: readonly MessageType<object>[] = (() => {
  const found = new Set(services.flatMap(({ methods }) => methods.flatMap((m) => [m.request, m.response])));
  for (const { fields } of found) {
    for (const field of fields) {
      const inner = messageOf(field);
      if (inner !== undefined) found.add(inner);
    }
  }
  return [...found];
})();

const nestingMax = 3;
const byteArrays = fc.uint8Array({ maxLength: 20 });
const edgeNumbers = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, 1, -1, 127, 128, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const naturals = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

/** Any value of a message as its table has it, all fields there. */
export function valueOf<T extends object>(type: MessageType<T>, nesting = 0): fc.Arbitrary<T> {
  const record: Record<string, fc.Arbitrary<unknown>> = {};
  const choices = new Map<string, string[]>();
  for (const field of type.fields) {
    const one = elementOf(field, nesting);
    if (field.oneof !== undefined)
      choices.set(field.oneof, [...(choices.get(field.oneof) ?? []), field.property]);
    if (field.repeated) record[field.property] = fc.array(one, { maxLength: nesting < nestingMax ? 3 : 0 });
    else if (messageOf(field) === undefined && field.oneof === undefined) record[field.property] = one;
    else
      record[field.property] =
        nesting < nestingMax ? fc.option(one, { nil: undefined }) : fc.constant(undefined);
  }
  return fc.tuple(fc.record(record), fc.nat()).map(([value, choice]) => {
    // Of a oneof at most one member is set.
    const result: Record<string, unknown> = { ...value };
    for (const properties of choices.values()) {
      const kept = properties[choice % properties.length];
      for (const property of properties) if (property !== kept) result[property] = undefined;
    }
    return result as T;
  });
}

function elementOf(field: MessageType<object>['fields'][number], nesting: number): fc.Arbitrary<unknown> {
  const inner = messageOf(field);
  if (inner !== undefined) {
    return nesting < nestingMax
      ? fc.constant(0).chain(() => valueOf(inner, nesting + 1))
      : fc.constant(undefined);
  }
  const enumeration = enumOf(field);
  if (enumeration !== undefined) return fc.constantFrom(...Object.values(enumeration.values));
  switch (field.type) {
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 12 });
    case 'bytes':
      return byteArrays;
    case 'int32':
      return fc.integer();
    case 'uint32':
      return fc.nat({ max: 2 ** 32 - 1 });
    case 'int64Id':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'uint64Id':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'uint64':
      return naturals;
    default:
      return edgeNumbers;
  }
}
