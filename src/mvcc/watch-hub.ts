import { assert, must } from '../base/assert.ts';
import { SharedList } from '../base/shared-list.ts';
import { endOf, isSingleKey } from './key-range.ts';
import type { VisitRecord } from './backend.ts';
import { decodeHead } from './key-value-codec.ts';
import { RangeIndex } from './range-index.ts';
import { StoreEvent } from './store-event.ts';
import { type Key, type KeyValue, type Revision, revision } from './types.ts';
import type { StoreWatchRequest, Watcher, WatchSink } from './watcher.ts';

/** What the hub needs to know of the store. */
export interface WatchSource {
  revision(): number;
  compactRevision(): number;
  /** The key's value in force at `main`; undefined if there was none or it is compacted. */
  kvAt(key: Key, main: number): KeyValue | undefined;
  scan(fromMain: number, endMain: number, visit: VisitRecord): void;
}

/** One change of a transaction, as it was written. */
export interface StoreChange {
  readonly key: Key;
  readonly main: number;
  readonly record: Uint8Array;
  readonly tombstone: boolean;
}

/** `paused`: its reader takes nothing now. It is in no group and costs nothing until it resumes, behind. */
type Phase = 'synced' | 'unsynced' | 'paused' | 'ended';

/** Where all lists of pending events begin: watchers of the same have the same list. */
const nothing = new SharedList<StoreEvent>();

class HubWatcher implements Watcher {
  readonly from: Key;
  readonly end: Key;
  readonly single: boolean;
  readonly prevKv: boolean;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly sink: WatchSink;
  hub: WatchHub;
  phase: Phase = 'ended';
  /** Unsynced: the first revision not yet delivered. Synced: the first one wanted. */
  next: number;
  /** Events of the delivery under way. */
  pending: SharedList<StoreEvent> = nothing;

  constructor(hub: WatchHub, request: StoreWatchRequest, sink: WatchSink, next: number) {
    // etcd reads an empty key as the least one.
    const range = request.key === '' ? { ...request, key: '\0' } : request;
    this.from = range.key;
    this.end = endOf(range);
    this.single = isSingleKey(range);
    this.prevKv = request.prevKv ?? false;
    this.noPut = request.filters?.includes('no-put') ?? false;
    this.noDelete = request.filters?.includes('no-delete') ?? false;
    this.sink = sink;
    this.hub = hub;
    this.next = next;
  }

  get synced(): boolean {
    return this.phase === 'synced';
  }

  pause(): void {
    this.hub.pause(this);
  }

  resume(): void {
    this.hub.resume(this);
  }

  cancel(): void {
    this.hub.remove(this);
  }
}

/** Watchers by what they watch: single keys in a map, ranges in an interval tree. */
class WatcherGroup {
  readonly #keys = new Map<Key, Set<HubWatcher>>();
  readonly #ranges = new RangeIndex<HubWatcher>();
  /** In the order of joining. */
  readonly members = new Set<HubWatcher>();

  add(watcher: HubWatcher): void {
    this.members.add(watcher);
    if (!watcher.single) {
      this.#ranges.add(watcher.from, watcher.end, watcher);
      return;
    }
    const same = this.#keys.get(watcher.from);
    if (same === undefined) this.#keys.set(watcher.from, new Set([watcher]));
    else same.add(watcher);
  }

  delete(watcher: HubWatcher): void {
    this.members.delete(watcher);
    if (!watcher.single) {
      this.#ranges.delete(watcher.from, watcher.end, watcher);
      return;
    }
    const same = must(this.#keys.get(watcher.from));
    same.delete(watcher);
    if (same.size === 0) this.#keys.delete(watcher.from);
  }

  /** Visits all that watch `key`. */
  visit(key: Key, visit: (watcher: HubWatcher) => void): void {
    const same = this.#keys.get(key);
    if (same !== undefined) {
      for (const watcher of same) visit(watcher);
    }
    this.#ranges.visit(key, visit);
  }
}

/**
 * All watchers of a store (etcd's watchableStore). Synced ones are served from each transaction as it
 * ends; unsynced ones from the backend, a bounded window of revisions at a time, taking turns.
 */
export class WatchHub {
  readonly #source: WatchSource;
  readonly #synced = new WatcherGroup();
  readonly #unsynced = new WatcherGroup();
  readonly #paused = new Set<HubWatcher>();
  #touched: HubWatcher[] = [];
  /** Up to where synced watchers have been given what there was. */
  #delivered: number;

  constructor(source: WatchSource) {
    this.#source = source;
    this.#delivered = 0;
  }

  get watcherCount(): number {
    return this.#synced.members.size + this.slowWatcherCount;
  }

  get slowWatcherCount(): number {
    return this.#unsynced.members.size + this.#paused.size;
  }

  watch(request: StoreWatchRequest, sink: WatchSink): Watcher {
    const start = request.startRevision ?? 0;
    const upcoming = this.#source.revision() + 1;
    const watcher = new HubWatcher(this, request, sink, start > 0 ? start : upcoming);
    this.#join(watcher);
    return watcher;
  }

  remove(watcher: HubWatcher): void {
    this.#leave(watcher);
    watcher.phase = 'ended';
    watcher.pending = nothing;
  }

