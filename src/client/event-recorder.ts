import { toHex } from '../base/bytes.ts';
import { ApiError, isApiError } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { ApiObject, CoreEvent, NewObject, ObjectReference } from '../api/types.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { ApiClient, ResourceClient } from './api-client.ts';
import { events } from './resources.ts';

/** What a component tells about an object, for `kubectl describe`. */
interface Occurrence {
  readonly involvedObject: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly atMillis: number;
}

interface Posted {
  readonly name: string;
  readonly count: number;
}

const queuedMax = 1000;
const rememberedMax = 4096;
const attemptsMax = 3;
const retryMillis = 2_000;

/**
 * Posts core/v1 Events. Recording never waits and never fails: what does not fit the queue, or cannot be
 * posted, is dropped with a log line. The same event again raises the count of the one already posted.
 */
export class EventRecorder {
  readonly #platform: Platform;
  readonly #events: ResourceClient<CoreEvent>;
  readonly #component: string;
  readonly #host: string | undefined;
  readonly #queue: Occurrence[] = [];
  /** By what makes two events the same; oldest use first. */
  readonly #posted = new Map<string, Posted>();
  #wake = (): void => {};

  /** `source.host` is only for components of a node. */
  constructor(platform: Platform, client: ApiClient, source: { component: string; host?: string }) {
    this.#platform = platform;
    this.#events = client.resource(events);
    this.#component = source.component;
    this.#host = source.host;
  }

  record(object: ApiObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#queue.length >= queuedMax) {
      this.#platform.logger.warn('event dropped: the queue is full', { reason, message });
      return;
    }
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const involvedObject: ObjectReference = {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      uid,
      resourceVersion,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const atMillis = this.#platform.clock.wallMillis();
    this.#queue.push({ involvedObject, type, reason, message, atMillis });
    this.#wake();
  }

  /** Posts what is recorded until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort);
    while (!signal.aborted) {
      const occurrence = this.#queue.shift();
      if (occurrence !== undefined) {
        await this.#post(occurrence, signal);
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    signal.removeEventListener('abort', onAbort);
  }

  async #post(occurrence: Occurrence, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#postOnce(occurrence);
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof NetworkError)) throw error;
        if (error instanceof ApiError || attempt === attemptsMax) {
          const { reason, message } = occurrence;
          this.#platform.logger.warn('event dropped', { reason, message, error: error.message });
          return;
        }
        if (!(await this.#platform.clock.sleep(retryMillis, signal))) return;
      }
    }
  }

  async #postOnce(occurrence: Occurrence): Promise<void> {
    const { involvedObject, type, reason, message } = occurrence;
    // Events of cluster-scoped objects live in `default`.
    const namespace = involvedObject.namespace ?? 'default';
    const key = JSON.stringify([involvedObject.kind, namespace, involvedObject.uid, type, reason, message]);
    const time = formatTime(occurrence.atMillis);
    const before = this.#posted.get(key);
    if (before !== undefined) {
      try {
        const count = before.count + 1;
        await this.#events.patch(before.name, { count, lastTimestamp: time }, { type: 'merge', namespace });
        this.#remember(key, { name: before.name, count });
        return;
      } catch (error) {
        // It has expired: tell it anew.
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
    const event: NewObject<CoreEvent> = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name: `${involvedObject.name ?? ''}.${this.#suffix()}` },
      involvedObject,
      type,
      reason,
      message,
      source: { component: this.#component, ...(this.#host === undefined ? {} : { host: this.#host }) },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      reportingComponent: this.#component,
      reportingInstance: this.#host ?? '',
    };
    const created = await this.#events.create(event);
    this.#remember(key, { name: created.metadata.name, count: 1 });
  }

  #remember(key: string, posted: Posted): void {
    this.#posted.delete(key);
    this.#posted.set(key, posted);
    if (this.#posted.size <= rememberedMax) return;
    for (const oldest of this.#posted.keys()) {
      this.#posted.delete(oldest);
      return;
    }
  }

  #suffix(): string {
    return toHex(this.#platform.random.bytes(8));
  }
}
