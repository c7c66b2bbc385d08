import type { KeyValue } from './types.ts';

/**
 * A hash of a set of KeyValues that does not depend on their order and can be kept up to date: the sum
 * of their digests modulo 2^48. Members that applied the same log have the same sum (etcd's HashKV has
 * to read the whole store for it).
 */
const modulus = 2 ** 48;

export function addDigest(sum: number, digest: number): number {
  return (sum + digest) % modulus;
}

export function removeDigest(sum: number, digest: number): number {
  return (sum - digest + modulus) % modulus;
}

/** The state hash as text: the set's sum and the revision it was taken at. */
export function formatHash(sum: number, revision: number): string {
  return `${sum.toString(16).padStart(12, '0')}@${revision}`;
}

/** 48 bits over every field of `kv`: two FNV-1a lanes with different primes, then mixed. */
export function digestOf(kv: KeyValue): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const key = kv.key;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
  }
  const value = kv.value;
  for (let i = 0; i < value.length; i++) {
    const byte = value[i]!;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b);
  }
  a = mix(mix(mix(mix(a, key.length), kv.createRevision), kv.modRevision), kv.version);
  b = mix(mix(mix(mix(b, value.length), kv.modRevision), kv.version), kv.createRevision);
  if (kv.lease !== 0n) {
    const lease = BigInt.asUintN(64, kv.lease);
    a = mix(a, Number(lease & 0xffff_ffffn));
    b = mix(b, Number(lease >> 32n));
  }
  return (a >>> 8) * 2 ** 24 + (b >>> 8);
}

/** MurmurHash3's finaliser over a lane and an integer of up to 53 bits. */
function mix(lane: number, integer: number): number {
  let h = lane ^ Math.imul(integer | 0, 0xcc9e2d51) ^ Math.imul((integer / 2 ** 32) | 0, 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
