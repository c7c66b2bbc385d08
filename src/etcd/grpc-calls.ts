import type { ClientCall } from '../grpc/client-call.ts';
import { GrpcError, grpcCode, type GrpcStatus } from '../grpc/status.ts';
import type { Address, TlsMaterial } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { type Endpoint, Endpoints } from './grpc-endpoints.ts';
import { EtcdError, grpcCodes, tooManyRequestsError } from './errors.ts';
import { AuthenticateRequest, AuthenticateResponse } from './proto/rpc.ts';

export interface GrpcEtcdClientOptions {
  /** The members' client addresses; at least one. */
  readonly endpoints: readonly Address[];
  /** `mutual`: TLS with this host's certificate and authority. Default `none`. */
  readonly tls?: 'mutual' | 'none' | TlsMaterial;
  /** Whoever calls, where auth is on. While it is off they are not needed, and not refused. */
  readonly credentials?: EtcdCredentials;
  /** How long one endpoint may take for one call. Default 10 s: longer than etcd itself waits for a quorum. */
  readonly requestTimeoutMillis?: number;
  /** Default 2 s. */
  readonly connectTimeoutMillis?: number;
  /** Silence after which a member is pinged, and how long its answer may take. Default 10 s (etcd allows 5 s) and 5 s. */
  readonly keepalive?: { readonly intervalMillis: number; readonly timeoutMillis: number };
}

export interface EtcdCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Why a stream ended: its endpoint failed, and is at rest now; its token is no good there, and the next stream gets another, at
 * another endpoint if it can; or whatever it was for is not wanted, which would be so at another endpoint, too.
 */
export type EndCause = 'broken' | 'token' | 'refused';

/** What the owner of a stream hears. */
export interface EtcdStreamEvents {
  /** First: the stream is there to be sent to. */
  opened(stream: EtcdStream): void;
  message(bytes: Uint8Array): void;
  /** Once, last, unless the owner ended it. */
  ended(error: EtcdError, cause: EndCause): void;
}

/** A stream at one endpoint. */
export interface EtcdStream {
  send(message: Uint8Array): void;
  /** Ends it; no event follows. Idempotent. */
  end(): void;
  /** As `end`, because the endpoint is silent. */
  abandon(reason: string): void;
  /** As `end`, because its token was refused. False when there are no credentials to get another with. */
  refuseToken(reason: string): boolean;
}

/** Unary calls without an answer; one more is refused. */
const callsMax = 10_000;
/** Tokens in a row that a stream may be refused for: a member that lags behind may not know one that another gave out. */
export const tokenRefusalsMax = 5;
/** How long a call waits for an endpoint's rest to end before it tries it all the same. */
const restMillisMax = 500;
const requestMillisDefault = 10_000;
const connectMillisDefault = 2_000;
const keepaliveDefault = { intervalMillis: 10_000, timeoutMillis: 5_000 };
const leaderChanged = 'etcdserver: leader changed';
const learner = 'etcdserver: rpc not supported for learner';
/** What a stream that could be served elsewhere does not end with. */
const refusalCodes = new Set<number>([
  grpcCode.invalidArgument,
  grpcCode.notFound,
  grpcCode.permissionDenied,
  grpcCode.failedPrecondition,
  grpcCode.unauthenticated,
]);
const authNotEnabled = 'etcdserver: authentication is not enabled';
/** Refusals before anything was done, which another token may cure (clientv3's shouldRefreshToken). */
const tokenRefusals = [
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  'etcdserver: user name is empty',
];

/**
 * Calls of a cluster: which endpoint, with whose token, and what may be said again.
 *
 * Invariants
 *   E1  A call of which a byte may have been sent is repeated only if it changes nothing, or was refused for its token: that
 *       comes before anything is done.
 *   E2  A call is tried at most once more than there are endpoints, and each time with a time limit.
 *   E3  Tokens are asked for once, whoever waits.
 */
export class GrpcCalls {
  readonly #platform: Platform;
  readonly #endpoints: Endpoints;
  readonly #credentials: EtcdCredentials | undefined;
  readonly requestTimeoutMillis: number;
  #calls = 0;
  /** Its value is undefined while auth is off. */
  #token: Promise<string | undefined> | undefined;
  #closed = false;

