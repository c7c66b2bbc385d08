import { assert } from '../../base/assert.ts';
import { encodeUtf8 } from '../../base/bytes.ts';
import type { Bcrypt } from '../../platform/credentials.ts';
import type { Random } from '../../platform/random.ts';
import { EtcdError, tooManyRequestsError } from '../errors.ts';

/** bcrypt looks at no more; Go's refuses longer passwords rather than to cut them. */
const passwordBytesMax = 72;

/** Passwords in work at once; more are refused: each costs a tenth of a second, and whoever asks need not be anybody yet. */
const passwordsMax = 1000;

/** bcrypt's own base64 (OpenBSD's). */
const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Hashes and compares passwords by bcrypt, where requests come in: the log never carries one. */
export class Passwords {
  readonly #bcrypt: Bcrypt;
  readonly #random: Random;
  readonly #cost: string;
  #working = 0;

  /** @param cost 4 to 31: the hash takes 2^cost rounds */
  constructor(bcrypt: Bcrypt, random: Random, cost: number) {
    assert(Number.isInteger(cost) && cost >= 4 && cost <= 31, () => `not a cost of bcrypt: ${cost}`);
    this.#bcrypt = bcrypt;
    this.#random = random;
    this.#cost = String(cost).padStart(2, '0');
  }

  /** bcrypt's text form, with a salt of its own. Rejects with etcd's error when the password is too long. */
  async hash(password: string): Promise<string> {
    if (encodeUtf8(password).length > passwordBytesMax) {
      throw new EtcdError('unknown', 'bcrypt: password length exceeds 72 bytes');
    }
    return this.#run(password, `$2a$${this.#cost}$${this.#salt()}`);
  }

  async matches(password: string, hash: string): Promise<boolean> {
    // A user may have come without a hash out of another etcd's log: nothing fits.
    if (!/^\$2[aby]\$\d\d\$.{53}$/.test(hash)) return false;
    return equalInConstantTime(await this.#run(password, hash.slice(0, 29)), hash);
  }

  async #run(password: string, salt: string): Promise<string> {
    if (this.#working >= passwordsMax) throw tooManyRequestsError();
    this.#working++;
    try {
      return await this.#bcrypt(password, salt);
    } finally {
      this.#working--;
    }
  }

  /** 16 random bytes in 22 characters; the last one carries two bits. */
  #salt(): string {
    let salt = '';
    let bits = 0;
    let value = 0;
    for (const byte of this.#random.bytes(16)) {
      value = ((value << 8) | byte) & 0xffff;
      bits += 8;
      while (bits >= 6) {
        bits -= 6;
        salt += alphabet[(value >>> bits) & 63]!;
      }
    }
    return salt + alphabet[(value << (6 - bits)) & 63]!;
  }
}

/** How long it takes says nothing about where the two differ. */
function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % b.length);
  return difference === 0;
}
