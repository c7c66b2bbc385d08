import { must } from '../../../src/base/assert.ts';
import { concatBytes } from '../../../src/base/bytes.ts';
import { apply } from '../../../src/etcd/applier.ts';
import { writeApplied } from '../../../src/etcd/applied-state.ts';
import { inlineBcrypt } from '../../../src/etcd/auth/inline-bcrypt.ts';
import { Callers } from '../../../src/etcd/auth/callers.ts';
import { Passwords } from '../../../src/etcd/auth/passwords.ts';
import { SimpleTokens } from '../../../src/etcd/auth/simple-tokens.ts';
import type { Watch, WatchEvents, WatchRequest } from '../../../src/etcd/client.ts';
import type { EtcdServer, ProposeOptions } from '../../../src/etcd/etcd-server.ts';
import { MemberWatch } from '../../../src/etcd/member-watch.ts';
import type { MessageType } from '../../../src/etcd/proto/message.ts';
import type { Applied, Request } from '../../../src/etcd/request.ts';
import { authService } from '../../../src/etcd/services/auth.ts';
import { electionService } from '../../../src/etcd/services/election.ts';
import { leaseService } from '../../../src/etcd/services/lease.ts';
import { lockService } from '../../../src/etcd/services/lock.ts';
import type { ServiceContext } from '../../../src/etcd/services/service.ts';
import { watchService } from '../../../src/etcd/services/watch.ts';
import { StateMachine } from '../../../src/etcd/state-machine.ts';
import { HeaderEncoder } from '../../../src/etcd/wire/header.ts';
import type { Message } from '../../../src/grpc/message.ts';
import type { GrpcMethods, ServerCall, StreamingMethod, UnaryMethod } from '../../../src/grpc/service.ts';
import { type GrpcStatus, okStatus } from '../../../src/grpc/status.ts';
import { MemoryBackend } from '../../../src/mvcc/memory-backend.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import { OsClock } from '../../../src/platform/os/os-clock.ts';
import { OsRandom } from '../../../src/platform/os/os-random.ts';
import { index, memberId, term } from '../../../src/raft/types.ts';

