import { randomBytes, randomInt } from 'node:crypto';

import { assert } from '../../base/assert.ts';

import type { Random } from '../random.ts';

/** Random numbers from the operating system's generator: fit for tokens and keys. */
export class OsRandom implements Random {
  integer(bound: number): number {
    assert(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32, () => `not a bound: ${bound}`);
    return randomInt(bound);
  }

  float(): number {
    // 53 bits: every double of the form k / 2^53 is as likely as any other.
    const bits = new DataView(this.bytes(8).buffer).getBigUint64(0) >> 11n;
    return Number(bits) / 2 ** 53;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(randomBytes(length));
  }
}
