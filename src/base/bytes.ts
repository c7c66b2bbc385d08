const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The empty byte string; shared, so never written to. */
export const emptyBytes: Uint8Array = new Uint8Array(0);

/** UTF-8 bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Lexicographic order of unsigned bytes, the order of etcd's keys. Negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** One array with the bytes of all `parts` in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Two lower-case hexadecimal digits per byte. */
export function toHex(bytes: Iterable<number>): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Whether there is nothing but zeros from `from` on. Looks at eight bytes at a time: preallocated files are long. */
export function isZero(bytes: Uint8Array, from = 0): boolean {
  const aligned = Math.min(bytes.length, from + (-(bytes.byteOffset + from) & 7));
  for (let i = from; i < aligned; i++) if (bytes[i] !== 0) return false;
  if (aligned === bytes.length) return true;
  const words = new Float64Array(bytes.buffer, bytes.byteOffset + aligned, (bytes.length - aligned) >> 3);
  // Eight zero bytes are the float 0, and nothing else is: -0 is another one.
  for (let i = 0; i < words.length; i++) if (!Object.is(words[i], 0)) return false;
  for (let i = aligned + words.length * 8; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
