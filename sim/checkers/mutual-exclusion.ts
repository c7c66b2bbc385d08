import { decodeUtf8 } from '../../src/base/bytes.ts';
import type { Event } from '../../src/mvcc/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

interface Turn {
  readonly holder: string;
  readonly fence: number;
}

/**
 * Locks and elections by etcd's recipe: whoever's key was created first holds the lock, and its creation revision is the
 * fence of its turn. Nobody is told that it holds a lock while an older key stands; and of what a lock guards, no
 * write of an older turn takes effect behind one of a newer, whatever an old holder still believes.
 */
export class MutualExclusion implements Checker {
  readonly name = 'mutual-exclusion';
  readonly sees: readonly FactType[] = ['lock-acquired', 'revision-applied'];
  /** Keys below each lock that stand now, with the revisions that created them. */
  readonly #standing = new Map<string, Map<string, number>>();
  readonly #guarded = new Map<
    string,
    { readonly value: string; readonly fence: number; readonly revision: number }
  >();

  observe(seen: Observation): Violation | undefined {
    const message =
      seen.type === 'revision-applied'
        ? this.#changed(seen.events)
        : seen.type === 'lock-acquired'
          ? this.#acquired(seen.lock, seen)
          : undefined;
    return message === undefined ? undefined : { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }

  #acquired(lock: string, { holder, fence, key }: Turn & { readonly key: string }): string | undefined {
    for (const [other, created] of this.#standing.get(lock) ?? []) {
      if (created < fence) {
        return `${holder} was told that it holds ${lock} with ${key} of revision ${fence}, but ${other} of revision ${created} comes before it and still stands`;
      }
    }
    // A newer turn may have been told of before: who hears late, behind a slow member, is an old holder by then, and the fence
    // keeps it from doing harm.
    return undefined;
  }

  #changed(events: readonly Event[]): string | undefined {
    for (const { type, kv } of events) {
      const lock = lockOf(kv.key);
      if (lock !== undefined) {
        const standing = this.#standing.get(lock) ?? new Map<string, number>();
        this.#standing.set(lock, standing);
        if (type === 'delete') standing.delete(kv.key);
        else standing.set(kv.key, kv.createRevision);
      }
      if (type === 'delete' || !kv.key.startsWith(guardedPrefix)) continue;
      const value = decodeUtf8(kv.value);
      const fence = Number(value.split(' ')[0]);
      const last = this.#guarded.get(kv.key);
      this.#guarded.set(kv.key, { value, fence, revision: kv.modRevision });
      if (last !== undefined && last.fence > fence) {
        return `"${value}" was written to ${kv.key} at revision ${kv.modRevision} with fence ${fence}, but "${last.value}" of fence ${last.fence} was there since revision ${last.revision}: the older holder had lost the lock`;
      }
    }
    return undefined;
  }
}

/** Locks are `/lock/NAME/HOLDER`; what they guard is `/guarded/NAME`, with values that begin with the fence. */
export const lockPrefix = '/lock/';
export const guardedPrefix = '/guarded/';

function lockOf(key: string): string | undefined {
  if (!key.startsWith(lockPrefix)) return undefined;
  const end = key.indexOf('/', lockPrefix.length);
  return end < 0 ? undefined : key.slice(0, end + 1);
}
