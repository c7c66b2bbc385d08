import type { Bcrypt, OpenTokenSigner } from '../platform/credentials.ts';
import type { HttpServeOptions, ServerTls } from '../platform/http.ts';
import type { Address, Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { GrpcServer } from '../grpc/server.ts';
import type { GrpcMethods } from '../grpc/service.ts';
import type { KeepaliveOptions } from '../grpc/keepalive.ts';
import { Callers } from './auth/callers.ts';
import { Passwords } from './auth/passwords.ts';
import { openTokenProvider } from './auth/token-options.ts';
import { countCalls } from './call-metrics.ts';
import { HttpEndpoints } from './http-endpoints.ts';
import { measureDisk } from './measured-disk.ts';
import { Member } from './member.ts';
import type { MemberOptions } from './member-options.ts';
import { addMemberMetrics, addProcessMetrics, countLeaders, type ProcessFacts } from './member-metrics.ts';
import { Metrics } from './metrics.ts';
import { authService } from './services/auth.ts';
import { clusterService } from './services/cluster.ts';
import { electionService } from './services/election.ts';
import { healthService } from './services/health.ts';
import { kvService } from './services/kv.ts';
import { leaseService } from './services/lease.ts';
import { lockService } from './services/lock.ts';
import { maintenanceService } from './services/maintenance.ts';
import { reflectionService } from './services/reflection.ts';
import type { ServiceContext } from './services/service.ts';
import { watchService } from './services/watch.ts';
import { HeaderEncoder } from './wire/header.ts';

export interface EtcdServiceOptions {
  readonly member: MemberOptions;
  /** Where clients are served: gRPC, the JSON gateway and the HTTP endpoints, all on one port. */
  readonly listenClient: readonly Address[];
  /** More addresses for /metrics and /health, without TLS. */
  readonly listenMetrics?: readonly Address[];
  /** Absent: plain text. */
  readonly clientTls?: ServerTls;
  readonly authToken: string;
  readonly authTokenTtlSeconds: number;
  readonly bcrypt: Bcrypt;
  readonly bcryptCost: number;
  readonly openSigner?: OpenTokenSigner;
  /** The text of a key's file. Throws a sentence. */
  readonly readFile: (path: string) => string;
  readonly txnOpsMax: number;
  readonly requestBytesMax: number;
  readonly progressNotifyMillis: number;
  readonly keepalive: KeepaliveOptions;
  /** For the metrics `process_…`; absent where there is no process. */
  readonly processFacts?: () => ProcessFacts;
}

/** What a message may have besides the request in it (etcd's grpcOverheadBytes). */
const messageOverheadBytes = 512 * 1024;
/** How long open calls have to end when the member stops. */
const drainMillis = 500;

/** A member that etcd's clients can use: the services of `services/` on its client addresses. */
export class EtcdService {
  readonly member: Member;
  readonly #server: GrpcServer;
  readonly #listeners: readonly Listener[];

  /**
   * Starts the member, waits until it takes part in its cluster, and serves it: then says `ready to serve client requests`.
   * A member that stops before is returned, too, for `failed` to be looked at.
   *
   * @throws what Member.start throws; NetworkError when an address cannot be bound; Error for token options that make no sense
   */
  static async start(platform: Platform, options: EtcdServiceOptions): Promise<EtcdService> {
    const metrics = new Metrics();
    const member = await Member.start(
      { ...platform, disk: measureDisk(platform.disk, platform.clock, metrics) },
      { ...options.member, observer: countLeaders(metrics, options.member.observer) },
    );
    addMemberMetrics(metrics, member);
    if (options.processFacts !== undefined) addProcessMetrics(metrics, options.processFacts);
    const listeners: Listener[] = [];
    try {
      const tokens = await openTokenProvider(member, platform, {
        authToken: options.authToken,
        ttlSeconds: options.authTokenTtlSeconds,
        readFile: options.readFile,
        ...(options.openSigner !== undefined && { openSigner: options.openSigner }),
      });
      const passwords = new Passwords(options.bcrypt, platform.random, options.bcryptCost);
      const byCertificate = options.clientTls?.clientCertificates === 'required';
      const callers = new Callers(member, tokens, byCertificate);
      const context: ServiceContext = {
        member,
        header: new HeaderEncoder(member.clusterId, member.id),
        authenticate: (call) => callers.authenticate(call),
        options,
      };
      const served: GrpcMethods = callers.admit(
        new Map([
          ...kvService(context),
          ...watchService(context),
          ...leaseService(context),
          ...clusterService(context),
          ...maintenanceService(context),
          ...authService(context, { tokens, passwords }),
          ...lockService(context),
          ...electionService(context),
        ]),
      );
      // Health and reflection know no secrets and no callers.
      const methods = countCalls(new Map([...served, ...healthService(), ...reflectionService()]), metrics);
      const endpoints = new HttpEndpoints(member, methods, metrics, byCertificate);
      const server = new GrpcServer(platform, {
        methods,
        http: endpoints.handle,
        keepalive: options.keepalive,
        messageBytesMax: options.requestBytesMax + messageOverheadBytes,
      });
      const service = new EtcdService(member, server, listeners);
      for (const address of options.listenMetrics ?? []) {
        listeners.push(await platform.network.http.serve(address, endpoints.handleMetrics, { tls: 'none' }));
      }
      // Nobody is served before, as etcd does it: what clients were told in an earlier life may be newer than what is here.
      if (!(await member.published)) return service;
      for (const address of options.listenClient) {
        const serving: HttpServeOptions = { tls: options.clientTls ?? 'none', http2: server.accept };
        listeners.push(await platform.network.http.serve(address, endpoints.handle, serving));
        const { host, port } = address;
        platform.logger.info('ready to serve client requests', { host, port });
      }
      return service;
    } catch (error) {
      for (const listener of listeners) await listener.close();
      await member.stop();
      throw error;
    }
  }

  private constructor(member: Member, server: GrpcServer, listeners: readonly Listener[]) {
    this.member = member;
    this.#server = server;
    this.#listeners = listeners;
  }

  /** Resolves with the reason when the member cannot go on. */
  get failed(): Promise<Error> {
    return this.member.failed;
  }

  /** Lets open calls end for a moment, then ends everything. Idempotent. */
  async stop(): Promise<void> {
    const drained = this.#server.drain(drainMillis);
    await this.member.stop();
    await drained;
    this.#server.close();
    for (const listener of this.#listeners) await listener.close();
  }
}
