import { expired, timeoutTooLargeResourceVersion } from '../api/errors.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { Platform } from '../platform/platform.ts';
import type { CacheEvent } from './cache-event.ts';
import { jsonFrame } from './cache-event.ts';
import type { EncodedObject } from './encoded-object.ts';
import type { ListOptions } from './list-options.ts';
import type { Presentation } from './presentation.ts';
import type { Registry } from './registry.ts';
import { Watcher } from './watcher.ts';

/** A watch whose client names no end gets a random one, so that clients do not all come back at once. */
const watchSecondsMin = 1_800;
const watchSecondsSpread = 1_800;
/** A client that asks for more gets this: timers count milliseconds in 32 bits. */
const watchSecondsMax = 1_000_000;

/** Marks the bookmark that ends the initial events (KEP-3157). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Starts a client's watch: what it has to be told first, then everything that happens, from one cache.
 *
 * @throws ApiError Timeout when the asked revision is not reached, TooManyRequests while the cache is empty
 */
export async function startWatch(
  platform: Platform,
  registry: Registry,
  options: ListOptions,
  presentation: Presentation,
): Promise<Watcher> {
  const { cache, resource } = registry;
  const { resourceVersion, sendInitialEvents, matches, pin } = options;
  await registry.waitUntilReady();
  // "Newest" must mean the store's newest, not what this cache happens to have seen.
  if (resourceVersion === undefined) await registry.waitUntilConsistent();
  const isResumed = sendInitialEvents !== true && (resourceVersion ?? 0) > 0;
  if (
    sendInitialEvents === true &&
    resourceVersion !== undefined &&
    !(await cache.waitUntilFresh(resourceVersion))
  ) {
    throw timeoutTooLargeResourceVersion(resourceVersion, cache.revision);
  }

  const bookmarkAt = (revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array => {
    const metadata = { resourceVersion: String(revision), ...(annotations !== undefined && { annotations }) };
    const object = {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata,
      spec: {},
      status: {},
    };
    return jsonFrame('BOOKMARK', JSON.stringify(object));
  };

  // No await from here to `subscribe`: the backlog and the live events must meet without gap or overlap.
  const startRevision = isResumed ? resourceVersion! : cache.revision;
  let backlog: Iterable<Uint8Array>;
  if (isResumed) {
    const changes = cache.changesSince(startRevision);
    backlog = changes === undefined ? [tooOld(startRevision, cache.oldestRevision)] : framesOf(changes);
    if (changes === undefined) return oneFrameWatcher(platform, backlog);
  } else if (sendInitialEvents === false) {
    backlog = [];
  } else {
    const endsWithBookmark = sendInitialEvents === true && options.allowWatchBookmarks;
    const end = endsWithBookmark ? [bookmarkAt(cache.revision, { [initialEventsEnd]: 'true' })] : [];
    backlog = initialFrames(cache.snapshot().objects, end);
  }

  const { clock, random } = platform;
  const asked = Math.min(options.timeoutSeconds ?? 0, watchSecondsMax);
  const timeoutSeconds = asked > 0 ? asked : watchSecondsMin + random.integer(watchSecondsSpread);
  const watcher = new Watcher({
    clock,
    backlog,
    timeoutMillis: timeoutSeconds * 1000,
    ...(options.allowWatchBookmarks && {
      bookmark: () => {
        cache.requestProgress();
        return cache.revision >= startRevision ? bookmarkAt(cache.revision) : undefined;
      },
    }),
    closed: () => unsubscribe(),
  });
  const unsubscribe = cache.subscribe(
    {
      changed: (event) => {
        if (event.revision <= startRevision) return;
        const seen = event.seenThrough(matches);
        if (seen !== undefined) watcher.push(() => presentation.event(seen, event));
      },
      ended: (why) =>
        watcher.end(why === 'expired' ? tooOld(startRevision, cache.oldestRevision) : undefined),
    },
    pin,
  );
  return watcher;

  function* framesOf(changes: readonly CacheEvent[]): Generator<Uint8Array, void> {
    for (const event of changes) {
      const seen = event.seenThrough(matches);
      if (seen !== undefined) yield presentation.event(seen, event);
    }
  }

  function* initialFrames(
    objects: readonly EncodedObject[],
    end: readonly Uint8Array[],
  ): Generator<Uint8Array, void> {
    for (const object of objects) {
      if (matches(object.object)) yield presentation.event({ type: 'ADDED', object });
    }
    yield* end;
  }
}

function tooOld(revision: number, oldest: number): Uint8Array {
  const { status } = expired(`too old resource version: ${revision} (${oldest})`);
  return jsonFrame('ERROR', JSON.stringify(status));
}

function oneFrameWatcher(platform: Platform, backlog: Iterable<Uint8Array>): Watcher {
  const watcher = new Watcher({ clock: platform.clock, backlog, timeoutMillis: 1_000, closed: () => {} });
  watcher.end();
  return watcher;
}