  /** Nothing is delivered to `watcher` until it resumes; what it misses it catches up with from the backend then. */
  pause(watcher: HubWatcher): void {
    if (watcher.phase === 'ended' || watcher.phase === 'paused') return;
    // A synced one has had everything up to now; what is pending for it is delivered before anything else happens.
    if (watcher.phase === 'synced') watcher.next = Math.max(watcher.next, this.#delivered + 1);
    this.#leave(watcher);
    watcher.phase = 'paused';
    this.#paused.add(watcher);
  }

  resume(watcher: HubWatcher): void {
    if (watcher.phase !== 'paused') return;
    this.#leave(watcher);
    this.#join(watcher);
  }

  /** Delivers the changes of one transaction that has just ended. */
  notify(changes: readonly StoreChange[]): void {
    this.#delivered = this.#source.revision();
    if (this.#synced.members.size === 0) return;
    for (const change of changes) this.#offer(this.#synced, 0, change);
    this.#deliver();
  }

  /**
   * Lets the unsynced watcher that has waited longest, and all whose next revision is in the same window,
   * catch up by at most `revisionsMax` revisions. Returns whether unsynced watchers remain.
   */
  sync(revisionsMax: number): boolean {
    assert(revisionsMax > 0, 'catching up must advance');
    this.#endCompacted();
    const [first] = this.#unsynced.members;
    if (first === undefined) return false;
    const from = first.next;
    const end = Math.min(from + revisionsMax, this.#source.revision() + 1);
    this.#source.scan(from, end, (main, _sub, record) => {
      const { key, version } = decodeHead(record);
      // The backend may use these bytes again.
      this.#offer(this.#unsynced, from, { key, main, record, tombstone: version === 0 }, true);
    });
    for (const watcher of this.#unsynced.members) {
      if (watcher.next < from || watcher.next >= end) continue;
      // Leaving and joining again puts those that have not finished at the end of the line.
      this.#leave(watcher);
      watcher.next = end;
      this.#join(watcher);
    }
    this.#deliver();
    return this.#unsynced.members.size > 0;
  }

  /** Takes over every watcher of `other`, each to go on where it is. */
  adopt(other: WatchHub): void {
    for (const watchers of [other.#synced.members, other.#unsynced.members, other.#paused]) {
      for (const watcher of watchers) {
        if (watcher.synced) watcher.next = Math.max(watcher.next, other.#source.revision() + 1);
        const paused = watcher.phase === 'paused';
        other.#leave(watcher);
        watcher.hub = this;
        this.#join(watcher);
        if (paused) this.pause(watcher);
      }
    }
  }

  checkInvariants(): void {
    for (const watcher of this.#synced.members) {
      assert(watcher.phase === 'synced', 'a synced watcher knows it');
      assert(watcher.pending.length === 0, 'nothing is pending between deliveries');
    }
    for (const watcher of this.#unsynced.members) {
      assert(watcher.phase === 'unsynced', 'an unsynced watcher knows it');
      assert(watcher.next <= this.#source.revision(), 'an unsynced watcher has something to catch up with');
      assert(watcher.pending.length === 0, 'nothing is pending between deliveries');
    }
    for (const watcher of this.#paused) assert(watcher.phase === 'paused', 'a paused watcher knows it');
  }

  #join(watcher: HubWatcher): void {
    const synced = watcher.next > this.#source.revision();
    watcher.phase = synced ? 'synced' : 'unsynced';
    (synced ? this.#synced : this.#unsynced).add(watcher);
  }

  #leave(watcher: HubWatcher): void {
    if (watcher.phase === 'ended') return;
    (watcher.phase === 'synced'
      ? this.#synced
      : watcher.phase === 'unsynced'
        ? this.#unsynced
        : this.#paused
    ).delete(watcher);
    watcher.phase = 'ended';
  }

  #endCompacted(): void {
    const compactRevision = this.#source.compactRevision();
    for (const watcher of this.#unsynced.members) {
      // An earlier watcher's sink may have cancelled this one.
      if (watcher.phase === 'ended' || watcher.next >= compactRevision) continue;
      this.remove(watcher);
      watcher.sink.compacted(revision(compactRevision));
    }
  }

  /**
   * Makes a change pending for everyone in `group` who wants it and whose next revision is at least `from`
   * (those before the window have their own turn). The events are shared between watchers.
   */
  #offer(group: WatcherGroup, from: number, change: StoreChange, volatile = false): void {
    let plain: StoreEvent | undefined;
    let withPrevKv: StoreEvent | undefined;
    group.visit(change.key, (watcher) => {
      if (watcher.next < from || change.main < watcher.next) return;
      if (change.tombstone ? watcher.noDelete : watcher.noPut) return;
      if (watcher.pending === nothing) this.#touched.push(watcher);
      plain ??= new StoreEvent(
        change.main,
        volatile ? change.record.slice() : change.record,
        change.tombstone,
      );
      if (watcher.prevKv) withPrevKv ??= this.#withPrevKv(plain);
      watcher.pending = watcher.pending.append(watcher.prevKv ? withPrevKv! : plain);
    });
  }

  /** A create has no previous kv, and one that is compacted is left out. */
  #withPrevKv(event: StoreEvent): StoreEvent {
    const { kv } = event;
    if (kv.createRevision === kv.modRevision) return event;
    const prevKv = this.#source.kvAt(kv.key, kv.modRevision - 1);
    return prevKv === undefined ? event : event.withPrevKv(prevKv);
  }

  /** Hands out what is pending. The sinks run last, when the hub is consistent: they may come back to it. */
  #deliver(): void {
    const touched = this.#touched;
    this.#touched = [];
    nothing.forgetContinuations();
    for (const watcher of touched) {
      const { items } = watcher.pending;
      watcher.pending = nothing;
      // Empty when an earlier sink has cancelled this watcher.
      if (items.length > 0) watcher.sink.events(items, items[items.length - 1]!.modRevision as Revision);
    }
  }
}
