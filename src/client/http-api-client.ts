import { assert } from '../base/assert.ts';
import { concatBytes, decodeUtf8, emptyBytes, encodeUtf8 } from '../base/bytes.ts';
import { ApiError } from '../api/status.ts';
import type { Status, StatusReason } from '../api/status.ts';
import type { ApiList, ApiObject, NewObject, WatchEvent } from '../api/types.ts';
import type { HttpRequest } from '../platform/http.ts';
import type { Address } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import type {
  ApiClient,
  ListOptions,
  PatchType,
  PropagationPolicy,
  ResourceClient,
  ResourceRef,
  WatchOptions,
} from './api-client.ts';
import { parseJson, parseJsonLines } from './json-lines.ts';
import { ServerPool } from './server-pool.ts';
import type { Answer } from './server-pool.ts';

export interface ApiClientOptions {
  /** In order of preference; one is used as long as it works. */
  readonly servers: readonly Address[];
  readonly tls: 'mutual' | 'none';
  readonly userAgent: string;
  /** Default 10 000. For a leader elector's client at most half of its renew deadline. */
  readonly requestTimeoutMillis?: number;
  /** A watch without even a bookmark for this long is broken off. Default 90 000: bookmarks come each minute. */
  readonly watchIdleMillis?: number;
}

/** The ApiClient over `platform.network.http`. Holds no connection and no timer while idle. */
export function createApiClient(platform: Platform, options: ApiClientOptions): ApiClient {
  const pool = new ServerPool(platform, {
    servers: options.servers,
    tls: options.tls,
    requestTimeoutMillis: options.requestTimeoutMillis ?? 10_000,
    watchIdleMillis: options.watchIdleMillis ?? 90_000,
  });
  return {
    resource: <T extends ApiObject>(ref: ResourceRef<T>) =>
      new HttpResourceClient<T>(pool, ref, options.userAgent),
  };
}

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

class HttpResourceClient<T extends ApiObject> implements ResourceClient<T> {
  readonly #pool: ServerPool;
  readonly #ref: ResourceRef<T>;
  readonly #userAgent: string;

  constructor(pool: ServerPool, ref: ResourceRef<T>, userAgent: string) {
    this.#pool = pool;
    this.#ref = ref;
    this.#userAgent = userAgent;
  }

