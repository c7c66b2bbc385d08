/**
 * Expensive or keyed cryptography that a host does for a component: bcrypt, which must not hold up the event loop, and signed
 * tokens. Not part of the Platform: who needs one is given it.
 */

/**
 * bcrypt's text form (`$2a$10$` + 22 characters of salt + 31 of hash) of `password`'s UTF-8 with the cost and the salt that
 * `salt` (its first 29 characters) says. Rejects when `salt` is none.
 */
export type Bcrypt = (password: string, salt: string) => Promise<string>;

/** Signs and verifies JSON Web Tokens (RFC 7519) with one key and one algorithm. */
export interface TokenSigner {
  /** Rejects when it has only a public key. */
  sign(claims: Readonly<Record<string, string | number>>): Promise<string>;
  /** The claims of a token with a good signature of this algorithm that has not expired; else undefined. */
  verify(token: string): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** PEM texts; for the algorithms HS… the private key is any text. */
export interface TokenKeys {
  /** RS, PS, ES or HS with 256, 384 or 512, or EdDSA. */
  readonly signMethod: string;
  readonly publicKey: string | undefined;
  readonly privateKey: string | undefined;
}

/** Rejects with a sentence that says which key is missing or does not fit. */
export type OpenTokenSigner = (keys: TokenKeys) => Promise<TokenSigner>;
