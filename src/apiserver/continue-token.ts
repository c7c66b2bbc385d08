import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';

/** Where the next page of a list starts: the real server's token, byte for byte. */
export interface ContinueToken {
  /** The revision every page is read at; -1 = the newest, when the first one was compacted away. */
  readonly revision: number;
  /** The first key of the next page, without the list's own prefix: `/default/web\0`. */
  readonly start: string;
}

/** Unpadded base64url of `{"v":"meta.k8s.io/v1","rv":N,"start":"/default/web\u0000"}`. */
export function encodeContinueToken(token: ContinueToken): string {
  return toBase64Url(
    encodeUtf8(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start })),
  );
}

export function decodeContinueToken(text: string): Result<ContinueToken, string> {
  const bytes = fromBase64Url(text.replace(/=+$/, ''));
  if (bytes === undefined) return err('continue key is not valid: illegal base64 data');
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch {
    return err('continue key is not valid: not JSON');
  }
  if (typeof value !== 'object' || value === null) return err('continue key is not valid: not an object');
  const { v, rv, start } = value as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1')
    return err(`continue key is not valid: server does not recognize this encoded version "${String(v)}"`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) {
    return err('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  // A start outside the list's own prefix would read other resources, and keys of objects are ASCII.
  // oxlint-disable-next-line no-control-regex
  if (typeof start !== 'string' || !/^\/[\x00-\x7f]*$/.test(start) || start.includes('/../')) {
    return err('continue key is not valid: incorrect encoded start key');
  }
  return ok({ revision: rv, start });
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const length = Math.min(bytes.length - i, 3) + 1;
    for (let j = 0; j < length; j++) text += alphabet[(group >> (18 - 6 * j)) & 63]!;
  }
  return text;
}

function fromBase64Url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let group = 0;
  let bits = 0;
  let offset = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return undefined;
    group = ((group << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset++] = (group >> bits) & 0xff;
    }
  }
  return bytes.subarray(0, offset);
}
