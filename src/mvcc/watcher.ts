import type { StoreEvent } from './store-event.ts';
import type { KeyRange, Revision } from './types.ts';

export interface StoreWatchRequest extends KeyRange {
  /** 0 or absent: from the next change. At or before the current revision: catches up (syncWatchers). */
  readonly startRevision?: number;
  readonly prevKv?: boolean;
  readonly filters?: readonly ('no-put' | 'no-delete')[];
}

/**
 * Where a watcher's events go. Called synchronously; it may start and cancel watches but must not write
 * to the store.
 */
export interface WatchSink {
  /** One or more whole revisions in (main, sub) order; never empty, and the same array for all who watch the same. `revision` is the newest. */
  events(events: readonly StoreEvent[], revision: Revision): void;
  /** The watcher's next revision has been compacted away. It has ended; nothing follows. */
  compacted(compactRevision: Revision): void;
}

export interface Watcher {
  /** Whether every change up to the store's revision has been delivered. False for good once it has ended. */
  readonly synced: boolean;
  /** Stops deliveries: what happens meanwhile is caught up with from the backend after `resume`, or is told as compacted. */
  pause(): void;
  /** Deliveries go on; the watcher may be behind now (syncWatchers). */
  resume(): void;
  /** No call of the sink follows. Idempotent. */
  cancel(): void;
}
