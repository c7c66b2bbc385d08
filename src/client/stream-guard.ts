import type { Clock } from '../platform/clock.ts';

/** Ends a stream when its caller leaves, when it is told to break, or when it falls silent. */
export class StreamGuard {
  readonly #clock: Clock;
  readonly #idleMillis: number;
  readonly #caller: AbortSignal | undefined;
  readonly #closed: () => void;
  readonly #abort = new AbortController();
  #heardMillis: number;
  #cancelTimer = (): void => {};
  brokenBecause: string | undefined;
  endedByCaller = false;

  /** `closed` is called by `close`. */
  constructor(clock: Clock, idleMillis: number, caller: AbortSignal | undefined, closed: () => void) {
    this.#clock = clock;
    this.#idleMillis = idleMillis;
    this.#caller = caller;
    this.#closed = closed;
    this.#heardMillis = clock.monotonicMillis();
    if (caller?.aborted === true) this.#onCaller();
    else caller?.addEventListener('abort', this.#onCaller);
    this.#watchSilence(idleMillis);
  }

  /** What the stream's request is made with. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  heard(): void {
    this.#heardMillis = this.#clock.monotonicMillis();
  }

  break(reason: string): void {
    this.brokenBecause = reason;
    this.#abort.abort();
  }

  /** Frees the timer and the connection. Idempotent. */
  close(): void {
    this.#cancelTimer();
    this.#caller?.removeEventListener('abort', this.#onCaller);
    this.#abort.abort();
    this.#closed();
  }

  readonly #onCaller = (): void => {
    this.endedByCaller = true;
    this.#abort.abort();
  };

  /** One timer that renews itself: a chunk costs no timer. */
  #watchSilence(delayMillis: number): void {
    const timer = this.#clock.setTimer(delayMillis, () => {
      const leftMillis = this.#heardMillis + this.#idleMillis - this.#clock.monotonicMillis();
      if (leftMillis > 0) this.#watchSilence(leftMillis);
      else this.break(`heard nothing for ${this.#idleMillis} ms`);
    });
    this.#cancelTimer = () => timer.cancel();
  }
}