  async get(name: string, namespace?: string): Promise<T> {
    return (await this.#exchange('GET', this.#path({ namespace, name }))) as T;
  }

  async list(options: ListOptions = {}): Promise<ApiList<T>> {
    const { namespace, ...query } = options;
    const list = (await this.#exchange('GET', this.#path({ namespace }, query))) as ApiList<T>;
    return { ...list, items: list.items.map((item) => this.#typed(item)) };
  }

  async *watch(options: WatchOptions): AsyncGenerator<WatchEvent<T>, void> {
    const { namespace, signal, ...query } = options;
    const path = this.#path({ namespace }, { ...query, watch: true, allowWatchBookmarks: true });
    const { status, body } = await this.#pool.open(this.#request('GET', path), signal);
    if (status !== 200) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      throw apiErrorOf(status, decodeUtf8(concatBytes(chunks)));
    }
    for await (const line of parseJsonLines(body)) {
      const event = line as WatchEvent<T> | { readonly type: 'ERROR'; readonly object: Status };
      if (event.type === 'ERROR') throw new ApiError(event.object);
      yield event;
    }
  }

  async create(object: NewObject<T>, namespace?: string): Promise<T> {
    const path = this.#path({ namespace: namespace ?? object.metadata.namespace });
    return (await this.#exchange('POST', path, object)) as T;
  }

  async update(object: T): Promise<T> {
    return (await this.#exchange('PUT', this.#path(object.metadata), object)) as T;
  }

  async updateStatus(object: T): Promise<T> {
    return (await this.#exchange(
      'PUT',
      this.#path({ ...object.metadata, subresource: 'status' }),
      object,
    )) as T;
  }

  async patch(
    name: string,
    patch: unknown,
    options: { type: PatchType; namespace?: string; subresource?: string },
  ): Promise<T> {
    const { type, ...place } = options;
    return (await this.#exchange(
      'PATCH',
      this.#path({ ...place, name }),
      patch,
      patchContentTypes[type],
    )) as T;
  }

  async delete(
    name: string,
    options: {
      namespace?: string;
      gracePeriodSeconds?: number;
      uid?: string;
      resourceVersion?: string;
      propagationPolicy?: PropagationPolicy;
    } = {},
  ): Promise<void> {
    const { namespace, gracePeriodSeconds, uid, resourceVersion, propagationPolicy } = options;
    const preconditions =
      uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds,
      preconditions,
      propagationPolicy,
    };
    await this.#exchange('DELETE', this.#path({ namespace, name }), body);
  }

  async subresource<R>(
    method: 'GET' | 'POST' | 'PUT',
    name: string,
    subresource: string,
    options: { namespace?: string; body?: unknown } = {},
  ): Promise<R> {
    const path = this.#path({ namespace: options.namespace, name, subresource });
    return (await this.#exchange(method, path, options.body)) as R;
  }

  /** Items of a list carry no type of their own; objects elsewhere do. */
  #typed(item: T): T {
    if (item.kind !== undefined) return item;
    const { group, version, kind } = this.#ref;
    return { ...item, apiVersion: group === '' ? version : `${group}/${version}`, kind };
  }

  #path(
    place: { namespace?: string | undefined; name?: string; subresource?: string },
    query: Query = {},
  ): string {
    const { group, version, resource, namespaced } = this.#ref;
    const { namespace, name, subresource } = place;
    assert(name !== '', 'a name is never empty');
    assert(!namespaced || name === undefined || namespace !== undefined, () => `${resource} are namespaced`);
    const parts = group === '' ? ['api', version] : ['apis', group, version];
    if (namespaced && namespace !== undefined) parts.push('namespaces', namespace);
    parts.push(resource);
    if (name !== undefined) parts.push(name);
    // A subresource may be deeper than one name: `proxy/metrics`.
    if (subresource !== undefined) parts.push(...subresource.split('/'));
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) search.append(key, String(value));
    }
    const path = `/${parts.map(encodeURIComponent).join('/')}`;
    return search.toString() === '' ? path : `${path}?${search.toString()}`;
  }

  #request(method: string, path: string, body?: unknown, contentType = 'application/json'): HttpRequest {
    const headers = { accept: 'application/json', 'user-agent': this.#userAgent };
    if (body === undefined) return { method, path, headers, body: emptyBytes };
    return {
      method,
      path,
      headers: { ...headers, 'content-type': contentType },
      body: encodeUtf8(JSON.stringify(body)),
    };
  }

  async #exchange(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> {
    const answer = await this.#pool.exchange(
      this.#request(method, path, body, contentType),
      method === 'GET',
    );
    return decodeAnswer(answer);
  }
}

function decodeAnswer({ status, body }: Answer): unknown {
  const text = decodeUtf8(body);
  if (status < 200 || status > 299) throw apiErrorOf(status, text);
  return text === '' ? undefined : parseJson(text);
}

/** The server's own Status if it sent one; else one made from the HTTP status, as client-go does. */
function apiErrorOf(code: number, text: string): ApiError {
  if (text.trimStart().startsWith('{')) {
    const body = parseJson(text) as Partial<Status>;
    if (body.kind === 'Status') return new ApiError(body as Status);
  }
  const message = text.trim() === '' ? `the server answered with HTTP status ${code}` : text.trim();
  return new ApiError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message,
    reason: reasonOfCode.get(code) ?? 'Unknown',
    code,
  });
}

const reasonOfCode: ReadonlyMap<number, StatusReason> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);
