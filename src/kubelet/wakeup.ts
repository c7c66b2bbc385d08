import type { Clock } from '../platform/clock.ts';

/** Lets one loop sleep until somebody has news for it. News that comes while it works is not lost. */
export class Wakeup {
  readonly #clock: Clock;
  #news = false;
  #resume: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    this.#news = true;
    this.#resume?.();
  }

  /** Resolves on news, when `delayMillis` (Infinity allowed) have passed, or when `signal` aborts. */
  async wait(delayMillis: number, signal: AbortSignal): Promise<void> {
    if (!this.#news && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(delayMillis)
          ? this.#clock.setTimer(Math.max(0, delayMillis), () => this.#resume?.())
          : undefined;
        const resume = (): void => {
          timer?.cancel();
          signal.removeEventListener('abort', resume);
          this.#resume = undefined;
          resolve();
        };
        this.#resume = resume;
        signal.addEventListener('abort', resume, { once: true });
      });
    }
    this.#news = false;
  }
}
