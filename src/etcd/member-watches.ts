import type { Store } from '../mvcc/store.ts';
import type { Clock } from '../platform/clock.ts';
import type { FaultPoints } from '../platform/fault-points.ts';
import type { Watch, WatchEvents, WatchRequest } from './client.ts';
import { MemberWatch } from './member-watch.ts';

/** Watches that are behind catch up in slices, so that other work comes in between. */
const revisionsPerSyncMax = 1000;
/** How long watches stay behind that a simulator holds back. */
const behindMillis = 20;

/** All watches on a member, whichever store is behind them at the time. */
export class MemberWatches {
  readonly #clock: Clock;
  readonly #faults: FaultPoints;
  readonly #watches = new Set<MemberWatch>();
  #store: Store;
  #catchingUp = false;
  /** Why nobody may watch any more. */
  #closed: string | undefined;

  constructor({ clock, faults }: { readonly clock: Clock; readonly faults: FaultPoints }, store: Store) {
    this.#clock = clock;
    this.#faults = faults;
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
    if (this.#faults.rare('watch.behind')) this.#fallBehind();
  }

  close(reason: string): void {
    this.#closed = reason;
    for (const watch of this.#watches) watch.close(reason);
  }

  /** What happens in the next moment reaches nobody's watch at once: all must read it from the store. */
  #fallBehind(): void {
    const watches = [...this.#watches];
    for (const watch of watches) watch.hold();
    this.#clock.setTimer(behindMillis, () => {
      for (const watch of watches) watch.release();
    });
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
