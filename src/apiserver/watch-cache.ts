import type { FieldPin } from '../api/selector.ts';
import type { ApiObject } from '../api/types.ts';
import { assert } from '../base/assert.ts';
import type { Deferred } from '../base/deferred.ts';
import { deferred } from '../base/deferred.ts';
import { compareStrings } from '../base/order.ts';
import type { EtcdClient, Event, Key, Revision, Watch } from '../etcd/client.ts';
import { prefixEnd } from '../etcd/client.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { Timer } from '../platform/clock.ts';
import type { Platform } from '../platform/platform.ts';
import { CacheEvent } from './cache-event.ts';
import { CacheListeners, type CacheListener } from './cache-listeners.ts';
import { EncodedObject } from './encoded-object.ts';
import type { Storage } from './storage.ts';
import { decodeObject } from './storage.ts';

/** Changes a resource's history holds; a watch that starts before the oldest must list again. */
export const watchCacheEventsMax = 4_096;

const listPageObjects = 1_000;
const retryMillis = 200;
/** Shorter than the patience of clients: a list that waited in vain is then read from the store. */
const freshnessTimeoutMillis = 2_000;
const progressPollMillis = 100;

/** A consistent view: every object of the resource as of `revision`. */
export interface CacheSnapshot {
  readonly revision: number;
  /** In key order. */
  readonly objects: readonly EncodedObject[];
}

interface Waiter {
  readonly revision: number;
  readonly done: Deferred<boolean>;
}

/**
 * A resource's current objects and recent changes, fed by one etcd watch however many clients watch it
 * (kube's Cacher). It lags behind the store by the watch's delay; `waitUntilFresh` makes it consistent.
 *
 * Invariants
 *   W1  `#objects` is the state of the store at `revision`, and the history holds every change in
 *       (`#evictedRevision`, `revision`], in order, each once.
 *   W2  A listener hears every change after its subscription until it is ended; a snapshot taken at
 *       subscription plus those changes is the state.
 *   W3  `revision` moves forward only, except through a relist.
 */
export class WatchCache {
  readonly #platform: Platform;
  readonly #etcd: EtcdClient;
  readonly #storage: Storage;
  readonly #objects = new Map<Key, EncodedObject>();
  readonly #listeners = new CacheListeners();
  readonly #abort = new AbortController();
  #sorted: readonly EncodedObject[] | undefined;
  #history: CacheEvent[] = [];
  #evictedRevision = 0;
  #revision = 0;
  #ready = false;
  #watch: Watch | undefined;
  #waiters: readonly Waiter[] = [];

