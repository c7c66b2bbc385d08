import { concatBytes, decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import { compareStrings } from '../../src/base/order.ts';
import type { Status, StatusReason } from '../../src/api/status.ts';
import type { ApiObject, ObjectMeta, WatchEvent } from '../../src/api/types.ts';
import type { HttpHandler, HttpResponse, HttpServerRequest } from '../../src/platform/http.ts';

type Json = Record<string, unknown>;

interface Change {
  readonly revision: number;
  readonly collection: string;
  readonly event: WatchEvent<ApiObject>;
}

/**
 * The API server as a naive model: a map, a history, optimistic locking, merge patches, list and watch with
 * `fieldSelector` on metadata.name, graceful deletion of bound pods and 410 for what is compacted. No
 * validation, no defaulting.
 */
export class FakeApiServer {
  readonly #objects = new Map<string, ApiObject>();
  readonly #history: Change[] = [];
  #revision = 100;
  #compacted = 100;
  #uids = 0;
  #changed = deferred<void>();
  #watchEpoch = 0;
  /** Called before each request; what it returns is answered instead. */
  intercept: (request: HttpServerRequest) => HttpResponse | undefined = () => undefined;
  /** `METHOD path` of every write, in order. */
  readonly writes: string[] = [];

  readonly handle: HttpHandler = async (request) => {
    const intercepted = this.intercept(request);
    if (intercepted !== undefined) return intercepted;
    if (request.method !== 'GET') this.writes.push(`${request.method} ${request.path}`);
    return this.#serve(request);
  };

  get revision(): number {
    return this.#revision;
  }

  /** Objects of a collection by key order: `objects('/api/v1/pods')`. */
  objects<T extends ApiObject = ApiObject>(collection: string): T[] {
    return [...this.#objects]
      .filter(([path]) => parsePath(path).collection === collection)
      .toSorted((a, b) => compareStrings(a[0], b[0]))
      .map(([, object]) => object as T);
  }

  get<T extends ApiObject = ApiObject>(path: string): T | undefined {
    return this.#objects.get(path) as T | undefined;
  }

  /** Writes an object as an administrator would: the path is made from its own metadata. */
  put<T extends ApiObject>(
    collection: string,
    object: { readonly metadata: Partial<ObjectMeta>; readonly [field: string]: unknown } | ApiObject,
  ): T {
    const { namespace, name } = object.metadata;
    const at = collection.lastIndexOf('/');
    const path =
      namespace === undefined
        ? `${collection}/${name}`
        : `${collection.slice(0, at)}/namespaces/${namespace}${collection.slice(at)}/${name}`;
    const before = this.#objects.get(path);
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? object.metadata.uid ?? `uid-${++this.#uids}`,
    };
    return this.#store(path, { ...object, metadata } as unknown as ApiObject) as T;
  }

  remove(path: string): void {
    const object = this.#objects.get(path);
    if (object === undefined) return;
    this.#objects.delete(path);
    this.#record('DELETED', path, this.#stamped(object));
  }

  /** Watches and lists can no longer start before now. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history.length = 0;
  }

  /** Ends every watch in an orderly way. */
  endWatches(): void {
    this.#watchEpoch++;
    this.#wake();
  }

  #serve(request: HttpServerRequest): HttpResponse {
    const [path = '', search = ''] = request.path.split('?');
    const query = new URLSearchParams(search);
    const place = parsePath(path);
    const body = (): Json => JSON.parse(decodeUtf8(request.body)) as Json;
    if (place.name === undefined) {
      if (request.method === 'POST') return this.#create(path, body() as unknown as ApiObject);
      if (query.get('watch') === 'true') return this.#watch(place.collection, place.namespace, query);
      return this.#list(place.collection, place.namespace, query);
    }
    const target = place.subresource === undefined ? path : path.slice(0, path.lastIndexOf('/'));
    const object = this.#objects.get(target);
    if (object === undefined) return failure(404, 'NotFound', `${target} not found`);
    if (request.method === 'GET') return json(200, object);
    if (request.method === 'DELETE') return this.#delete(target, object, body());
    const sent = body();
    if (request.method === 'PATCH')
      return this.#update(target, object, mergePatch(object, sent) as Json, undefined);
    return this.#update(target, object, sent, place.subresource);
  }

  #create(path: string, object: ApiObject): HttpResponse {
    const uid = `uid-${++this.#uids}`;
    const name =
      object.metadata.name ?? `${object.metadata.generateName ?? ''}${uid.slice(4).padStart(5, '0')}`;
    const target = `${path}/${name}`;
    if (this.#objects.has(target)) return failure(409, 'AlreadyExists', `${target} already exists`);
    const namespace = parsePath(target).namespace;
    const metadata = {
      ...object.metadata,
      name,
      uid,
      ...(namespace === undefined ? {} : { namespace }),
      generation: 1,
      creationTimestamp: '2026-11-23T00:00:00Z',
    };
    return json(201, this.#store(target, { ...object, metadata }));
  }

  #update(path: string, before: ApiObject, sent: Json, subresource: string | undefined): HttpResponse {
    const { resourceVersion, uid } = sent['metadata'] as ObjectMeta;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      return failure(409, 'Conflict', `${path}: the object has been modified`);
    }
    if (uid !== undefined && uid !== before.metadata.uid)
      return failure(409, 'Conflict', `${path}: another uid`);
    const after = subresource === 'status' ? { ...before, status: sent['status'] } : sent;
    const stored = this.#store(path, after as unknown as ApiObject);
    // The last finalizer of an object being deleted is what it waited for.
    if (stored.metadata.deletionTimestamp !== undefined && isFree(stored)) this.remove(path);
    return json(200, stored);
  }

  #delete(path: string, object: ApiObject, options: Json): HttpResponse {
    const { uid, resourceVersion } = (options['preconditions'] ?? {}) as Partial<ObjectMeta>;
    if (uid !== undefined && uid !== object.metadata.uid)
      return failure(409, 'Conflict', `${path}: another uid`);
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      return failure(409, 'Conflict', `${path}: the object has been modified`);
    }
    const bound =
      object.kind === 'Pod' && (object as ApiObject & { spec: Json }).spec['nodeName'] !== undefined;
    if ((bound && options['gracePeriodSeconds'] !== 0) || !isFree(object)) {
      if (object.metadata.deletionTimestamp === undefined) {
        const metadata = { ...object.metadata, deletionTimestamp: '2026-11-23T00:00:00Z' };
        this.#store(path, { ...object, metadata });
      }
    } else {
      this.remove(path);
    }
    return json(200, { apiVersion: 'v1', kind: 'Status', status: 'Success', code: 200, metadata: {} });
  }

  #list(collection: string, namespace: string | undefined, query: URLSearchParams): HttpResponse {
    const items = this.objects(collection).filter((each) => selects(each, namespace, query));
    return json(200, {
      apiVersion: 'v1',
      kind: 'List',
      metadata: { resourceVersion: `${this.#revision}` },
      items,
    });
  }

  #watch(collection: string, namespace: string | undefined, query: URLSearchParams): HttpResponse {
    const from = Number(query.get('resourceVersion'));
    if (from < this.#compacted) return failure(410, 'Expired', 'too old resource version');
    return { status: 200, headers: {}, body: this.#events(from, collection, namespace, query) };
  }

  async *#events(
    from: number,
    collection: string,
    namespace: string | undefined,
    query: URLSearchParams,
  ): AsyncGenerator<Uint8Array, void> {
    const epoch = this.#watchEpoch;
    let seen = from;
    while (epoch === this.#watchEpoch) {
      if (seen < this.#compacted && this.#history.every((change) => change.revision > seen + 1)) {
        yield encodeUtf8(
          `${JSON.stringify({ type: 'ERROR', object: statusOf(410, 'Expired', 'too old') })}\n`,
        );
        return;
      }
      const changed = this.#changed.promise;
      const news = this.#history.filter((change) => change.revision > seen);
      seen = this.#revision;
      const lines = news
        .filter(
          (change) => change.collection === collection && selects(change.event.object, namespace, query),
        )
        .map((change) => encodeUtf8(`${JSON.stringify(change.event)}\n`));
      // Two chunks that cut through a line: framing must not depend on chunks.
      const bytes = lines.length === 0 ? undefined : concatBytes(lines);
      if (bytes !== undefined) {
        yield bytes.subarray(0, bytes.length >> 1);
        yield bytes.subarray(bytes.length >> 1);
      }
      await changed;
    }
  }

  #store(path: string, object: ApiObject): ApiObject {
    const type = this.#objects.has(path) ? 'MODIFIED' : 'ADDED';
    const stored = this.#stamped(object);
    this.#objects.set(path, stored);
    this.#record(type, path, stored);
    return stored;
  }

  #stamped(object: ApiObject): ApiObject {
    this.#revision++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: `${this.#revision}` } };
  }

  #record(type: 'ADDED' | 'MODIFIED' | 'DELETED', path: string, object: ApiObject): void {
    const { collection } = parsePath(path);
    this.#history.push({ revision: this.#revision, collection, event: { type, object } });
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = deferred();
    resolve();
  }
}

