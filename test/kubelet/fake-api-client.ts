import { must } from '../../src/base/assert.ts';
import { deferred } from '../../src/base/deferred.ts';
import { compareStrings } from '../../src/base/order.ts';
import { ApiError } from '../../src/api/status.ts';
import type { StatusReason } from '../../src/api/status.ts';
import type { ApiObject, NewObject, Pod, WatchEvent } from '../../src/api/types.ts';
import type { ApiClient, ResourceClient, ResourceRef, WatchOptions } from '../../src/client/api-client.ts';
import { NetworkError } from '../../src/platform/errors.ts';

type Json = Record<string, unknown>;

/**
 * The API as a naive model: a map and a history. Patches are strategic as far as conditions go; a bound pod is
 * deleted in two steps. No validation, no defaulting.
 */
export class FakeApiClient implements ApiClient {
  readonly #objects = new Map<string, ApiObject>();
  readonly #history: { readonly resource: string; readonly event: WatchEvent<ApiObject> }[] = [];
  #revision = 0;
  #uids = 0;
  #changed = deferred<void>();
  /** While true every request fails, and watches are silent. */
  down = false;
  /** `VERB resource/name`, with `/subresource`, of every write that was answered. */
  readonly writes: string[] = [];

  /** Writes as an administrator would. */
  put<T extends ApiObject>(resource: string, object: NewObject<T>): T {
    const path = pathOf(resource, object.metadata.name ?? '', object.metadata.namespace);
    const before = this.#objects.get(path);
    const uid = before?.metadata.uid ?? object.metadata.uid ?? `uid-${++this.#uids}`;
    return this.#store(resource, path, { ...object, metadata: { ...object.metadata, uid } } as unknown as T);
  }

  get<T extends ApiObject>(resource: string, name: string, namespace?: string): T | undefined {
    return this.#objects.get(pathOf(resource, name, namespace)) as T | undefined;
  }

  /** As `kubectl delete`: bound pods get a deletionTimestamp. */
  delete(resource: string, name: string, namespace: string | undefined, graceSeconds: number): void {
    const path = pathOf(resource, name, namespace);
    const object = must(this.#objects.get(path));
    if (resource === 'pods' && graceSeconds > 0 && (object as Pod).spec.nodeName !== undefined) {
      const metadata = {
        ...object.metadata,
        deletionTimestamp: '2026-11-23T00:00:00Z',
        deletionGracePeriodSeconds: graceSeconds,
      };
      this.#store(resource, path, { ...object, metadata });
    } else {
      this.#objects.delete(path);
      this.#record(resource, 'DELETED', object);
    }
  }

  resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T> {
    const { resource } = ref;
    const find = (name: string, namespace: string | undefined): T => {
      if (this.down) throw new NetworkError('ECONNREFUSED', 'the API is down');
      const found = this.get<T>(resource, name, namespace);
      if (found === undefined) throw failure(404, 'NotFound', `${resource} "${name}" not found`);
      return found;
    };
    const replace = (verb: string, before: T, after: T): T => {
      const { uid } = after.metadata;
      if (uid !== before.metadata.uid) throw failure(409, 'Conflict', 'another uid');
      const { name, namespace } = before.metadata;
      this.writes.push(`${verb} ${resource}/${name}`);
      return this.#store(resource, pathOf(resource, name, namespace), after);
    };
    return {
      get: async (name, namespace) => find(name, namespace),
      list: async (options = {}) => {
        if (this.down) throw new NetworkError('ECONNREFUSED', 'the API is down');
        const items = [...this.#objects]
          .filter(([path]) => path.startsWith(`${resource}/`))
          .toSorted((a, b) => compareStrings(a[0], b[0]))
          .map(([, object]) => object as T)
          .filter((object) => selects(object, options.fieldSelector));
        return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: `${this.#revision}` }, items };
      },
      watch: (options) => this.#watch<T>(resource, options),
      create: async (object, namespace) => {
        if (this.down) throw new NetworkError('ECONNREFUSED', 'the API is down');
        const name = object.metadata.name ?? '';
        if (this.get(resource, name, namespace ?? object.metadata.namespace) !== undefined) {
          throw failure(409, 'AlreadyExists', `${resource} "${name}" already exists`);
        }
        this.writes.push(`POST ${resource}/${name}`);
        return this.put<T>(resource, object);
      },
      update: async (object) => {
        const before = find(object.metadata.name, object.metadata.namespace);
        if (object.metadata.resourceVersion !== before.metadata.resourceVersion) {
          throw failure(409, 'Conflict', 'the object has been modified');
        }
        return replace('PUT', before, object);
      },
      updateStatus: async () => Promise.reject(new Error('not used here')),
      patch: async (name, patch, options) => {
        const before = find(name, options.namespace);
        const verb = `PATCH${options.subresource === undefined ? '' : `(${options.subresource})`}`;
        return replace(verb, before, mergePatch(before, patch) as T);
      },
      delete: async (name, options = {}) => {
        const before = find(name, options.namespace);
        if (options.uid !== undefined && options.uid !== before.metadata.uid) {
          throw failure(409, 'Conflict', 'another uid');
        }
        this.writes.push(`DELETE ${resource}/${name}`);
        this.delete(resource, name, options.namespace, options.gracePeriodSeconds ?? 30);
      },
      subresource: async () => Promise.reject(new Error('not used here')),
    };
  }

  async *#watch<T extends ApiObject>(resource: string, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    let seen = Number(options.resourceVersion);
    const { signal } = options;
    const aborted = new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    for (;;) {
      if (signal?.aborted === true) return;
      const changed = this.#changed.promise;
      for (const { resource: of, event } of this.down ? [] : [...this.#history]) {
        const revision = Number(event.object.metadata.resourceVersion);
        if (of !== resource || revision <= seen || !selects(event.object, options.fieldSelector)) continue;
        seen = revision;
        yield event as WatchEvent<T>;
      }
      await Promise.race([changed, aborted]);
    }
  }

  /** After `down` was set to false: watches tell what they held back. */
  up(): void {
    this.down = false;
    this.#wake();
  }

  #store<T extends ApiObject>(resource: string, path: string, object: T): T {
    const type = this.#objects.has(path) ? 'MODIFIED' : 'ADDED';
    return this.#record(resource, type, object, path);
  }

  #record<T extends ApiObject>(resource: string, type: WatchEvent<T>['type'], object: T, path?: string): T {
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.#revision}` } };
    if (path !== undefined) this.#objects.set(path, stamped);
    this.#history.push({ resource, event: { type, object: stamped } });
    this.#wake();
    return stamped;
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = deferred();
    changed.resolve();
  }
}

function pathOf(resource: string, name: string, namespace: string | undefined): string {
  return `${resource}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function selects(object: ApiObject, fieldSelector: string | undefined): boolean {
  if (fieldSelector === undefined) return true;
  const [field = '', value] = fieldSelector.split('=');
  let found: unknown = object;
  for (const step of field.split('.')) found = (found as Json | undefined)?.[step];
  return found === value;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = typeof target === 'object' && target !== null ? { ...(target as Json) } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (name === 'conditions') result[name] = mergeByType(result[name] as Json[], value as Json[]);
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** What makes a patch of conditions strategic. */
function mergeByType(target: readonly Json[] = [], patch: readonly Json[]): unknown[] {
  const merged = new Map<unknown, unknown>(target.map((item) => [item['type'], item]));
  for (const item of patch) merged.set(item['type'], mergePatch(merged.get(item['type']), item));
  return [...merged.values()];
}

function failure(code: number, reason: StatusReason, message: string): ApiError {
  return new ApiError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message,
  });
}
