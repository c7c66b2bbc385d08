import type { ApiObject } from '../api/types.ts';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type ObjectKey = string;

export function keyOf(object: ApiObject): ObjectKey {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Read access to an informer's cache. Objects are shared: never change them. */
export interface Lister<T extends ApiObject> {
  get(key: ObjectKey): T | undefined;
  /** All objects, in key order. */
  list(): readonly T[];
}

/** Told of every change of the cache, after it happened, in order. */
export interface ResourceEventHandler<T extends ApiObject> {
  added?(object: T): void;
  updated?(before: T, after: T): void;
  deleted?(object: T): void;
}

/** A local copy of a resource, kept fresh by list and watch (client-go's SharedInformer). */
export interface Informer<T extends ApiObject> {
  readonly lister: Lister<T>;
  /** True once the first list is in the cache. */
  readonly synced: boolean;
  /** Resolves when synced, or false if the signal aborts first. */
  waitForSync(signal?: AbortSignal): Promise<boolean>;
  /** Added before `run`. A later handler is first told of everything already in the cache. */
  addHandler(handler: ResourceEventHandler<T>): void;
  /** Lists and watches until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}
