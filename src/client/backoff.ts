import type { Random } from '../platform/random.ts';

export interface BackoffOptions {
  readonly baseMillis: number;
  readonly maxMillis: number;
}

/** client-go's reflector back-off: 800 ms, doubling up to 30 s. */
export const reflectorBackoff: BackoffOptions = { baseMillis: 800, maxMillis: 30_000 };

/**
 * Delays that double from base to max, each with jitter over its upper half, so that the many who lost
 * the same server do not come back in step.
 */
export class Backoff {
  readonly #random: Random;
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(random: Random, options: BackoffOptions) {
    this.#random = random;
    this.#options = options;
  }

  /** The delay before the next attempt, in (base / 2 .. max]. */
  nextMillis(): number {
    const { baseMillis, maxMillis } = this.#options;
    const ceiling = Math.min(maxMillis, baseMillis * 2 ** Math.min(this.#failures, 32));
    this.#failures++;
    return ceiling * (1 - this.#random.float() / 2);
  }

  /** Something worked: start from base again. */
  reset(): void {
    this.#failures = 0;
  }
}