  constructor(platform: Platform, options: GrpcEtcdClientOptions) {
    this.#platform = platform;
    this.#credentials = options.credentials;
    this.requestTimeoutMillis = options.requestTimeoutMillis ?? requestMillisDefault;
    this.#endpoints = new Endpoints(platform, options.endpoints, {
      tls: options.tls ?? 'none',
      connectTimeoutMillis: options.connectTimeoutMillis ?? connectMillisDefault,
      keepalive: options.keepalive ?? keepaliveDefault,
    });
  }

  get platform(): Platform {
    return this.#platform;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Tries of a call: all endpoints, and once more. */
  get attemptsMax(): number {
    return this.#endpoints.size + 1;
  }

  /** One request, one reply. `repeatable`: it may be said again although it may have been done. @throws EtcdError */
  async unary(path: string, message: Uint8Array, repeatable: boolean): Promise<Uint8Array> {
    if (this.#calls >= callsMax) throw tooManyRequestsError();
    this.#calls++;
    try {
      return await this.#unary(path, message, repeatable, this.#credentials !== undefined);
    } finally {
      this.#calls--;
    }
  }

  /**
   * Opens a stream at the endpoint to be used now, when that is no longer at rest. It ends when its member is cut off from
   * the cluster (`hasleader`).
   *
   * @throws EtcdError when it gets no token, or the client is closed
   */
  async stream(path: string, events: EtcdStreamEvents): Promise<void> {
    const endpoint = await this.#rested(Number.POSITIVE_INFINITY);
    const token = this.#credentials === undefined ? undefined : this.#currentToken();
    const text = await token;
    if (this.#closed) throw closedError();
    const metadata = { hasleader: 'true', ...(text !== undefined && { token: text }) };
    let heard = false;
    let over = false;
    const call: ClientCall = endpoint.channel.stream(
      path,
      {
        message: (bytes) => {
          if (over) return;
          if (!heard) this.#endpoints.worked(endpoint);
          heard = true;
          events.message(bytes);
        },
        ended: (status) => {
          if (over) return;
          over = true;
          const cause = this.#endCause(status, token !== undefined);
          if (cause === 'token' && token !== undefined) this.#forget(token);
          if (cause !== 'refused') this.#endpoints.failed(endpoint, status.message);
          events.ended(this.#closed ? closedError() : toEtcdError(status, true), cause);
        },
        drained: () => {},
      },
      { metadata },
    );
    const end = (): void => {
      over = true;
      call.cancel();
    };
    events.opened({
      send: (message) => void call.send(message),
      end,
      abandon: (reason) => {
        if (over) return;
        this.#endpoints.failed(endpoint, reason);
        end();
      },
      refuseToken: (reason) => {
        if (token === undefined) return false;
        this.#forget(token);
        this.#endpoints.failed(endpoint, reason);
        end();
        return true;
      },
    });
  }

  /** Calls and streams under way end. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#endpoints.close();
  }

  async #unary(path: string, message: Uint8Array, repeatable: boolean, known: boolean): Promise<Uint8Array> {
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      let endpoint = this.#endpoints.choose();
      if (endpoint.failures > 0) endpoint = await this.#rested(restMillisMax);
      const token = known ? this.#currentToken() : undefined;
      const text = token && (await token);
      if (this.#closed) throw closedError();
      try {
        const reply = await endpoint.channel.unary(path, message, {
          timeoutMillis: this.requestTimeoutMillis,
          ...(text !== undefined && { metadata: { token: text } }),
        });
        this.#endpoints.worked(endpoint);
        return reply;
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        if (this.#closed) throw toEtcdError(error, error.sent);
        if (token !== undefined && !renewed && isTokenRefusal(error.message)) {
          renewed = true;
          this.#forget(token);
          continue;
        }
        if (cannotServe(error)) this.#endpoints.failed(endpoint, error.message);
        else this.#endpoints.worked(endpoint);
        if (attempt >= this.attemptsMax || !mayRepeat(error, repeatable))
          throw toEtcdError(error, error.sent);
      }
    }
  }

  /** The endpoint to use, after a time for its rest if it needs one. */
  async #rested(millisMax: number): Promise<Endpoint> {
    const { clock } = this.#platform;
    const untilMillis = clock.monotonicMillis() + millisMax;
    for (;;) {
      if (this.#closed) throw closedError();
      const endpoint = this.#endpoints.choose();
      const restMillis = this.#endpoints.restMillis(endpoint);
      const leftMillis = untilMillis - clock.monotonicMillis();
      if (restMillis === 0 || leftMillis <= 0) return endpoint;
      await clock.sleep(Math.min(restMillis, leftMillis));
    }
  }

  #endCause({ code, message }: GrpcStatus, withToken: boolean): EndCause {
    if (this.#closed) return 'refused';
    if (isTokenRefusal(message)) return withToken ? 'token' : 'refused';
    return refusalCodes.has(code) && message !== learner ? 'refused' : 'broken';
  }

  #currentToken(): Promise<string | undefined> {
    this.#token ??= this.#authenticate();
    return this.#token;
  }

  #forget(token: Promise<string | undefined>): void {
    if (this.#token === token) this.#token = undefined;
  }

  #authenticate(): Promise<string | undefined> {
    const { username: name, password } = this.#credentials!;
    const message = AuthenticateRequest.encode({ name, password });
    const token = this.#unary('/etcdserverpb.Auth/Authenticate', message, true, false).then(
      (reply) => AuthenticateResponse.decode(reply).token,
      (error: unknown) => {
        if (error instanceof EtcdError && error.message === authNotEnabled) return undefined;
        this.#forget(token);
        throw error;
      },
    );
    return token;
  }
}

export function isTokenRefusal(message: string): boolean {
  return tokenRefusals.some((refusal) => message.endsWith(refusal));
}

/** Whether it is the endpoint that failed, not the call. */
function cannotServe({ code, message }: GrpcStatus): boolean {
  switch (code) {
    case grpcCode.unavailable:
      return message !== leaderChanged;
    case grpcCode.deadlineExceeded:
    case grpcCode.unimplemented:
    case grpcCode.internal:
      return true;
    default:
      return message === learner;
  }
}

function mayRepeat(error: GrpcError, repeatable: boolean): boolean {
  if (error.code === grpcCode.unavailable) return repeatable || !error.sent;
  if (!repeatable) return false;
  return (
    error.code === grpcCode.deadlineExceeded || error.code === grpcCode.internal || error.message === learner
  );
}

/**
 * The failure under etcd's name. What the way there did to a call that was sent gets a code that says that its outcome is
 * unknown.
 */
function toEtcdError({ code, message }: GrpcStatus, sent: boolean): EtcdError {
  const name = grpcCodes[code];
  if (name === undefined || name === 'ok') return new EtcdError('unknown', message);
  const doubtful =
    name === 'canceled' ||
    name === 'internal' ||
    (name === 'resource-exhausted' && !/^etcdserver: |^grpc: /.test(message));
  return new EtcdError(sent && doubtful ? 'unknown' : name, message);
}

export function closedError(): EtcdError {
  return new EtcdError('canceled', 'etcd client: closed');
}
