import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../platform/clock.ts';

export interface WorkQueueOptions {
  /** First delay of `addRateLimited` for a key; doubles with each. Default 5. */
  readonly baseDelayMillis?: number;
  /** Default 1 000 000 (client-go's 1000 s). */
  readonly maxDelayMillis?: number;
}

/**
 * Keys waiting to be processed (client-go's workqueue). A key that is added while it waits stays once; one
 * that is added while a worker has it comes back after `done`, so no two workers ever hold it (C3). Its
 * size is bounded by the number of distinct keys.
 *
 * ```ts
 * for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
 *   if (await reconcile(key)) queue.forget(key);
 *   else queue.addRateLimited(key);
 *   queue.done(key);
 * }
 * ```
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #baseDelayMillis: number;
  readonly #maxDelayMillis: number;
  /** In the order of adding; a Set keeps it. */
  readonly #waiting = new Set<string>();
  readonly #processing = new Set<string>();
  /** Added again while being processed. */
  readonly #dirty = new Set<string>();
  readonly #later = new Map<string, { readonly timer: Timer; readonly dueMillis: number }>();
  readonly #failures = new Map<string, number>();
  readonly #idleWorkers: ((key: string | undefined) => void)[] = [];
  #shutDown = false;

  constructor(clock: Clock, options: WorkQueueOptions = {}) {
    this.#clock = clock;
    this.#baseDelayMillis = options.baseDelayMillis ?? 5;
    this.#maxDelayMillis = options.maxDelayMillis ?? 1_000_000;
  }

  /** Keys that wait for a worker now. */
  get length(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    if (this.#shutDown) return;
    if (this.#processing.has(key)) {
      this.#dirty.add(key);
      return;
    }
    const worker = this.#idleWorkers.shift();
    if (worker === undefined) {
      this.#waiting.add(key);
    } else {
      this.#processing.add(key);
      worker(key);
    }
  }

  /** Adds the key when the time has passed. Of several times set for a key the earliest counts. */
  addAfter(key: string, delayMillis: number): void {
    if (this.#shutDown) return;
    if (delayMillis <= 0) return this.add(key);
    const dueMillis = this.#clock.monotonicMillis() + delayMillis;
    const set = this.#later.get(key);
    if (set !== undefined && set.dueMillis <= dueMillis) return;
    set?.timer.cancel();
    const timer = this.#clock.setTimer(delayMillis, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { timer, dueMillis });
  }

  /** Adds a key whose processing failed, after a delay that doubles each time until `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.min(this.#maxDelayMillis, this.#baseDelayMillis * 2 ** Math.min(failures, 40)));
  }

  /** How often the key failed since the last `forget`. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, which `done` must give back; undefined after shutdown. */
  async get(): Promise<string | undefined> {
    if (this.#shutDown) return undefined;
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      this.#processing.add(key);
      return key;
    }
    return new Promise((resolve) => {
      this.#idleWorkers.push(resolve);
    });
  }

  done(key: string): void {
    assert(this.#processing.delete(key), () => `${key} is done but was not taken`);
    if (this.#dirty.delete(key)) this.add(key);
  }

  /** Drops what waits and sends every worker home. Idempotent. */
  shutDown(): void {
    this.#shutDown = true;
    this.#waiting.clear();
    this.#dirty.clear();
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    for (const worker of this.#idleWorkers.splice(0)) worker(undefined);
  }
}
