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

/** 48 bits over a record: two multiplicative lanes with different primes, four bytes a step, then mixed. */
export function digestOf(record: Uint8Array): number {
  let a = 0x811c9dc5 ^ record.length;
  let b = 0x9747b28c;
  let i = 0;
  for (const end = record.length - 3; i < end; i += 4) {
    const word = record[i]! | (record[i + 1]! << 8) | (record[i + 2]! << 16) | (record[i + 3]! << 24);
    a = Math.imul(a ^ word, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0x85ebca6b);
    b ^= b >>> 13;
  }
  for (; i < record.length; i++) {
    a = Math.imul(a ^ record[i]!, 0x01000193);
    b = Math.imul(b ^ record[i]!, 0x85ebca6b);
  }
  return (mix(a) >>> 8) * 2 ** 24 + (mix(b) >>> 8);
}

/** MurmurHash3's finaliser. */
function mix(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
