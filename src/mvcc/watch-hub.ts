import { assert, must } from '../base/assert.ts';
import { endOf, isSingleKey } from './key-range.ts';
import { RangeIndex } from './range-index.ts';
import { type Event, type Key, type KeyValue, revision } from './types.ts';
import type { StoreWatchRequest, Watcher, WatchSink } from './watcher.ts';

/** What the hub needs to know of the store. */
export interface WatchSource {
  revision(): number;
  compactRevision(): number;
  /** The key's value in force at `main`; undefined if there was none or it is compacted. */
  kvAt(key: Key, main: number): KeyValue | undefined;
  scan(fromMain: number, endMain: number, visit: (kv: KeyValue) => void): void;
}

type Phase = 'synced' | 'unsynced' | 'ended';

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
  pending: Event[] = [];

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

  /** Appends to `hits` all that watch `key`. */
  collect(key: Key, hits: HubWatcher[]): void {
    const same = this.#keys.get(key);
    if (same !== undefined) {
      for (const watcher of same) hits.push(watcher);
    }
    this.#ranges.collect(key, hits);
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
  #hits: HubWatcher[] = [];
  #touched: HubWatcher[] = [];

  constructor(source: WatchSource) {
    this.#source = source;
  }

  get watcherCount(): number {
    return this.#synced.members.size + this.#unsynced.members.size;
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
    watcher.pending = [];
  }

  /** Delivers the changes of one transaction that has just ended. */
  notify(changes: readonly KeyValue[]): void {
    if (this.#synced.members.size === 0) return;
    for (const kv of changes) this.#offer(this.#synced, 0, kv);
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
    this.#source.scan(from, end, (kv) => this.#offer(this.#unsynced, from, kv));
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
    for (const group of [other.#synced, other.#unsynced]) {
      for (const watcher of group.members) {
        if (watcher.synced) watcher.next = Math.max(watcher.next, other.#source.revision() + 1);
        other.#leave(watcher);
        watcher.hub = this;
        this.#join(watcher);
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
  }

  #join(watcher: HubWatcher): void {
    const synced = watcher.next > this.#source.revision();
    watcher.phase = synced ? 'synced' : 'unsynced';
    (synced ? this.#synced : this.#unsynced).add(watcher);
  }

  #leave(watcher: HubWatcher): void {
    if (watcher.phase === 'ended') return;
    (watcher.phase === 'synced' ? this.#synced : this.#unsynced).delete(watcher);
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
   * Makes `kv` pending for everyone in `group` who wants it and whose next revision is at least `from`
   * (those before the window have their own turn). The events are shared between watchers.
   */
  #offer(group: WatcherGroup, from: number, kv: KeyValue): void {
    const hits = this.#hits;
    group.collect(kv.key, hits);
    if (hits.length === 0) return;
    const type = kv.version === 0 ? 'delete' : 'put';
    let plain: Event | undefined;
    let withPrevKv: Event | undefined;
    for (const watcher of hits) {
      if (watcher.next < from || kv.modRevision < watcher.next) continue;
      if (type === 'put' ? watcher.noPut : watcher.noDelete) continue;
      if (watcher.pending.length === 0) this.#touched.push(watcher);
      if (watcher.prevKv) {
        withPrevKv ??= this.#withPrevKv(type, kv);
        watcher.pending.push(withPrevKv);
      } else {
        plain ??= { type, kv };
        watcher.pending.push(plain);
      }
    }
    hits.length = 0;
  }

  /** A create has no previous kv, and one that is compacted is left out. */
  #withPrevKv(type: Event['type'], kv: KeyValue): Event {
    if (kv.createRevision === kv.modRevision) return { type, kv };
    const prevKv = this.#source.kvAt(kv.key, kv.modRevision - 1);
    return prevKv === undefined ? { type, kv } : { type, kv, prevKv };
  }

  /** Hands out what is pending. The sinks run last, when the hub is consistent: they may come back to it. */
  #deliver(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const watcher of touched) {
      const events = watcher.pending;
      watcher.pending = [];
      // Empty when an earlier sink has cancelled this watcher.
      const newest = events.at(-1);
      if (newest !== undefined) watcher.sink.events(events, newest.kv.modRevision);
    }
  }
}