/** Whether nothing holds the object back from going. */
function isFree(object: ApiObject): boolean {
  const spec = (object as ApiObject & { spec?: { finalizers?: readonly string[] } }).spec;
  const own = object.kind === 'Namespace' ? (spec?.finalizers ?? []) : [];
  return (object.metadata.finalizers ?? []).length + own.length === 0;
}

function selects(object: ApiObject, namespace: string | undefined, query: URLSearchParams): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const field = query.get('fieldSelector');
  return field === null || field === `metadata.name=${object.metadata.name}`;
}

function parsePath(path: string): {
  collection: string;
  namespace?: string;
  name?: string;
  subresource?: string;
} {
  const parts = path.split('/').slice(1);
  const root = parts.splice(0, parts[0] === 'api' ? 2 : 3);
  const scope: { namespace?: string } = {};
  if (parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2]!)) {
    scope.namespace = parts[1]!;
    parts.splice(0, 2);
  }
  const [resource, name, subresource] = parts;
  return {
    ...scope,
    collection: `/${root.join('/')}/${resource}`,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Json = typeof target === 'object' && !Array.isArray(target) ? { ...(target as Json) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

function statusOf(code: number, reason: StatusReason, message: string): Status {
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', message, reason, code };
}

export function failure(code: number, reason: StatusReason, message: string): HttpResponse {
  return json(code, statusOf(code, reason, message));
}

function json(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: encodeUtf8(JSON.stringify(value)) };
}
