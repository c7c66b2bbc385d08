import type { KeyRange } from '../../src/mvcc/types.ts';
import type { Checker, Observation, Violation } from '../observations.ts';
import { differenceOf, TrueHistory } from './true-history.ts';

/**
 * Every watch delivers every change of its range exactly once, in order, and never splits a revision: what it
 * got between two revisions is exactly what the store did between them.
 */
export class WatchGapFree implements Checker {
  readonly name = 'watch-gap-free';
  readonly #truth = new TrueHistory();
  readonly #watches = new Map<string, { readonly range: KeyRange; revision: number }>();

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'revision-applied':
        this.#truth.add(seen.revision, seen.events);
        return undefined;
      case 'watch-started':
        this.#watches.set(seen.watch, { range: seen.range, revision: seen.afterRevision });
        return undefined;
      case 'watch-ended':
        this.#watches.delete(seen.watch);
        return undefined;
      case 'watch-events':
      case 'watch-progress': {
        const watch = this.#watches.get(seen.watch);
        if (watch === undefined)
          return this.#violation(seen.atMillis, `watch ${seen.watch} speaks after its end`);
        if (seen.revision > this.#truth.newest && seen.type === 'watch-events') {
          return this.#violation(
            seen.atMillis,
            `watch ${seen.watch} tells of revision ${seen.revision}, which nobody has applied`,
          );
        }
        const events = seen.type === 'watch-events' ? seen.events : [];
        const expected = this.#truth.changes(watch.range, watch.revision, seen.revision);
        const difference = differenceOf(expected, events);
        const span = `(${watch.revision}, ${seen.revision}]`;
        watch.revision = Math.max(watch.revision, seen.revision);
        return difference === undefined
          ? undefined
          : this.#violation(seen.atMillis, `watch ${seen.watch} got ${difference} in revisions ${span}`);
      }
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #violation(atMillis: number, message: string): Violation {
    return { checker: this.name, atMillis, message };
  }
}
