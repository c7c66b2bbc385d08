import { concatBytes } from '../base/bytes.ts';
import type { Deferred } from '../base/deferred.ts';
import { deferred } from '../base/deferred.ts';
import type { Clock, Timer } from '../platform/clock.ts';

/** Events a client may be behind; one more and its watch ends, so that it resumes or lists again. */
export const watcherQueueMax = 1_000;

const bookmarkIntervalMillis = 60_000;
/** The last bookmark goes out this long before the deadline, so that the client resumes close to the end. */
const lastBookmarkLeadMillis = 2_000;

/** Frames of the backlog that are joined into one chunk. */
const backlogBatchMax = 256;

export interface WatcherOptions {
  readonly clock: Clock;
  /** What the client is to see before live events; made as it is read, so a long one costs no memory. */
  readonly backlog: Iterable<Uint8Array>;
  readonly timeoutMillis: number;
  /** Makes a bookmark of the current revision; absent when the client wants none. */
  readonly bookmark?: () => Uint8Array | undefined;
  /** Called once, when the watch is over for whatever reason. */
  readonly closed: () => void;
}

/**
 * One client's watch: a bounded queue between the watch cache, which never waits, and a response body that
 * is read as fast as the client can. What is queued when the watch ends is still delivered.
 */
export class Watcher implements AsyncIterable<Uint8Array> {
  readonly #options: WatcherOptions;
  readonly #backlog: Iterator<Uint8Array>;
  #queue: (() => Uint8Array)[] = [];
  #wake: Deferred<void> | undefined;
  #ended = false;
  #backlogDone = false;
  #timers: Timer[] = [];

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#backlog = options.backlog[Symbol.iterator]();
    const { clock, timeoutMillis } = options;
    this.#timers.push(clock.setTimer(timeoutMillis, () => this.end()));
    if (options.bookmark !== undefined) {
      this.#scheduleBookmarks(options.bookmark);
      const last = timeoutMillis - lastBookmarkLeadMillis;
      if (last > 0) this.#timers.push(clock.setTimer(last, () => this.#pushBookmark(options.bookmark)));
    }
  }

  /** Queues an event, encoded when it is read; or ends the watch when the client is too far behind. */
  push(frame: () => Uint8Array): void {
    if (this.#ended) return;
    if (this.#queue.length >= watcherQueueMax) {
      this.end();
      return;
    }
    this.#queue.push(frame);
    this.#wakeReader();
  }

  /** Ends the stream after what is queued, and after `lastFrame` if there is one. Idempotent. */
  end(lastFrame?: Uint8Array): void {
    if (this.#ended) return;
    if (lastFrame !== undefined) this.#queue.push(() => lastFrame);
    this.#ended = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#options.closed();
    this.#wakeReader();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    // Not a generator: `return` must run even if the body was never read.
    return {
      next: () => this.#next(),
      return: () => {
        this.#queue = [];
        this.#backlogDone = true;
        this.end();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const frames = this.#take();
      if (frames.length > 0) return { done: false, value: concatBytes(frames) };
      if (this.#ended) return { done: true, value: undefined };
      this.#wake ??= deferred();
      await this.#wake.promise;
    }
  }

  #take(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    while (!this.#backlogDone && frames.length < backlogBatchMax) {
      const step = this.#backlog.next();
      if (step.done === true) this.#backlogDone = true;
      else frames.push(step.value);
    }
    if (frames.length > 0) return frames;
    const queued = this.#queue;
    this.#queue = [];
    return queued.map((frame) => frame());
  }

  #wakeReader(): void {
    this.#wake?.resolve();
    this.#wake = undefined;
  }

  #scheduleBookmarks(bookmark: () => Uint8Array | undefined): void {
    const timer = this.#options.clock.setTimer(bookmarkIntervalMillis, () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      this.#pushBookmark(bookmark);
      if (!this.#ended) this.#scheduleBookmarks(bookmark);
    });
    this.#timers.push(timer);
  }

  #pushBookmark(bookmark: (() => Uint8Array | undefined) | undefined): void {
    const frame = bookmark?.();
    if (frame !== undefined) this.push(() => frame);
  }
}
