import type { FieldPin } from '../api/selector.ts';
import type { ApiObject } from '../api/types.ts';
import type { CacheEvent } from './cache-event.ts';

/** Someone who is told of changes, in revision order, without waiting. */
export interface CacheListener {
  changed(event: CacheEvent): void;
  /** Nothing follows: the history broke, so that what was seen cannot be continued, or the server stops. */
  ended(why: 'expired' | 'stopped'): void;
}

interface Pinned {
  readonly read: (object: ApiObject) => string;
  readonly byValue: Map<string, Set<CacheListener>>;
}

/**
 * Who listens to a watch cache. Those who want one value of a field stand under it (kube's triggers and indexed watchers): of
 * a thousand kubelets that each watch their own pods, a change of a pod concerns one.
 */
export class CacheListeners {
  readonly #all = new Set<CacheListener>();
  /** By field. */
  readonly #pinned = new Map<string, Pinned>();

  /** The returned function takes it away again. */
  add(listener: CacheListener, pin?: FieldPin): () => void {
    if (pin === undefined) {
      this.#all.add(listener);
      return () => void this.#all.delete(listener);
    }
    const { field, value, read } = pin;
    const pinned = this.#pinned.get(field) ?? { read, byValue: new Map<string, Set<CacheListener>>() };
    this.#pinned.set(field, pinned);
    const same = pinned.byValue.get(value) ?? new Set<CacheListener>();
    pinned.byValue.set(value, same);
    same.add(listener);
    return () => {
      same.delete(listener);
      if (same.size === 0 && pinned.byValue.get(value) === same) pinned.byValue.delete(value);
    };
  }

  /** A change concerns the value that was, too: who saw the object must hear that it is gone. */
  tell(event: CacheEvent): void {
    for (const listener of this.#all) listener.changed(event);
    for (const { read, byValue } of this.#pinned.values()) {
      const before = event.previous && read(event.previous.object);
      const after = event.current && read(event.current.object);
      if (before !== undefined) for (const listener of byValue.get(before) ?? []) listener.changed(event);
      if (after === undefined || after === before) continue;
      for (const listener of byValue.get(after) ?? []) listener.changed(event);
    }
  }

  /** Tells everyone, and forgets them. */
  end(why: 'expired' | 'stopped'): void {
    const everyone = [...this.#all];
    for (const { byValue } of this.#pinned.values()) {
      for (const listeners of byValue.values()) everyone.push(...listeners);
    }
    this.#all.clear();
    this.#pinned.clear();
    for (const listener of everyone) listener.ended(why);
  }
}
