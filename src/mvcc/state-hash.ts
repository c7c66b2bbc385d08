/**
 * A hash of a set of records that does not depend on their order and can be kept up to date: the sum
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

/**
 * 48 bits over a record: two multiplicative lanes with different primes that take four bytes each in a step. One lane alone
 * is a bijection of each word it takes, so two records that differ in one word differ in the first 32 bits.
 */
export function digestOf(record: Uint8Array): number {
  let a = 0x811c9dc5 ^ record.length;
  let b = 0x9747b28c;
  let i = 0;
  for (const end = record.length - 7; i < end; i += 8) {
    const even = record[i]! | (record[i + 1]! << 8) | (record[i + 2]! << 16) | (record[i + 3]! << 24);
    const odd = record[i + 4]! | (record[i + 5]! << 8) | (record[i + 6]! << 16) | (record[i + 7]! << 24);
    a = Math.imul(a ^ even, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ odd, 0x85ebca6b);
    b ^= b >>> 13;
  }
  for (; i < record.length; i++) a = Math.imul(a ^ record[i]!, 0x01000193);
  const first = mix(a);
  const both = mix(b ^ first);
  return (both >>> 0) * 2 ** 16 + (mix(first + both) & 0xffff);
}

/** MurmurHash3's finaliser. */
function mix(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
