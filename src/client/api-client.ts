import type { ApiList, ApiObject, NewObject, WatchEvent } from '../api/types.ts';

/**
 * client/: how every part talks to the API server, in client-go's words.
 *
 * Boundary: sees `api` and `platform`; knows nothing of the store. One ApiClient per process.
 *
 * Invariants
 *   C1  A write is sent at most once per call; only reads are retried on another server.
 *   C2  An Informer's cache moves forward in resourceVersion, or is replaced whole by a relist.
 *   C3  A key is processed by at most one worker of a WorkQueue at a time.
 */

/** A resource by its place in the API: `{ group: '', version: 'v1', resource: 'pods', namespaced: true }`. */
export interface ResourceRef<T extends ApiObject> {
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries T; never set. */
  readonly type?: T;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Exclusive start. */
  readonly resourceVersion: string;
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** `merge`: RFC 7386. `json`: RFC 6902. `strategic`: Kubernetes' own. */
export type PatchType = 'merge' | 'json' | 'strategic';

/** What becomes of an object's dependants when it is deleted; the server chooses if absent. */
export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

/** A typed, single-resource door to the API. Methods reject with ApiError or NetworkError. */
export interface ResourceClient<T extends ApiObject> {
  get(name: string, namespace?: string): Promise<T>;
  list(options?: ListOptions): Promise<ApiList<T>>;
  /** Ends (without error) when the server ends the watch or `signal` aborts it; throws ApiError 'Expired' if the start is too old. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create(object: NewObject<T>, namespace?: string): Promise<T>;
  update(object: T): Promise<T>;
  updateStatus(object: T): Promise<T>;
  patch(
    name: string,
    patch: unknown,
    options: { type: PatchType; namespace?: string; subresource?: string },
  ): Promise<T>;
  delete(
    name: string,
    options?: {
      namespace?: string;
      gracePeriodSeconds?: number;
      uid?: string;
      resourceVersion?: string;
      propagationPolicy?: PropagationPolicy;
    },
  ): Promise<void>;
  /** GET, POST or PUT of `name`/`subresource`: `pods/web/binding`. */
  subresource<R>(
    method: 'GET' | 'POST' | 'PUT',
    name: string,
    subresource: string,
    options?: { namespace?: string; body?: unknown },
  ): Promise<R>;
}

export interface ApiClient {
  resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T>;
}
