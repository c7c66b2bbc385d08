import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { concatBytes } from '../../src/base/bytes.ts';
import { ConnectionError } from '../../src/grpc/frame.ts';
import { HpackDecoder } from '../../src/grpc/hpack-decoder.ts';
import { encodeHeaders } from '../../src/grpc/hpack-encoder.ts';
import { staticTable } from '../../src/grpc/static-table.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
/** A table of 256 bytes, as the examples of responses use it. */
const table256 = hex('3f e1 01');

function decodeAll(blocks: readonly Uint8Array[]): string[][] {
  const decoder = new HpackDecoder(65_536);
  return blocks.map((block) => [...decoder.decode(block, 0, block.length).fields]);
}

const request1 = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
const request2 = [...request1, 'cache-control', 'no-cache'];
const request3 = [
  ':method',
  'GET',
  ':scheme',
  'https',
  ':path',
  '/index.html',
  ':authority',
  'www.example.com',
  'custom-key',
  'custom-value',
];
const response = (status: string, date: string, ...more: string[]) => [
  ':status',
  status,
  'cache-control',
  'private',
  'date',
  date,
  'location',
  'https://www.example.com',
  ...more,
];

describe('HPACK (RFC 7541 appendix C)', () => {
  it('C.3: requests without Huffman', () => {
    const blocks = [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ];
    expect(decodeAll(blocks.map(hex))).toEqual([request1, request2, request3]);
  });

  it('C.4: requests with Huffman', () => {
    const blocks = [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ];
    expect(decodeAll(blocks.map(hex))).toEqual([request1, request2, request3]);
  });

  it('C.6: responses with Huffman and eviction', () => {
    const blocks = [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ];
    const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
    const [first, ...rest] = blocks.map(hex);
    expect(decodeAll([concatBytes([table256, first!]), ...rest])).toEqual([
      response('302', 'Mon, 21 Oct 2013 20:13:21 GMT'),
      response('307', 'Mon, 21 Oct 2013 20:13:21 GMT'),
      response('200', 'Mon, 21 Oct 2013 20:13:22 GMT', 'content-encoding', 'gzip', 'set-cookie', cookie),
    ]);
  });

  it('has the whole static table', () => {
    expect(staticTable.length).toBe(62);
    expect(staticTable[16]).toEqual({ name: 'accept-encoding', value: 'gzip, deflate' });
    expect(staticTable[61]).toEqual({ name: 'www-authenticate', value: '' });
  });

  it('decodes what it encodes', () => {
    const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)) });
    fc.assert(
      fc.property(fc.array(fc.tuple(latin1, latin1)), (pairs) => {
        expect(decodeAll([encodeHeaders(pairs.flat())])).toEqual([pairs.flat()]);
      }),
    );
  });

  it('forgets remembered blocks when the table changes', () => {
    // 0xbe is the newest entry, whatever that is.
    const insert = (value: string) => hex(`4001 61 01 ${Buffer.from(value).toString('hex')}`);
    const newest = hex('be');
    expect(decodeAll([insert('x'), newest, newest, insert('y'), newest])).toEqual([
      ['a', 'x'],
      ['a', 'x'],
      ['a', 'x'],
      ['a', 'y'],
      ['a', 'y'],
    ]);
  });

  it.each([
    ['index 0', '80'],
    ['an index beyond the tables', 'be'],
    ['a string that ends too late', '0003 6162'],
    ['an endless integer', '7fff ffff ffff ffff'],
    ['a table that was not offered', '3fe2 1f'],
    ['a table size update behind a field', '8220'],
    ['Huffman padding of more than seven bits', '0082 ffff 00'],
    ['Huffman padding that is not ones', '0081 18 00'],
    ['EOS in a Huffman string', '0084 ffff fffc 00'],
  ])('refuses %s', (_name, block) => {
    expect(() => decodeAll([hex(block)])).toThrow(ConnectionError);
  });
});