const id = memberId('a');
const confState = { voters: [id], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** The state machine with a log in front of it that commits at once: a cluster of one without Raft, disk or time. */
export class LoneMember {
  readonly platform = { clock: new OsClock(), random: new OsRandom() };
  readonly id = id;
  readonly leader = id;
  readonly term = term(2);
  readonly learner = false;
  readonly quotaBytes = 0;
  readonly electionTimeoutMillis = 1000;
  readonly #state: StateMachine;

  constructor() {
    const backend = new MemoryBackend();
    writeApplied(backend, { index: index(0), term: term(0), confState });
    this.#state = new StateMachine(backend);
  }

  get store(): StateMachine['store'] {
    return this.#state.store;
  }

  get auth(): StateMachine['auth'] {
    return this.#state.auth;
  }

  get applied(): EtcdServer['applied'] {
    return this.#state.applied.index;
  }

  async propose<R extends Request>(request: R, { auth }: ProposeOptions = {}): Promise<Applied<R>> {
    await Promise.resolve();
    const next = index(this.applied + 1);
    const result = apply(this.#state, request, auth, { index: next, term: this.term });
    this.#state.advance({ type: 'normal', index: next, term: this.term, data: new Uint8Array(0) }, confState);
    if (!result.ok) throw result.error;
    return result.value as Applied<R>;
  }

  async linearizableRead(): Promise<void> {
    await Promise.resolve();
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    const watch = new MemberWatch(this.store, request, events, { ended: () => {}, behind: () => {} });
    while (this.store.syncWatchers());
    return watch;
  }

  leaseKeepAlive(lease: LeaseId): Promise<number> {
    return Promise.resolve(this.store.lease(lease)?.ttlSeconds ?? 0);
  }

  leases(): ReturnType<EtcdServer['leases']> {
    return this.store.leases();
  }

  leaseTimeToLive(lease: LeaseId): ReturnType<EtcdServer['leaseTimeToLive']> {
    const held = this.store.lease(lease);
    return Promise.resolve(held && { grantedTtl: held.ttlSeconds, remainingTtl: held.ttlSeconds - 0.5 });
  }

  #lastLease = 0x1000n;
  newLeaseId(): LeaseId {
    return ++this.#lastLease as LeaseId;
  }
}

/** The services in test on a LoneMember, and calls of them. */
export class Desk {
  readonly member = new LoneMember();
  readonly methods: GrpcMethods;

  constructor() {
    const tokens = new SimpleTokens(this.member, this.member.platform);
    const callers = new Callers(this.member, tokens, true);
    const context: ServiceContext = {
      // What the services in test do not touch is not there.
      member: this.member as unknown as EtcdServer,
      header: new HeaderEncoder('c1', 'a'),
      authenticate: (call) => callers.authenticate(call),
      options: { txnOpsMax: 128, requestBytesMax: 1_572_864, progressNotifyMillis: 600_000 },
    };
    const passwords = new Passwords(inlineBcrypt, this.member.platform.random, 4);
    this.methods = callers.admit(
      new Map([
        ...authService(context, { passwords, tokens }),
        ...leaseService(context),
        ...lockService(context),
        ...electionService(context),
        ...watchService(context),
      ]),
    );
  }

  /** A call under way. */
  begin<Q extends object>(
    path: string,
    request: MessageType<Q>,
    value: Partial<Q>,
    caller: Caller = {},
  ): TestCall {
    const call = new TestCall(caller);
    (must(this.methods.get(path)) as UnaryMethod).handle(request.encode(value), call.server);
    return call;
  }

  /** The answer; rejects with `<code> <message>`. */
  async call<Q extends object, S extends object>(
    path: string,
    [request, response]: readonly [MessageType<Q>, MessageType<S>],
    value: Partial<Q> = {},
    caller: Caller = {},
  ): Promise<S> {
    const call = this.begin(path, request, value, caller);
    await call.ended;
    return response.decode(must(call.messages[0]));
  }

  /** A stream that is sent `values`, and then no more; without any it is for its test to `send`. */
  open<Q extends object>(
    path: string,
    request: MessageType<Q>,
    values: readonly Partial<Q>[],
    caller: Caller = {},
  ): TestCall {
    const call = new TestCall(caller);
    const events = (must(this.methods.get(path)) as StreamingMethod).open(call.server);
    call.send = (bytes) => events.message(bytes);
    call.halfClose = () => events.halfClosed();
    call.drained = () => events.drained();
    for (const value of values) call.send(request.encode(value));
    if (values.length > 0) events.halfClosed();
    call.cancel = () => events.cancelled('the client has gone');
    return call;
  }
}

export interface Caller {
  readonly token?: string;
  readonly certificate?: string;
}

/** What a client of the services sees of one call. */
export class TestCall {
  readonly messages: Uint8Array[] = [];
  /** Resolves with the end; rejects with `<code> <message>` when that is a failure. */
  readonly ended: Promise<void>;
  readonly server: ServerCall;
  status: GrpcStatus | undefined;
  /** The client goes. */
  cancel: () => void;
  /** The client sends one more message of a stream, or no more. */
  send: (bytes: Uint8Array) => void = () => {};
  halfClose: () => void = () => {};
  /** The client does not read: `send` says so. */
  full = false;
  /** It has read all. */
  drained: () => void = () => {};

  constructor({ token, certificate }: Caller) {
    let settle!: (status: GrpcStatus) => void;
    this.ended = new Promise((resolve, reject) => {
      settle = (status) => {
        this.status = status;
        if (status.code === 0) resolve();
        else reject(new Error(`${status.code} ${status.message}`));
      };
    });
    // A failure that nobody waits for is looked up in `status`.
    this.ended.catch(() => {});
    const take = (message: Message): void => {
      this.messages.push(message instanceof Uint8Array ? message : concatBytes(message.pieces));
    };
    const server = {
      metadata: {
        get: (name: string) => (name === 'token' ? token : undefined),
        getBytes: () => undefined,
      },
      identity: certificate === undefined ? undefined : { user: certificate, groups: [] },
      cancelled: false,
      onCancelled: undefined as ServerCall['onCancelled'],
      path: '',
      remoteHost: '127.0.0.1',
      deadlineMillis: undefined,
      queuedBytes: 0,
      reply: (message: Message) => {
        take(message);
        settle(okStatus);
      },
      fail: (status: GrpcStatus) => settle(status),
      send: (message: Message) => {
        take(message);
        return !this.full;
      },
      end: (status: GrpcStatus = okStatus) => settle(status),
    };
    this.server = server;
    this.cancel = () => {
      server.cancelled = true;
      server.onCancelled?.('the client has gone');
    };
  }

  decoded<S extends object>(type: MessageType<S>): S[] {
    return this.messages.map((message) => type.decode(message));
  }
}

/** Lets everything happen that needs no more input. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}
