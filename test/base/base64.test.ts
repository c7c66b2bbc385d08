import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeBase64, encodeBase64 } from '../../src/base/base64.ts';

describe('base64', () => {
  it('writes what Node writes, and reads it in either alphabet, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(encodeBase64(bytes)).toBe(text);
        for (const spelled of [text, text.replace(/=+$/, ''), Buffer.from(bytes).toString('base64url')]) {
          expect(decodeBase64(spelled)).toEqual(Uint8Array.from(bytes));
        }
      }),
    );
  });

  it('takes nothing else', () => {
    for (const text of [
      'a',
      'a=',
      'abc==',
      'ab=c',
      '=',
      '====',
      'ab c',
      'ab\n',
      'abé0',
      'ab\u{1f600}',
      'abcd=',
    ]) {
      expect(decodeBase64(text), text).toBeUndefined();
    }
    expect(decodeBase64('')).toEqual(new Uint8Array(0));
  });
});
