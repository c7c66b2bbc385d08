/** A rolling hash of two 32-bit lanes (murmur3's mixers). Fast and well spread; not cryptographic. */
export class RollingHash {
  #low = 0x9e3779b9 | 0;
  #high = 0x7f4a7c15 | 0;

  /** Mixes in one 32-bit integer. */
  mix(value: number): void {
    let low = this.#low ^ Math.imul(value, 0xcc9e2d51 | 0);
    low = Math.imul((low << 13) | (low >>> 19), 5) + 0x6b64e654;
    let high = this.#high ^ Math.imul((value << 16) | (value >>> 16), 0x1b873593) ^ low;
    high = Math.imul((high << 15) | (high >>> 17), 0x85ebca6b | 0) + 0x561ccd1b;
    this.#low = low | 0;
    this.#high = high | 0;
  }

  mixFloat(value: number): void {
    float[0] = value;
    this.mix(words[0]!);
    this.mix(words[1]!);
  }

  digest(): string {
    return hex(finish(this.#high)) + hex(finish(this.#low ^ this.#high));
  }
}

const float = new Float64Array(1);
// Every engine that runs this is little-endian; a big-endian one would only swap the two words.
const words = new Int32Array(float.buffer);

/** A 32-bit hash of a string's code units (FNV-1a). */
export function hashString(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(hash) | 0;
}

/** A 32-bit hash of bytes (FNV-1a). */
export function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return finish(hash) | 0;
}

/** murmur3's finalizer: every input bit reaches every output bit. */
export function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b | 0);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35 | 0);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