  constructor(platform: Platform, etcd: EtcdClient, storage: Storage) {
    this.#platform = platform;
    this.#etcd = etcd;
    this.#storage = storage;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The revision of the state; 0 before the first list. */
  get revision(): number {
    return this.#revision;
  }

  get(key: Key): EncodedObject | undefined {
    return this.#objects.get(key);
  }

  snapshot(): CacheSnapshot {
    assert(this.#ready, 'a snapshot of a cache that was never filled');
    this.#sorted ??= [...this.#objects]
      .toSorted((a, b) => compareStrings(a[0], b[0]))
      .map(([, object]) => object);
    return { revision: this.#revision, objects: this.#sorted };
  }

  /** The changes after `revision`, or undefined when some of them are forgotten. */
  changesSince(revision: number): readonly CacheEvent[] | undefined {
    if (revision < this.#evictedRevision) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#history[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#history.slice(low);
  }

  /** The oldest revision that `changesSince` still answers. */
  get oldestRevision(): number {
    return this.#evictedRevision;
  }

  /**
   * Tells `listener` of all later changes, or, with a pin, of those of objects that have that value before or after; the returned
   * function ends that.
   */
  subscribe(listener: CacheListener, pin?: FieldPin): () => void {
    return this.#listeners.add(listener, pin);
  }

  /** Asks the store how far it is, so that an idle resource's `revision` does not fall behind for ever. */
  requestProgress(): void {
    this.#watch?.requestProgress();
  }

  /** Resolves true once the state is at `revision` or later; false if that takes too long. */
  async waitUntilFresh(revision: number): Promise<boolean> {
    if (this.#ready && this.#revision >= revision) return true;
    if (this.#abort.signal.aborted) return false;
    const { clock } = this.#platform;
    const waiter: Waiter = { revision, done: deferred<boolean>() };
    this.#waiters = [...this.#waiters, waiter];
    const deadline = clock.setTimer(freshnessTimeoutMillis, () => waiter.done.resolve(false));
    let poll: Timer | undefined;
    // etcd does not answer a progress request while a watch is catching up: ask again.
    const ask = (): void => {
      this.requestProgress();
      poll = clock.setTimer(progressPollMillis, ask);
    };
    ask();
    const fresh = await waiter.done.promise;
    this.#waiters = this.#waiters.filter((one) => one !== waiter);
    deadline.cancel();
    poll?.cancel();
    return fresh;
  }

  /** Fills the cache and keeps it fresh until `stop`. Never rejects for what etcd does. */
  async run(): Promise<void> {
    const { signal } = this.#abort;
    const { clock, logger, random } = this.#platform;
    while (!signal.aborted) {
      try {
        await this.#fill();
        await this.#follow(signal);
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        logger.warn('watch cache cannot list', { prefix: this.#prefix, error: error.message });
      }
      await clock.sleep(retryMillis + random.integer(retryMillis), signal);
    }
  }

  /** Ends the feeding and all listeners. */
  stop(): void {
    this.#abort.abort();
    this.#watch?.cancel();
    this.#watch = undefined;
    for (const { done } of this.#waiters) done.resolve(false);
    this.#listeners.end('stopped');
  }

  get #prefix(): Key {
    return this.#storage.prefixOf(undefined);
  }

  /** Lists all at one revision and makes that the state. */
  async #fill(): Promise<void> {
    const objects: ApiObject[] = [];
    let page = await this.#storage.list(this.#prefix, { limit: listPageObjects });
    const { revision } = page;
    objects.push(...page.objects);
    while (page.more) {
      assert(page.lastKey !== undefined, 'a page with a successor has a last key');
      const start = `${page.lastKey}\0`;
      page = await this.#storage.list(this.#prefix, { limit: listPageObjects, revision, start });
      objects.push(...page.objects);
    }
    this.#objects.clear();
    for (const object of objects) this.#objects.set(this.#keyOf(object), new EncodedObject(object));
    this.#sorted = undefined;
    this.#history = [];
    this.#evictedRevision = revision;
    this.#ready = true;
    this.#listeners.end('expired');
    // A relist may be of a store that went back (restored from a backup): then W3 starts anew.
    this.#revision = revision;
    this.#wakeFresh();
  }

  #keyOf(object: ApiObject): Key {
    return this.#storage.keyOf(object.metadata.namespace, object.metadata.name);
  }

  /** Watches from the state on, resuming whenever the watch breaks, until the history is compacted away. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#platform;
    while (!signal.aborted) {
      const end = await this.#watchOnce(signal);
      if (signal.aborted) return;
      logger.debug('watch cache lost its watch', { prefix: this.#prefix, reason: end.reason });
      if (end.compactRevision !== undefined) return;
      await clock.sleep(retryMillis, signal);
    }
  }

  async #watchOnce(
    signal: AbortSignal,
  ): Promise<{ readonly compactRevision?: Revision; readonly reason: string }> {
    const ended = deferred<{ readonly compactRevision?: Revision; readonly reason: string }>();
    const aborted = (): void => ended.resolve({ reason: 'stopped' });
    signal.addEventListener('abort', aborted, { once: true });
    const range = { key: `${this.#prefix}/`, rangeEnd: prefixEnd(`${this.#prefix}/`) };
    this.#watch = this.#etcd.watch(
      { ...range, startRevision: this.#revision + 1, progressNotify: true },
      {
        created: () => {},
        events: (events, revision) => this.#apply(events, revision),
        progress: (revision) => this.#advance(revision),
        closed: (end) => ended.resolve(end),
      },
    );
    const end = await ended.promise;
    signal.removeEventListener('abort', aborted);
    this.#watch?.cancel();
    this.#watch = undefined;
    return end;
  }

  #apply(events: readonly Event[], revision: number): void {
    for (const event of events) {
      assert(event.kv.modRevision > this.#revision, 'the store tells every change once, in order');
      this.#applyOne(event);
    }
    this.#advance(revision);
  }

  #applyOne(event: Event): void {
    const { key, modRevision } = event.kv;
    const previous = this.#objects.get(key);
    let current: EncodedObject | undefined;
    if (event.type === 'put') {
      current = new EncodedObject(decodeObject(event.kv));
      this.#objects.set(key, current);
    } else {
      this.#objects.delete(key);
    }
    this.#sorted = undefined;
    // A key that came and went within one transaction was never seen.
    if (current === undefined && previous === undefined) return;
    const change = new CacheEvent(modRevision, current, previous);
    this.#remember(change);
    this.#listeners.tell(change);
  }

  #remember(event: CacheEvent): void {
    this.#history.push(event);
    // Cut in blocks: shifting an array of thousands for each event would cost more than the event.
    if (this.#history.length > 2 * watchCacheEventsMax) {
      const removed = this.#history.splice(0, this.#history.length - watchCacheEventsMax);
      this.#evictedRevision = removed.at(-1)!.revision;
    }
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#wakeFresh();
  }

  #wakeFresh(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.revision > this.#revision);
    for (const waiter of waiters) {
      if (waiter.revision <= this.#revision) waiter.done.resolve(true);
    }
  }
}
