import { staticTable } from './static-table.ts';

const exact = new Map<string, number>();
const named = new Map<string, number>();
for (let index = staticTable.length - 1; index > 0; index--) {
  const { name, value } = staticTable[index]!;
  named.set(name, index);
  exact.set(`${name}\n${value}`, index);
}

/**
 * Encodes header fields (name, value, name, value, …; one character per octet) with the static table and literals that
 * are not indexed (RFC 7541 §6.2.2). Without a dynamic table a block has no state: it is encoded once and used on every
 * connection, and a decoder recognises its bytes.
 */
export function encodeHeaders(fields: readonly string[]): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    const index = exact.get(`${name}\n${value}`);
    if (index !== undefined) {
      pushInteger(out, 0x80, 7, index);
      continue;
    }
    const nameIndex = named.get(name) ?? 0;
    pushInteger(out, 0, 4, nameIndex);
    if (nameIndex === 0) pushString(out, name);
    pushString(out, value);
  }
  return Uint8Array.from(out);
}

function pushInteger(out: number[], pattern: number, prefixBits: number, value: number): void {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) {
    out.push(pattern | value);
    return;
  }
  out.push(pattern | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out.push(0x80 | (rest & 0x7f));
  out.push(rest);
}

function pushString(out: number[], text: string): void {
  pushInteger(out, 0, 7, text.length);
  for (let i = 0; i < text.length; i++) out.push(text.charCodeAt(i) & 0xff);
}
