import type { AuthInfo, AuthStore } from '../../mvcc/auth/auth-store.ts';
import type { Identity } from '../../platform/network.ts';
import { type EtcdError, fromAuthError } from '../errors.ts';
import type { TokenProvider } from './token-provider.ts';

/** What a call shows of its caller: a ServerCall, or the gateway's. */
export interface CallCredentials {
  readonly metadata: { get(name: string): string | undefined };
  readonly identity: Identity | undefined;
}

/**
 * Finds out who calls (etcd's AuthInfoFromCtx): by the token in the metadata `token`, or `authorization` as the JSON gateway
 * passes it on; else, where clients must show certificates, by the common name of theirs. Not so at the gateway, whose
 * own certificate it would be in etcd.
 */
export class Callers {
  readonly #member: { readonly auth: AuthStore };
  readonly #tokens: TokenProvider;
  readonly #byCertificate: boolean;

  /** @param byCertificate whether clients must show certificates (`--client-cert-auth`) */
  constructor(member: { readonly auth: AuthStore }, tokens: TokenProvider, byCertificate: boolean) {
    this.#member = member;
    this.#tokens = tokens;
    this.#byCertificate = byCertificate;
  }

  /**
   * Calls `known` with the caller, at once unless its token must be waited for; undefined is nobody, or anybody while auth is
   * off. Calls `refused` for a token that stands for nobody. Exactly one of the two, once.
   */
  identify(
    call: CallCredentials,
    known: (info: AuthInfo | undefined) => void,
    refused: (error: EtcdError) => void,
  ): void {
    const { auth } = this.#member;
    if (!auth.enabled) {
      known(undefined);
      return;
    }
    const token = call.metadata.get('token') ?? call.metadata.get('authorization');
    if (token === undefined) {
      known(this.#certified(call, auth.revision));
      return;
    }
    const found = this.#tokens.identify(token);
    const decide = (info: AuthInfo | undefined): void =>
      info === undefined ? refused(fromAuthError('auth-token-invalid')) : known(info);
    if (found instanceof Promise) found.then(decide, refused);
    else decide(found);
  }

  #certified(call: CallCredentials, authRevision: number): AuthInfo | undefined {
    if (!this.#byCertificate || call.identity === undefined) return undefined;
    if (call.metadata.get('grpcgateway-accept') !== undefined) return undefined;
    return { username: call.identity.user, authRevision };
  }
}
