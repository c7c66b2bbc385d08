import { emptyBytes, encodeUtf8 } from '../base/bytes.ts';
import type { GrpcMethods } from '../grpc/service.ts';
import type { HttpHandler, HttpResponse, HttpServerRequest } from '../platform/http.ts';
import { Gateway } from './gateway.ts';
import { HealthChecks } from './health-checks.ts';
import { etcdVersion } from './member.ts';
import type { EtcdServer } from './etcd-server.ts';
import type { Metrics } from './metrics.ts';

const textType = 'text/plain; charset=utf-8';
const noSniff = { 'x-content-type-options': 'nosniff' };
/** A client that thinks its certificate says who it is would be surprised: at the gateway only tokens do. */
const certified = text(
  400,
  'CommonName of client sending a request against gateway will be ignored and not used as expected\n',
  noSniff,
);
/** How the gateway was called before it was done. */
const betaPrefix = '/v3beta/';
const notFound = text(404, '404 page not found\n', noSniff);

/**
 * What a member serves over plain HTTP, bodies as etcd writes them: `/health`, `/livez`, `/readyz`, `/version`, `/metrics`, and the
 * JSON gateway below `/v3/`.
 */
export class HttpEndpoints {
  readonly #member: EtcdServer;
  readonly #metrics: Metrics;
  readonly #checks: HealthChecks;
  readonly #gateway: Gateway | undefined;
  readonly #byCertificate: boolean;

  /**
   * @param byCertificate whether clients are known by their certificates (`--client-cert-auth`)
   * @param withGateway whether there is a gateway
   */
  constructor(
    member: EtcdServer,
    methods: GrpcMethods,
    metrics: Metrics,
    byCertificate: boolean,
    withGateway = true,
  ) {
    this.#member = member;
    this.#metrics = metrics;
    this.#checks = new HealthChecks(member, metrics);
    this.#gateway = withGateway ? new Gateway(methods, member.platform.clock) : undefined;
    this.#byCertificate = byCertificate;
  }

  /** Everything. Bound. */
  readonly handle: HttpHandler = async (asked) => {
    const request = asked.path.startsWith(betaPrefix)
      ? { ...asked, path: `/v3/${asked.path.slice(betaPrefix.length)}` }
      : asked;
    if (this.#gateway !== undefined && /^\/v3(?:\?|$)/.test(request.path)) return moved(request);
    if (this.#gateway !== undefined && request.path.startsWith('/v3/')) {
      const named = (request.identity?.user ?? '') !== '';
      if (named && this.#byCertificate && this.#member.auth.enabled) return certified;
      return this.#gateway.handle(request);
    }
    if (splitPath(request).path === '/version') return getOnly(request) ?? this.#version();
    return this.handleMetrics(request);
  };

  /** For the addresses of `--listen-metrics-urls`: metrics and health alone. Bound. */
  readonly handleMetrics: HttpHandler = async (request) => {
    const { path, query } = splitPath(request);
    if (path === '/metrics') {
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        body: encodeUtf8(this.#metrics.text()),
      };
    }
    if (path === '/health') return getOnly(request) ?? (await this.#health(query));
    const [, kind, ...rest] = path.split('/');
    if ((kind === 'livez' || kind === 'readyz') && rest.length <= 1) {
      const names = this.#checks.names(kind, rest[0]);
      if (names === undefined) return notFound;
      return getOnly(request) ?? (await this.#check(names, query));
    }
    return notFound;
  };

  #version(): HttpResponse {
    const cluster = this.#member.clusterVersion ?? 'not_decided';
    const storage = cluster === 'not_decided' ? 'unknown' : cluster;
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: encodeUtf8(JSON.stringify({ etcdserver: etcdVersion, etcdcluster: cluster, storage })),
    };
  }

  async #health(query: Query): Promise<HttpResponse> {
    const serializable = query.get('serializable')?.[0] === 'true';
    const reason = await this.#checks.health(query.get('exclude') ?? [], serializable);
    if (reason === undefined) return text(200, JSON.stringify({ health: 'true', reason: '' }));
    return text(503, `${JSON.stringify({ health: 'false', reason })}\n`, noSniff);
  }

  async #check(names: readonly string[], query: Query): Promise<HttpResponse> {
    const excluded = query.get('exclude') ?? [];
    const results = await this.#checks.run(names.filter((name) => !excluded.includes(name)));
    const lines = results
      .map(({ name, failure }) =>
        failure === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${failure}\n`,
      )
      .join('');
    if (results.some(({ failure }) => failure !== undefined)) return text(503, `${lines}\n`, noSniff);
    return text(200, query.has('verbose') ? `${lines}ok\n` : 'ok\n', noSniff);
  }
}

type Query = ReadonlyMap<string, readonly string[]>;

function splitPath(request: HttpServerRequest): { readonly path: string; readonly query: Query } {
  const mark = request.path.indexOf('?');
  if (mark < 0) return { path: request.path, query: new Map() };
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(request.path.slice(mark + 1))) {
    query.set(name, [...(query.get(name) ?? []), value]);
  }
  return { path: request.path.slice(0, mark), query };
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': textType, ...headers }, body: encodeUtf8(body) };
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** As Go's ServeMux sends a path on to the tree of that name. */
function moved({ method, path }: HttpServerRequest): HttpResponse {
  const location = path.replace('/v3', '/v3/');
  if (method !== 'GET' && method !== 'HEAD') return { status: 301, headers: { location }, body: emptyBytes };
  const escaped = location.replace(/[&<>"']/g, (character) => htmlEscapes[character]!);
  return {
    status: 301,
    headers: { location, 'content-type': 'text/html; charset=utf-8' },
    body: encodeUtf8(`<a href="${escaped}">Moved Permanently</a>.\n\n`),
  };
}

function getOnly({ method }: HttpServerRequest): HttpResponse | undefined {
  if (method === 'GET') return undefined;
  return text(405, 'Method Not Allowed\n', { allow: 'GET', ...noSniff });
}
