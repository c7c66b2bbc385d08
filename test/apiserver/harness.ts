import { ApiServer } from '../../src/apiserver/api-server.ts';
import type { HttpResponse, HttpServerRequest } from '../../src/platform/http.ts';
import type { Identity } from '../../src/platform/network.ts';
import { StoreClient } from './store-client.ts';
import type { TestPlatform } from './test-platform.ts';
import { settle, testPlatform } from './test-platform.ts';

export type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: Json;
}

export const admin: Identity = { user: 'admin', groups: ['system:masters'] };

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly identity?: Identity | null;
  readonly raw?: Uint8Array;
}

/** An API server over a store in memory, and a client that knows nothing but HTTP. */
export class Harness {
  readonly etcd: StoreClient;
  readonly platform: TestPlatform;
  readonly server: ApiServer;

  constructor(options: { etcd?: StoreClient; platform?: TestPlatform; serviceCidr?: string } = {}) {
    this.etcd = options.etcd ?? new StoreClient();
    this.platform = options.platform ?? testPlatform();
    this.server = new ApiServer(this.platform, {
      etcd: this.etcd,
      listen: { host: '127.0.0.1', port: 6443 },
      advertise: { host: '127.0.0.1', port: 6443 },
      tls: 'mutual',
      serviceCidr: options.serviceCidr ?? '10.96.0.0/16',
    });
  }

  static async start(options: ConstructorParameters<typeof Harness>[0] = {}): Promise<Harness> {
    const harness = new Harness(options);
    await harness.server.start();
    await settle();
    return harness;
  }

  async respond(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<HttpResponse> {
    const identity = options.identity === undefined ? admin : options.identity;
    const request: HttpServerRequest = {
      method,
      path,
      headers: options.headers ?? {},
      body:
        options.raw ??
        (body === undefined ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(body))),
      remoteHost: '127.0.0.1',
      ...(identity !== null && { identity }),
    };
    return this.server.handle(request);
  }

  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const response = await this.respond(method, path, body, options);
    const text = await readText(response.body);
    const isJson = response.headers['content-type']?.startsWith('application/json') === true && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as Json) : {},
    };
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.call('GET', path, undefined, { headers });
  }

  /** Expects success. */
  async must(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Json> {
    const answer = await this.call(method, path, body, options);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  patch(path: string, body: unknown, type = 'merge-patch'): Promise<Answer> {
    return this.call('PATCH', path, body, { headers: { 'content-type': `application/${type}+json` } });
  }

  async watch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<WatchClient> {
    const response = await this.respond('GET', path, undefined, { headers });
    if (response.status !== 200)
      throw new Error(`watch: ${response.status} ${await readText(response.body)}`);
    return new WatchClient(response.body as AsyncIterable<Uint8Array>);
  }
}

export interface SeenEvent {
  readonly type: string;
  readonly object: Json;
}

/** Collects a watch's events as they come. */
export class WatchClient {
  readonly events: SeenEvent[] = [];
  ended = false;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #text = '';

  constructor(body: AsyncIterable<Uint8Array>, options: { readonly paused?: boolean } = {}) {
    this.#iterator = body[Symbol.asyncIterator]();
    if (options.paused !== true) void this.read();
  }

  async read(): Promise<void> {
    for (;;) {
      const step = await this.#iterator.next();
      if (step.done === true) break;
      this.#text += new TextDecoder().decode(step.value);
      const lines = this.#text.split('\n');
      this.#text = lines.pop()!;
      for (const line of lines) this.events.push(JSON.parse(line) as SeenEvent);
    }
    this.ended = true;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** `TYPE name` of each event. */
  summary(): string[] {
    return this.events.map(({ type, object }) =>
      `${type} ${String(object['metadata']?.name ?? object['code'] ?? '')}`.trim(),
    );
  }
}

export async function readText(body: HttpResponse['body']): Promise<string> {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return new TextDecoder().decode(Buffer.concat(parts));
}

export const pods = '/api/v1/namespaces/default/pods';
export const configMaps = '/api/v1/namespaces/default/configmaps';

export function pod(name: string, extra: Json = {}): Json {
  const { spec, ...metadata } = extra;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
  };
}

export function configMap(name: string, data: Json = {}, metadata: Json = {}): Json {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}
