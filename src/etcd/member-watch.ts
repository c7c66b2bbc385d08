import { assert, must } from '../base/assert.ts';
import { SharedList } from '../base/shared-list.ts';
import type { Store } from '../mvcc/store.ts';
import type { StoreEvent } from '../mvcc/store-event.ts';
import type { Revision } from '../mvcc/types.ts';
import type { Watcher } from '../mvcc/watcher.ts';
import type { Watch, WatchEvents, WatchRequest } from './client.ts';

type Step = () => void;

/** Where every turn's lists begin: a hundred watches that are given the same hand over one and the same array. */
const nothing = new SharedList<StoreEvent>();

export interface MemberWatchOwner {
  readonly ended: (watch: MemberWatch) => void;
  /** The watch has resumed, and must catch up (Store.syncWatchers). */
  readonly behind: () => void;
}

/**
 * One watch on a member's store. The store calls while it applies; the consumer is called later, from a
 * microtask, so that neither can disturb the other, and always in the order created → events → closed.
 */
export class MemberWatch implements Watch {
  readonly #consumer: WatchEvents;
  readonly #owner: MemberWatchOwner;
  readonly #startRevision: number;
  readonly #watcher: Watcher;
  readonly #undelivered: Step[] = [];
  /** Events of this turn, to be handed over as one: several revisions, none divided. */
  #events = nothing;
  #eventsRevision: Revision | undefined;
  #store: Store;
  #delivering = false;
  #progressRequested = false;
  /** Who takes nothing now: the consumer, or a simulator on its behalf. */
  #paused = false;
  #held = false;
  #closed = false;

  constructor(store: Store, request: WatchRequest, consumer: WatchEvents, owner: MemberWatchOwner) {
    this.#store = store;
    this.#consumer = consumer;
    this.#owner = owner;
    this.#startRevision = request.startRevision ?? 0;
    const created = store.revision;
    this.#enqueue(() => consumer.created(created));
    this.#watcher = store.watch(request, {
      events: (events, revision) => this.#deliver(events, revision),
      compacted: (compactRevision) =>
        this.#end({ compactRevision, reason: 'etcdserver: mvcc: required revision has been compacted' }),
    });
  }

  get synced(): boolean {
    return this.#watcher.synced;
  }

  /** The consumer takes nothing now: what happens meanwhile is read from the store later, and held by nobody. */
  pause(): void {
    this.#paused = true;
    this.#watcher.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#goOn();
  }

  /** As `pause`, until `release`, whatever the consumer says meanwhile. */
  hold(): void {
    this.#held = true;
    this.#watcher.pause();
  }

  release(): void {
    this.#held = false;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#paused || this.#held || this.#closed) return;
    this.#watcher.resume();
    if (!this.#watcher.synced) this.#owner.behind();
  }

  /** The store behind this watch was replaced, and has adopted its watcher. */
  moved(store: Store): void {
    this.#store = store;
  }

  requestProgress(): void {
    this.#progressRequested = true;
    this.progressIfSynced();
  }

  /**
   * Sends a requested progress once everything before it was handed over (etcd#15220). A watch that starts in
   * this member's future has seen more elsewhere: telling it of less would take it back in time (etcd#20221).
   */
  progressIfSynced(): void {
    if (!this.#progressRequested || !this.#watcher.synced || this.#closed) return;
    const { revision } = this.#store;
    if (revision + 1 < this.#startRevision) return;
    this.#progressRequested = false;
    this.#enqueue(() => this.#consumer.progress(revision));
  }

  cancel(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#undelivered.length = 0;
    this.#watcher.cancel();
    this.#owner.ended(this);
  }

  /** The store behind this watch is gone. */
  close(reason: string): void {
    this.#watcher.cancel();
    this.#end({ reason });
  }

  #deliver(events: readonly StoreEvent[], revision: Revision): void {
    if (this.#closed) return;
    if (this.#events === nothing) this.#enqueue(() => this.#handOver());
    let list = this.#events;
    for (let i = 0; i < events.length; i++) list = list.append(events[i]!);
    this.#events = list;
    this.#eventsRevision = revision;
  }

  #handOver(): void {
    const { items } = this.#events;
    this.#events = nothing;
    nothing.forgetContinuations();
    if (items.length > 0) this.#consumer.events(items, must(this.#eventsRevision));
  }

  #end(end: { readonly compactRevision?: Revision; readonly reason: string }): void {
    if (this.#closed) return;
    this.#enqueue(() => {
      this.#closed = true;
      this.#consumer.closed(end);
    });
    this.#owner.ended(this);
  }

  #enqueue(step: Step): void {
    assert(!this.#closed, 'a closed watch delivers nothing');
    this.#undelivered.push(step);
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      for (const next of this.#undelivered.splice(0)) {
        if (this.#closed) return;
        next();
      }
    });
  }
}
