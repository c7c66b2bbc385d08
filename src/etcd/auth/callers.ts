import type {
  CallEvents,
  GrpcMethods,
  ServerCall,
  StreamingMethod,
  UnaryMethod,
} from '../../grpc/service.ts';
import { grpcCode, type GrpcStatus } from '../../grpc/status.ts';
import type { AuthInfo, AuthStore } from '../../mvcc/auth/auth-store.ts';
import type { Identity } from '../../platform/network.ts';
import { EtcdError, fromAuthError, grpcCodes } from '../errors.ts';
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
   * The caller of `call`; undefined is nobody, or anybody while auth is off. Goes with `admit`, which has waited for what had to
   * be waited for.
   *
   * @throws EtcdError for a token that stands for nobody
   */
  authenticate(call: CallCredentials): AuthInfo | undefined {
    const { auth } = this.#member;
    if (!auth.enabled) return undefined;
    const token = tokenOf(call);
    if (token === undefined) return this.#certified(call, auth.revision);
    const info = this.#tokens.identify(token);
    // `admit` has waited, in vain; nobody waits again, nor hears that it failed.
    if (info instanceof Promise) info.catch(ignore);
    if (info === undefined || info instanceof Promise) throw fromAuthError('auth-token-invalid');
    return info;
  }

  /** `methods`, each of which begins when what it takes to know its caller is known here: at once, but for rare tokens. */
  admit(methods: GrpcMethods): GrpcMethods {
    return new Map(
      [...methods].map(([path, method]) => [
        path,
        'handle' in method ? this.#admitUnary(method) : this.#admitStream(method),
      ]),
    );
  }

  #admitUnary(method: UnaryMethod): UnaryMethod {
    return {
      handle: (request, call) => {
        const unknown = this.#unknown(call);
        if (unknown === undefined) method.handle(request, call);
        else {
          void unknown.then((failure) => {
            if (failure === undefined) method.handle(request, call);
            else call.fail(failure);
          });
        }
      },
    };
  }

  #admitStream(method: StreamingMethod): StreamingMethod {
    return {
      open: (call) => {
        const unknown = this.#unknown(call);
        if (unknown === undefined) return method.open(call);
        const held = new HeldCall(call);
        void unknown.then((failure) => held.begin(method, failure));
        return held;
      },
    };
  }

  /**
   * What must be waited for; never rejects. Whoever is unknown after it is told so by `authenticate`; not so if nobody could find
   * out, without a quorum for example: their token may be a good one.
   */
  #unknown(call: CallCredentials): Promise<GrpcStatus | undefined> | undefined {
    if (!this.#member.auth.enabled) return undefined;
    const token = tokenOf(call);
    const info = token === undefined ? undefined : this.#tokens.identify(token);
    if (!(info instanceof Promise)) return undefined;
    return info.then(ignore, (error: unknown) => {
      if (!(error instanceof EtcdError)) return undefined;
      return { code: grpcCodes.indexOf(error.code), message: error.message };
    });
  }

  #certified(call: CallCredentials, authRevision: number): AuthInfo | undefined {
    if (!this.#byCertificate || call.identity === undefined) return undefined;
    if (call.metadata.get('grpcgateway-accept') !== undefined) return undefined;
    return { username: call.identity.user, authRevision };
  }
}

/** Messages that may come in before a call begins; whoever sends more is turned away. */
const heldMessagesMax = 100;

/** A streaming call whose caller is not known yet: what comes in waits. */
class HeldCall implements CallEvents {
  readonly #call: ServerCall;
  #waiting: ((events: CallEvents) => void)[] = [];
  #events: CallEvents | undefined;
  #over = false;

  constructor(call: ServerCall) {
    this.#call = call;
  }

  begin(method: StreamingMethod, failure: GrpcStatus | undefined): void {
    if (this.#over) return;
    if (failure !== undefined) {
      this.#over = true;
      this.#call.end(failure);
      return;
    }
    const events = method.open(this.#call);
    this.#events = events;
    for (const step of this.#waiting.splice(0)) step(events);
  }

  message(bytes: Uint8Array): void {
    this.#later((events) => events.message(bytes));
  }

  halfClosed(): void {
    this.#later((events) => events.halfClosed());
  }

  cancelled(reason: string): void {
    this.#over = true;
    this.#events?.cancelled(reason);
  }

  drained(): void {
    this.#events?.drained();
  }

  #later(step: (events: CallEvents) => void): void {
    if (this.#events !== undefined) step(this.#events);
    else if (this.#waiting.length < heldMessagesMax) this.#waiting.push(step);
    else if (!this.#over) {
      this.#over = true;
      this.#call.end({ code: grpcCode.resourceExhausted, message: 'etcdserver: too many requests' });
    }
  }
}

function tokenOf({ metadata }: CallCredentials): string | undefined {
  return metadata.get('token') ?? metadata.get('authorization');
}

function ignore(): undefined {}
