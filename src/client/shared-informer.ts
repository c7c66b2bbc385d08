import { assert, unreachable } from '../base/assert.ts';
import { deferred } from '../base/deferred.ts';
import type { Deferred } from '../base/deferred.ts';
import type { ApiObject, WatchEvent } from '../api/types.ts';
import type { Platform } from '../platform/platform.ts';
import type { ApiClient, ResourceRef } from './api-client.ts';
import { reflectorBackoff } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';
import { keyOf } from './informer.ts';
import type { Informer, Lister, ResourceEventHandler } from './informer.ts';
import { ObjectStore } from './object-store.ts';
import { Reflector } from './reflector.ts';
import type { Selection } from './reflector.ts';
import { runTogether } from './run-together.ts';

export interface InformerOptions extends Selection {
  /** Default 800 ms to 30 s, client-go's. */
  readonly backoff?: BackoffOptions;
}

/** An informer of its own; a process with several users of one resource takes it from `Informers`. */
export function createInformer<T extends ApiObject>(
  client: ApiClient,
  platform: Platform,
  ref: ResourceRef<T>,
  options: InformerOptions = {},
): Informer<T> {
  return new SharedInformer(client, platform, ref, options);
}

/**
 * Keeps a store equal to what the reflector reports and tells handlers the difference. An object that was
 * deleted and made again under the same name is told as deleted and added, also when both were missed.
 */
class SharedInformer<T extends ApiObject> implements Informer<T> {
  readonly #store = new ObjectStore<T>();
  readonly #handlers: ResourceEventHandler<T>[] = [];
  readonly #reflector: Reflector<T>;
  readonly #waiters = new Set<Deferred<boolean>>();
  #running = false;
  #synced = false;

  constructor(client: ApiClient, platform: Platform, ref: ResourceRef<T>, options: InformerOptions) {
    const { backoff, ...selection } = options;
    const sink = {
      replace: (objects: readonly T[]): void => this.#replace(objects),
      apply: (event: WatchEvent<T>): void => this.#apply(event),
    };
    this.#reflector = new Reflector(platform, client, ref, selection, sink, backoff ?? reflectorBackoff);
  }

  get lister(): Lister<T> {
    return this.#store;
  }

  get synced(): boolean {
    return this.#synced;
  }

  async waitForSync(signal?: AbortSignal): Promise<boolean> {
    if (this.#synced || signal?.aborted === true) return this.#synced;
    const waiter = deferred<boolean>();
    const onAbort = (): void => waiter.resolve(false);
    this.#waiters.add(waiter);
    signal?.addEventListener('abort', onAbort);
    try {
      return await waiter.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  addHandler(handler: ResourceEventHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#store.list()) handler.added?.(object);
  }

  async run(signal: AbortSignal): Promise<void> {
    assert(!this.#running, 'an informer runs once');
    this.#running = true;
    await this.#reflector.run(signal);
  }

  #replace(objects: readonly T[]): void {
    const listed = new Set(objects.map(keyOf));
    for (const key of this.#store.keys().filter((each) => !listed.has(each))) this.#delete(key);
    for (const object of objects) this.#set(object);
    this.#synced = true;
    for (const waiter of this.#waiters) waiter.resolve(true);
  }

  #apply(event: WatchEvent<T>): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        return this.#set(event.object);
      case 'DELETED':
        return this.#delete(keyOf(event.object), event.object);
      case 'BOOKMARK':
        return;
      default:
        unreachable(event.type);
    }
  }

  #set(object: T): void {
    const key = keyOf(object);
    const before = this.#store.get(key);
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) {
      this.#delete(key);
      return this.#set(object);
    }
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.#store.set(key, object);
    for (const handler of this.#handlers) {
      if (before === undefined) handler.added?.(object);
      else handler.updated?.(before, object);
    }
  }

  /** `last` is the final state if the server told it; after a missed deletion the cached one must do. */
  #delete(key: string, last?: T): void {
    const before = this.#store.get(key);
    if (before === undefined) return;
    this.#store.delete(key);
    for (const handler of this.#handlers) handler.deleted?.(last ?? before);
  }
}

/** One informer per resource and selection, shared by all that run in a process (SharedInformerFactory). */
export class Informers {
  readonly #client: ApiClient;
  readonly #platform: Platform;
  readonly #backoff: BackoffOptions;
  readonly #informers = new Map<string, Informer<ApiObject>>();

  constructor(client: ApiClient, platform: Platform, backoff: BackoffOptions = reflectorBackoff) {
    this.#client = client;
    this.#platform = platform;
    this.#backoff = backoff;
  }

  /** All are asked for before `run`. */
  get<T extends ApiObject>(ref: ResourceRef<T>, selection: Selection = {}): Informer<T> {
    const { namespace, labelSelector, fieldSelector } = selection;
    const key = JSON.stringify([
      ref.group,
      ref.version,
      ref.resource,
      namespace,
      labelSelector,
      fieldSelector,
    ]);
    let informer = this.#informers.get(key);
    if (informer === undefined) {
      informer = createInformer<ApiObject>(this.#client, this.#platform, ref, {
        ...selection,
        backoff: this.#backoff,
      });
      this.#informers.set(key, informer);
    }
    // The key names the resource, and the resource names T.
    return informer as Informer<T>;
  }

  /** Runs all of them until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const informers = [...this.#informers.values()];
    await runTogether(
      informers.map((informer) => (each) => informer.run(each)),
      signal,
    );
  }

  /** Resolves true when all are synced, or false if the signal aborts first. */
  async waitForSync(signal?: AbortSignal): Promise<boolean> {
    for (const informer of this.#informers.values()) {
      if (!(await informer.waitForSync(signal))) return false;
    }
    return true;
  }
}
