import type { Store } from '../mvcc/store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Watch, WatchEvents, WatchRequest } from './client.ts';
import { MemberWatch } from './member-watch.ts';

/** Watches that are behind catch up in slices, so that other work comes in between. */
const revisionsPerSyncMax = 1000;

/** All watches on a member, whichever store is behind them at the time. */
export class MemberWatches {
  readonly #clock: Clock;
  readonly #watches = new Set<MemberWatch>();
  #store: Store;
  #catchingUp = false;
  /** Why nobody may watch any more. */
  #closed: string | undefined;

  constructor(clock: Clock, store: Store) {
    this.#clock = clock;
    this.#store = store;
  }

  open(request: WatchRequest, events: WatchEvents): Watch {
    const watch = new MemberWatch(this.#store, request, events, {
      ended: (ended) => this.#watches.delete(ended),
      behind: () => this.#catchUp(),
    });
    if (this.#closed !== undefined) {
      watch.close(this.#closed);
      return watch;
    }
    this.#watches.add(watch);
    if (!watch.synced) this.#catchUp();
    return watch;
  }

  /** The store was replaced by one that is further: the watches go on where they are. */
  move(store: Store): void {
    store.adoptWatchers(this.#store);
    this.#store = store;
    for (const watch of this.#watches) watch.moved(store);
    this.#catchUp();
  }

  /** Something was applied: who asked how far a watch is may be told now. */
  progress(): void {
    for (const watch of this.#watches) watch.progressIfSynced();
  }

  close(reason: string): void {
    this.#closed = reason;
    for (const watch of this.#watches) watch.close(reason);
  }

  #catchUp(): void {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    this.#clock.setTimer(0, () => {
      this.#catchingUp = false;
      if (this.#closed !== undefined) return;
      const more = this.#store.syncWatchers(revisionsPerSyncMax);
      this.progress();
      if (more) this.#catchUp();
    });
  }
}
