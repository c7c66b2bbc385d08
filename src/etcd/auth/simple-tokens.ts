import type { AuthInfo, AuthStore, TokenObserver } from '../../mvcc/auth/auth-store.ts';
import type { Index } from '../../raft/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';
import type { TokenProvider } from './token-provider.ts';

/** How long a token lives after its last use, unless told otherwise. */
export const simpleTokenTtlSecondsDefault = 300;

/** Tokens that this member remembers; then the one that was not used for the longest time goes. */
export const simpleTokensMax = 100_000;

const prefixLength = 16;
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What simple tokens need of a member (EtcdServer has it). */
export interface TokenMember {
  readonly auth: AuthStore;
  readonly applied: Index;
  linearizableRead(): Promise<void>;
}

interface Token {
  readonly username: string;
  expiryMillis: number;
}

/**
 * etcd's simple tokens (server/auth/simple_token.go): `<16 random letters>.<index of the log entry>`. The log tells every member
 * of each token, so that it is good at all of them; no signature. They are in memory only: after a restart, or a snapshot
 * from another member, clients authenticate again, as they do when a token has expired.
 */
export class SimpleTokens implements TokenProvider, TokenObserver {
  readonly #member: TokenMember;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ttlMillis: number;
  /** In the order of their last use, which is that of their expiry. */
  readonly #tokens = new Map<string, Token>();
  #store: AuthStore | undefined;

  constructor(
    member: TokenMember,
    platform: { readonly clock: Clock; readonly random: Random },
    ttlSeconds: number = simpleTokenTtlSecondsDefault,
  ) {
    this.#member = member;
    this.#clock = platform.clock;
    this.#random = platform.random;
    this.#ttlMillis = ttlSeconds * 1000;
    this.#attach();
  }

  get size(): number {
    return this.#tokens.size;
  }

  prefix(): string {
    let prefix = '';
    for (let i = 0; i < prefixLength; i++) prefix += letters[this.#random.integer(letters.length)]!;
    return prefix;
  }

  issue(_username: string, _authRevision: number, applied: string): Promise<string> {
    return Promise.resolve(applied);
  }

  identify(token: string): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    this.#attach();
    const known = this.#lookUp(token);
    if (known !== undefined) return known;
    const index = indexOf(token);
    if (index === undefined || index <= this.#member.applied) return undefined;
    // Another member gave it out; this one is behind. etcd waits for the index, for ever if there is none such; but what was
    // given out is applied here after one linearizable read.
    return this.#member.linearizableRead().then(() => this.#lookUp(token));
  }

  assigned(token: string, username: string): void {
    this.#forgetExpired();
    if (this.#tokens.size >= simpleTokensMax) {
      for (const oldest of this.#tokens.keys()) {
        this.#tokens.delete(oldest);
        break;
      }
    }
    this.#tokens.set(token, { username, expiryMillis: this.#clock.monotonicMillis() + this.#ttlMillis });
  }

  userChanged(username: string): void {
    for (const [token, holder] of this.#tokens) {
      if (holder.username === username) this.#tokens.delete(token);
    }
  }

  disabled(): void {
    this.#tokens.clear();
  }

  #lookUp(token: string): AuthInfo | undefined {
    this.#forgetExpired();
    const known = this.#tokens.get(token);
    if (known === undefined) return undefined;
    known.expiryMillis = this.#clock.monotonicMillis() + this.#ttlMillis;
    this.#tokens.delete(token);
    this.#tokens.set(token, known);
    return { username: known.username, authRevision: this.#member.auth.revision };
  }

  #forgetExpired(): void {
    const now = this.#clock.monotonicMillis();
    for (const [token, { expiryMillis }] of this.#tokens) {
      if (expiryMillis > now) return;
      this.#tokens.delete(token);
    }
  }

  /** A snapshot of another member's state comes as another store: what happened to the users until then is not known. */
  #attach(): void {
    const { auth } = this.#member;
    if (this.#store === auth) return;
    this.#store = auth;
    this.#tokens.clear();
    auth.observer = this;
  }
}

function indexOf(token: string): number | undefined {
  const parts = token.split('.');
  return parts.length === 2 && /^\d{1,15}$/.test(parts[1]!) ? Number(parts[1]) : undefined;
}
