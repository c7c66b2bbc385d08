import { encodeUtf8 } from '../base/bytes.ts';
import type { Bcrypt, OpenTokenSigner } from '../platform/credentials.ts';
import type { HttpHandler, HttpServeOptions, ServerTls } from '../platform/http.ts';
import type { Address, Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { GrpcServer } from '../grpc/server.ts';
import type { GrpcMethods } from '../grpc/service.ts';
import type { KeepaliveOptions } from '../grpc/keepalive.ts';
import { type AccessOptions, controlAccess, openAccess } from './access-control.ts';
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
  /** Addresses for HTTP alone; when there are any, only gRPC is served on the others. */
  readonly listenClientHttp?: readonly Address[];
  /** More addresses for /metrics and /health; those that are secure with the clients' certificate. */
  readonly listenMetrics?: readonly (Address & { readonly secure?: boolean })[];
  /** Default true. */
  readonly gateway?: boolean;
  /** Default: everybody. */
  readonly access?: AccessOptions;
  /** Also tell how long calls take. Default false. */
  readonly extensiveMetrics?: boolean;
  /** Most streams of a client's connection. */
  readonly streamsMax?: number;
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

const onlyGrpc: HttpHandler = () =>
  Promise.resolve({
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: encodeUtf8('this address speaks gRPC only: see --listen-client-http-urls\n'),
  });

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
      const methods = countCalls(
        new Map([...served, ...healthService(), ...reflectionService()]),
        metrics,
        options.extensiveMetrics === true ? platform.clock : undefined,
      );
      const endpoints = new HttpEndpoints(member, methods, metrics, byCertificate, options.gateway);
      const tls = options.clientTls ?? 'none';
      const handle = controlAccess(endpoints.handle, options.access ?? openAccess, tls !== 'none');
      const apart = options.listenClientHttp ?? [];
      const server = new GrpcServer(platform, {
        methods,
        ...(apart.length === 0 && { http: handle }),
        ...(options.streamsMax !== undefined && { streamsMax: options.streamsMax }),
        keepalive: options.keepalive,
        messageBytesMax: options.requestBytesMax + messageOverheadBytes,
      });
      const service = new EtcdService(member, server, listeners);
      for (const { secure, ...address } of options.listenMetrics ?? []) {
        const serving: HttpServeOptions = { tls: secure === true ? tls : 'none' };
        listeners.push(await platform.network.http.serve(address, endpoints.handleMetrics, serving));
      }
      // Nobody is served before, as etcd does it: what clients were told in an earlier life may be newer than what is here.
      if (!(await member.published)) return service;
      for (const address of apart)
        listeners.push(await platform.network.http.serve(address, handle, { tls }));
      for (const address of options.listenClient) {
        const serving: HttpServeOptions = { tls, http2: server.accept };
        const http1 = apart.length === 0 ? handle : onlyGrpc;
        listeners.push(await platform.network.http.serve(address, http1, serving));
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
