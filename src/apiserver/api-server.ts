import { toHex } from '../base/bytes.ts';
import { requestEntityTooLarge, timeout } from '../api/errors.ts';
import { builtinResources } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { HttpResponse, HttpServerRequest } from '../platform/http.ts';
import type { Address, Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { authenticate } from './authn.ts';
import { authorize } from './authz.ts';
import { bootstrap } from './bootstrap.ts';
import { Compactor } from './compactor.ts';
import { DocumentHandler } from './document-handler.ts';
import { fromEtcdError } from './etcd-failure.ts';
import { HealthHandler } from './health-handler.ts';
import { Registries } from './registries.ts';
import { parseRequestInfo } from './request-info.ts';
import type { RequestInfo } from './request-info.ts';
import { ResourceHandler } from './resource-handler.ts';
import { errorResponse, jsonResponse, textResponse, wantsPretty } from './responses.ts';

/**
 * apiserver/: the only door to the store: a request in, a response or a watch stream out.
 *
 * Boundary: sees `api` (what kinds are), `platform` and, of etcd, the EtcdClient alone. It keeps no state
 * that the store does not have: any number of servers may stand before one store, and one may die at any
 * point of any request.
 *
 * A request passes requestInfo → authentication → authorization → handler; registry.ts holds the verbs,
 * storage.ts the keys and values, watch-cache.ts what lists and watches are served from.
 *
 * Invariants
 *   A1  resourceVersion is the store's revision of the last change, and is never part of a stored value.
 *   A2  Every write is one transaction that compares what it was decided on. It is sent once: when its
 *       outcome is unknown the client hears a Timeout, and nothing is tried again behind its back.
 *   A3  What must be unique in the cluster (names, cluster IPs) is claimed in the transaction that uses it.
 *   A4  A watch sees, from its start on, every change that its selectors show, once, in revision order; or
 *       it ends. It never skips silently.
 *   A5  A read without resourceVersion is linearizable, wherever it is served from.
 *   A6  Every refusal is a Status; what is not served is absent from discovery and answers 404 or 405.
 *   A7  No client can make the server hold more than the named bounds: bodies, watcher queues, histories.
 */
export interface ApiServerOptions {
  readonly etcd: EtcdClient;
  readonly listen: Address;
  /** `none`: no certificates; everybody is trusted. For tests and for a network that is itself the lock. */
  readonly tls: 'mutual' | 'none';
  /** Where cluster IPs come from: `10.96.0.0/16`. */
  readonly serviceCidr: string;
  /** The address that discovery tells clients. */
  readonly advertise: Address;
  /** The Kubernetes version whose API this is, as /version says it. */
  readonly version?: string;
}

const requestTimeoutMillis = 60_000;
const bodyBytesMax = 3 * 1024 * 1024;
const defaultVersion = 'v1.36.0+drydock';

export class ApiServer {
  readonly #platform: Platform;
  readonly #options: ApiServerOptions;
  readonly #registries: Registries;
  readonly #resources: ResourceHandler;
  readonly #documents: DocumentHandler;
  readonly #health: HealthHandler;
  readonly #abort = new AbortController();
  #listener: Listener | undefined;
  #isBootstrapped = false;

  constructor(platform: Platform, options: ApiServerOptions) {
    const { etcd, serviceCidr, tls, advertise, version = defaultVersion } = options;
    this.#platform = platform;
    this.#options = options;
    this.#registries = new Registries(platform, { etcd, resources: builtinResources, serviceCidr });
    this.#resources = new ResourceHandler(platform, builtinResources, this.#registries, tls);
    this.#documents = new DocumentHandler(builtinResources, advertise, version);
    this.#health = new HealthHandler(etcd, () => this.#isReady());
  }

  /**
   * Starts filling the caches and makes the system namespaces, and listens; `/readyz` tells when both are
   * done. Rejects with a NetworkError when the address cannot be had.
   */
  async start(): Promise<Listener> {
    const { listen, tls } = this.#options;
    const { network, logger } = this.#platform;
    for (const registry of this.#registries.all()) void registry.cache.run();
    void this.#bootstrap();
    void new Compactor(this.#platform, this.#options.etcd).run(this.#abort.signal);
    this.#listener = await network.http.serve(listen, (request) => this.handle(request), { tls });
    const { host, port } = this.#listener.address;
    logger.info('API server listens', { host, port });
    return this.#listener;
  }

  /** Ends all watches and stops listening. Idempotent. */
  async stop(): Promise<void> {
    this.#abort.abort();
    for (const registry of this.#registries.all()) registry.cache.stop();
    await this.#listener?.close();
  }

  /** Answers one request. Rejects for bugs only. */
  async handle(request: HttpServerRequest): Promise<HttpResponse> {
    const info = parseRequestInfo(request.method, request.path);
    const response = await this.#withTimeout(info, this.#answer(request, info));
    const headers = {
      'audit-id': this.#auditId(),
      'cache-control': 'no-cache, private',
      ...response.headers,
    };
    if (request.method === 'HEAD') return { ...response, headers, body: new Uint8Array(0) };
    return { ...response, headers };
  }

  async #answer(request: HttpServerRequest, info: RequestInfo): Promise<HttpResponse> {
    const pretty = wantsPretty(info.query, request.headers['user-agent']);
    try {
      if (request.body.length > bodyBytesMax) throw requestEntityTooLarge(bodyBytesMax);
      const refusal = authorize(authenticate(request, this.#options.tls), info);
      if (refusal !== undefined) throw refusal;
      if (info.isResource && this.#resources.serves(info.group, info.version)) {
        return await this.#resources.handle(request, info);
      }
      return await this.#answerOther(request, info);
    } catch (error) {
      if (error instanceof ApiError) return errorResponse(error, pretty);
      if (!(error instanceof EtcdError)) throw error;
      const { method, path } = info;
      this.#platform.logger.warn('the store failed a request', { method, path, error: error.message });
      return errorResponse(fromEtcdError(error, method !== 'GET' && method !== 'HEAD'), pretty);
    }
  }

  async #answerOther(request: HttpServerRequest, info: RequestInfo): Promise<HttpResponse> {
    const { method, path, query } = info;
    // A resource of a group that is not served is not there, whatever the method.
    if (info.isResource) return textResponse(404, '404 page not found\n');
    if (method !== 'GET' && method !== 'HEAD') return textResponse(405, 'Method Not Allowed\n');
    const health = await this.#health.handle(path, query);
    if (health !== undefined) return health;
    // drydock's own: how the store member behind this server stands (`drydock status`).
    if (path === '/debug/store') return jsonResponse(200, await this.#options.etcd.status(), false);
    return this.#documents.handle(request, path, query) ?? textResponse(404, '404 page not found\n');
  }

  /** A watch and a followed log last as long as the client wants; all else has a minute. */
  async #withTimeout(info: RequestInfo, answer: Promise<HttpResponse>): Promise<HttpResponse> {
    const { clock } = this.#platform;
    let cancel = (): void => {};
    const late = new Promise<HttpResponse>((resolve) => {
      const timer = clock.setTimer(requestTimeoutMillis, () => {
        const error = timeout('request did not complete within the allotted timeout', 1);
        resolve(errorResponse(error, wantsPretty(info.query)));
      });
      cancel = () => timer.cancel();
    });
    const response = await Promise.race([answer, late]);
    cancel();
    return response;
  }

  #auditId(): string {
    const bytes = this.#platform.random.bytes(16);
    return toHex(bytes);
  }

  async #bootstrap(): Promise<void> {
    const { signal } = this.#abort;
    this.#isBootstrapped = await bootstrap(this.#platform, this.#registries.core('namespaces'), signal);
  }

  #isReady(): boolean {
    return this.#isBootstrapped && this.#registries.all().every(({ cache }) => cache.ready);
  }
}
