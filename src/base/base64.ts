import { decodeUtf8 } from './bytes.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const letterCodes = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0));
const padding = '='.charCodeAt(0);
const none = 0xff;
/** The value of each letter, by its code; 0xff where there is none. The URL-safe letters stand for the same values. */
const valueOf = new Uint8Array(128).fill(none);
for (const [value, code] of letterCodes.entries()) valueOf[code] = value;
valueOf['-'.charCodeAt(0)] = 62;
valueOf['_'.charCodeAt(0)] = 63;

/** Base64 in the standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(padding);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text[at] = letterCodes[group >> 18]!;
    text[at + 1] = letterCodes[(group >> 12) & 63]!;
    if (i + 1 < bytes.length) text[at + 2] = letterCodes[(group >> 6) & 63]!;
    if (i + 2 < bytes.length) text[at + 3] = letterCodes[group & 63]!;
    at += 4;
  }
  return decodeUtf8(text);
}

/** The bytes of base64, padded or not, in the standard or the URL-safe alphabet; undefined when it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const length = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  if (length % 4 === 1) return undefined;
  // What is padded is padded to whole groups.
  if (length !== text.length && text.length % 4 !== 0) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const value = valueOf[text.charCodeAt(i)] ?? none;
    if (value === none) return undefined;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >>> bits) & 0xff;
    }
  }
  return bytes;
}
