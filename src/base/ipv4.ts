import { assert } from './assert.ts';

/** A block of IPv4 addresses: `10.96.0.0/16`. */
export interface Cidr {
  /** The first address as an unsigned 32-bit number. */
  readonly base: number;
  /** Number of addresses in the block. */
  readonly size: number;
}

/** The address as an unsigned 32-bit number, or undefined when `text` is not a dotted quad. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return undefined;
    const octet = Number(part);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return value;
}

export function formatIpv4(value: number): string {
  assert(Number.isInteger(value) && value >= 0 && value < 2 ** 32, 'an IPv4 address has 32 bits');
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

/** Undefined when `text` is no block or has host bits set. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const base = parseIpv4(match[1]!);
  const prefix = Number(match[2]);
  if (base === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return base % size === 0 ? { base, size } : undefined;
}
