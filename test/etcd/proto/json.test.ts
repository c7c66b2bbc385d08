import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../../src/base/bytes.ts';
import { fromJson, toJson } from '../../../src/etcd/proto/json.ts';
import { JsonError, JsonReader, type JsonNode } from '../../../src/etcd/proto/json-reader.ts';
import {
  AuthUserAddRequest,
  LeaseRevokeRequest,
  MoveLeaderRequest,
  RangeRequest,
  TxnRequest,
} from '../../../src/etcd/proto/rpc.ts';
import { allMessages, valueOf } from './values.ts';

function read(text: string): JsonNode {
  const node = new JsonReader(encodeUtf8(text)).next();
  expect(node).toBeDefined();
  return node!;
}

const range = (text: string) => fromJson(RangeRequest, read(text));
const failure = (text: string): string => {
  try {
    range(text);
  } catch (error) {
    expect(error).toBeInstanceOf(JsonError);
    return (error as Error).message;
  }
  return 'nothing';
};

/** A node as JSON.parse would have it, numbers as they were written. */
function plain(node: JsonNode): unknown {
  switch (node.type) {
    case 'object':
      return Object.fromEntries(node.members.map(([name, member]) => [name.string, plain(member)]));
    case 'array':
      return node.items.map(plain);
    case 'string':
      return node.string;
    case 'number':
      return Number(node.text);
    default:
      return node.type === 'null' ? null : node.type === 'true';
  }
}

describe('messages as JSON', () => {
  it.each(allMessages.map((type) => [type.name, type] as const))('%s comes back as it went', (_, type) => {
    fc.assert(
      fc.property(valueOf(type), (value) => {
        const text = JSON.stringify(toJson(type, value));
        expect(type.decode(type.encode(fromJson(type, read(text)) as typeof value))).toEqual(value);
      }),
      { numRuns: 20 },
    );
  });

  it('take names of both kinds, numbers as text, URL-safe base64, and no notice of what they do not know', () => {
    const expected = { key: Uint8Array.of(0xff, 0xef), limit: 5, rangeEnd: Uint8Array.of(0x66) };
    expect(range('{"key":"_-8","limit":"5","range_end":"Zg=="}')).toEqual(expected);
    expect(range('{"key":"/+8=","limit":0.5e1,"rangeEnd":"Zg","nope":[{}]}')).toEqual(expected);
    expect(range('{"sortOrder":"DESCEND","sort_target":3}')).toEqual({ sortOrder: 2, sortTarget: 3 });
    expect(range('{"sort_order":"NOPE","limit":null}')).toEqual({});
  });

  it('keep all bits of numbers that are not quoted', () => {
    expect(fromJson(MoveLeaderRequest, read('{"targetID":9265619892315062708}'))).toEqual({
      targetID: 9265619892315062708n,
    });
    expect(fromJson(LeaseRevokeRequest, read('{"ID":"-9223372036854775808"}'))).toEqual({ ID: -(2n ** 63n) });
  });

  // Probed on etcd 3.5.16.
  it.each([
    ['{"key":"Zm9v"', 'unexpected EOF'],
    ['[]', 'proto: syntax error (line 1:1): unexpected token ['],
    ['{"key":5}', 'proto: (line 1:8): invalid value for bytes field key: 5'],
    ['{"key":"???"}', 'proto: (line 1:8): invalid value for bytes field key: "???"'],
    ['{"key":"Zm9","limit":"x"}', 'proto: (line 1:22): invalid value for int64 field limit: "x"'],
    ['{"key":"Zm9v","limit":1.5}', 'proto: (line 1:23): invalid value for int64 field limit: 1.5'],
    [
      '{"key":"Zm9v","limit":null,"keys_only":"true"}',
      'proto: (line 1:40): invalid value for bool field keysOnly: "true"',
    ],
    [
      '{"limit":9223372036854775808}',
      'proto: (line 1:10): invalid value for int64 field limit: 9223372036854775808',
    ],
    ['{"limit":1e999999999}', 'proto: (line 1:10): invalid value for int64 field limit: 1e999999999'],
    ['{\n "limit":01}', "invalid character '1' after object key:value pair"],
    ['{key:1}', "invalid character 'k' looking for beginning of object key string"],
    ['{"key":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"key":"a', 'unexpected EOF'],
    ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  ])('%s: %s', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  it('take a member of a oneof only once, and a field only once', () => {
    const op = '{"success":[{"requestRange":{},"request_put":{}}]}';
    expect(() => fromJson(TxnRequest, read(op))).toThrow(/oneof .* is already set/);
    expect(() => range('{"range_end":"","rangeEnd":""}')).toThrow(/duplicate field/);
  });

  it('say of a field that comes twice where its name stands, as it stands there', () => {
    expect(failure('{"key":"", "k\\u0065y":""}')).toBe('proto: (line 1:12): duplicate field "k\\u0065y"');
  });

  it.each([
    ['{"key":"\\ud800"}', 'proto: unexpected EOF'],
    [
      '{"key":"\\ud800", "limit":"1"}',
      'proto: syntax error (line 1:8): invalid escape code "\\", \\"li" in string',
    ],
    ['{"key":"\\ud800\\u0041"}', 'proto: syntax error (line 1:8): invalid escape code "\\\\u0041" in string'],
    ['{"key":"\\udc00\\udc00"}', 'proto: syntax error (line 1:8): invalid escape code "\\\\udc00" in string'],
    // Also where nobody looks, and in a name; but not before what stands before it.
    [
      '{"nobody":[{"\\ud800":1}],"limit":1}',
      'proto: syntax error (line 1:13): invalid escape code "\\":1}]," in string',
    ],
    [
      '{"limit":true,"nobody":"\\ud800 and so on"}',
      'proto: (line 1:10): invalid value for int64 field limit: true',
    ],
  ])('refuse half a surrogate pair: %s', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  it('take a whole pair for one character', () => {
    expect(fromJson(AuthUserAddRequest, read('{"name":"\\ud83d\\ude00"}')).name).toBe('😀');
  });

  it.each([
    ['{"limit":{"a":1}}', 'proto: (line 1:10): invalid value for int64 field limit: {'],
    ['{"key":[1]}', 'proto: (line 1:8): invalid value for bytes field key: ['],
    ['{"sort_order":[]}', 'proto: (line 1:15): invalid value for enum field sortOrder: ['],
  ])('tell of a value that does not fit as far as Go reads it: %s', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  it('refuse nesting without end', () => {
    expect(() => read('['.repeat(100_000))).toThrow(JsonError);
  });

  it('are read as JSON.parse reads them, and refused where it refuses', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plain(read(text))).toEqual(JSON.parse(text));
      }),
    );
    const letters = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      'a',
      '1',
      '-',
      '.',
      'e',
      'null',
      'true',
      ' ',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let expected: { readonly value: unknown } | undefined;
        try {
          expected = { value: JSON.parse(text) };
        } catch {
          // No JSON.
        }
        let actual: { readonly value: unknown } | undefined;
        try {
          const reader = new JsonReader(encodeUtf8(text));
          const node = reader.next();
          if (node !== undefined && reader.next() === undefined) actual = { value: plain(node) };
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError);
        }
        expect(actual).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('stand one after the other', () => {
    const reader = new JsonReader(encodeUtf8(' {"a":1}{}\n[2] '));
    expect([reader.next(), reader.next(), reader.next()].map((node) => plain(node!))).toEqual([
      { a: 1 },
      {},
      [2],
    ]);
    expect(reader.next()).toBeUndefined();
  });
});
