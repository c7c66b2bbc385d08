import type { AuthInfo } from '../../mvcc/auth/auth-store.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TokenSigner } from '../../platform/credentials.ts';
import { EtcdError } from '../errors.ts';
import type { TokenProvider } from './token-provider.ts';

/** Verified tokens that are remembered until they expire, so that a request costs no signature. */
export const verifiedTokensMax = 10_000;

interface Verified extends AuthInfo {
  readonly expiryMillis: number;
}

/**
 * JSON Web Tokens with etcd's claims: `username`, `revision` (of the auth store, when it was signed: any change of the rules
 * makes the token old) and `exp`. No member needs to be told of them, and none can take one back.
 */
export class SignedTokens implements TokenProvider {
  readonly #signer: TokenSigner;
  readonly #clock: Clock;
  readonly #ttlSeconds: number;
  readonly #verified = new Map<string, Verified>();

  constructor(signer: TokenSigner, clock: Clock, ttlSeconds: number) {
    this.#signer = signer;
    this.#clock = clock;
    this.#ttlSeconds = ttlSeconds;
  }

  prefix(): string {
    return '';
  }

  async issue(username: string, authRevision: number): Promise<string> {
    const exp = Math.floor(this.#clock.wallMillis() / 1000 + this.#ttlSeconds);
    try {
      return await this.#signer.sign({ username, revision: authRevision, exp });
    } catch (error) {
      throw new EtcdError('unknown', (error as Error).message, { cause: error });
    }
  }

  identify(token: string): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    const known = this.#verified.get(token);
    if (known !== undefined && known.expiryMillis > this.#clock.wallMillis()) return known;
    return this.#verify(token);
  }

  async #verify(token: string): Promise<AuthInfo | undefined> {
    this.#verified.delete(token);
    const claims = await this.#signer.verify(token);
    const username = claims?.['username'];
    const authRevision = claims?.['revision'];
    if (typeof username !== 'string' || typeof authRevision !== 'number') return undefined;
    const expiry = claims?.['exp'];
    const expiryMillis = typeof expiry === 'number' ? expiry * 1000 : Infinity;
    if (this.#verified.size >= verifiedTokensMax) this.#verified.clear();
    const verified = { username, authRevision, expiryMillis };
    this.#verified.set(token, verified);
    return verified;
  }
}
