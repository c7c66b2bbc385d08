import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/**
 * What feeds an informer's cache never goes back in time unnoticed: versions of a watch only grow, and begin behind the list
 * or the watch before; a new list may be older, and says so by being one (Kubernetes' "stale reads", Sieve's time travel).
 */
export class CachesForward implements Checker {
  readonly name = 'caches-forward';
  readonly sees: readonly FactType[] = ['cache-moved'];
  readonly #newest = new Map<string, { readonly version: number; readonly atMillis: number }>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'cache-moved') return undefined;
    const { cache, resourceVersion, relisted, atMillis } = seen;
    const newest = this.#newest.get(cache);
    this.#newest.set(cache, { version: resourceVersion, atMillis });
    if (relisted || newest === undefined || resourceVersion >= newest.version) return undefined;
    const message = `the cache of ${cache} was told of version ${resourceVersion}, though it was at ${newest.version} since ${newest.atMillis.toFixed(0)} ms and did not list anew: it went back in time`;
    return { checker: this.name, atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
