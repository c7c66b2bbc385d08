import type { AuthInfo } from '../../mvcc/auth/auth-store.ts';

/** What stands for a user in the requests after Authenticate. */
export interface TokenProvider {
  /** What Authenticate puts into the log for every member to know; empty when they need not. */
  prefix(): string;
  /** The token for `username`. `applied` is what the log made of the prefix. Rejects when it can only verify. */
  issue(username: string, authRevision: number, applied: string): Promise<string>;
  /** For whom `token` stands; undefined for nobody. A promise only when something must be waited for. */
  identify(token: string): AuthInfo | undefined | Promise<AuthInfo | undefined>;
}
