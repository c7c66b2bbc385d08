import { isApiError, ApiError } from '../api/status.ts';
import type { ApiObject, WatchEvent } from '../api/types.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import type { ApiClient, ResourceClient, ResourceRef } from './api-client.ts';
import { Backoff, reflectorBackoff } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';

/** What a reflector watches; absent means everything. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Where a reflector writes what it learns. Events come in the order of their resourceVersions. */
export interface ReflectorSink<T extends ApiObject> {
  /** The whole content, after a list. */
  replace(objects: readonly T[]): void;
  apply(event: WatchEvent<T>): void;
}

/** The server ends a watch after 5 to 10 minutes, spread so that not all come back at once (client-go). */
const watchSecondsMin = 300;

/**
 * Mirrors a resource: lists once, then watches from the list's resourceVersion and resumes from the last
 * one seen. Only when the server has forgotten that version (410) does it list again (client-go's
 * Reflector).
 */
export class Reflector<T extends ApiObject> {
  readonly #platform: Platform;
  readonly #logger: Logger;
  readonly #client: ResourceClient<T>;
  readonly #selection: Selection;
  readonly #sink: ReflectorSink<T>;
  readonly #backoff: Backoff;
  /** Where the watch resumes; undefined asks for a list. */
  #resumeFrom: string | undefined;
  /** The newest version seen: no list may be older (C2). */
  #newest = 0;

  constructor(
    platform: Platform,
    client: ApiClient,
    ref: ResourceRef<T>,
    selection: Selection,
    sink: ReflectorSink<T>,
    backoff: BackoffOptions = reflectorBackoff,
  ) {
    this.#platform = platform;
    this.#logger = platform.logger.with({ resource: ref.resource });
    this.#client = client.resource(ref);
    this.#selection = selection;
    this.#sink = sink;
    this.#backoff = new Backoff(platform.random, backoff);
  }

  /** Runs until `signal` aborts. Rejects only for bugs. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resumeFrom === undefined) await this.#list(signal);
        else if (await this.#watch(this.#resumeFrom, signal)) continue;
        else await this.#platform.clock.sleep(this.#backoff.nextMillis(), signal);
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof NetworkError)) throw error;
        if (isApiError(error, 'Expired') || isApiError(error, 'Gone')) this.#resumeFrom = undefined;
        this.#logger.debug('list or watch failed', { error: error.message });
        await this.#platform.clock.sleep(this.#backoff.nextMillis(), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const list = await this.#client.list(this.#selection);
    if (signal.aborted) return;
    const version = versionOf(list.metadata.resourceVersion);
    if (version < this.#newest) {
      throw new NetworkError('EOTHER', `the server listed version ${version}, older than ${this.#newest}`);
    }
    this.#newest = version;
    this.#resumeFrom = list.metadata.resourceVersion;
    this.#sink.replace(list.items);
  }

  /** One watch, to its end; true if it told anything, bookmarks included. */
  async #watch(from: string, signal: AbortSignal): Promise<boolean> {
    let heard = false;
    const timeoutSeconds = watchSecondsMin + this.#platform.random.integer(watchSecondsMin);
    const events = this.#client.watch({ ...this.#selection, resourceVersion: from, timeoutSeconds, signal });
    for await (const event of events) {
      if (signal.aborted) break;
      const { resourceVersion } = event.object.metadata;
      const version = versionOf(resourceVersion);
      if (version < this.#newest) {
        throw new NetworkError('EOTHER', `the watch went back to ${version} from ${this.#newest}`);
      }
      heard = true;
      this.#backoff.reset();
      this.#newest = version;
      this.#resumeFrom = resourceVersion;
      if (event.type !== 'BOOKMARK') this.#sink.apply(event);
    }
    return heard;
  }
}

/** Since Kubernetes 1.35 clients may compare resourceVersions as integers. */
function versionOf(resourceVersion: string): number {
  const version = Number(resourceVersion);
  if (!Number.isSafeInteger(version)) {
    throw new NetworkError(
      'EOTHER',
      `the server sent the resourceVersion ${JSON.stringify(resourceVersion)}`,
    );
  }
  return version;
}
