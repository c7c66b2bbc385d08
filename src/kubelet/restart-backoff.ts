export interface BackoffLimits {
  readonly initialMillis: number;
  readonly maxMillis: number;
  /** A run at least this long ends the streak. */
  readonly resetMillis: number;
}

/** The kubelet's own: 10 s, doubled up to 5 min, forgotten after a run of 10 min. */
export const defaultRestartBackoff: BackoffLimits = {
  initialMillis: 10_000,
  maxMillis: 300_000,
  resetMillis: 600_000,
};

/**
 * How long a container waits before its next start (CrashLoopBackOff). The first restart is at once; each
 * further one waits twice as long as the one before. Times are monotonic milliseconds.
 */
export class RestartBackoff {
  readonly #limits: BackoffLimits;
  readonly #streaks = new Map<string, { delayMillis: number; startedAtMillis: number }>();

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
  }

  /** When `key`, which ended at `endedAtMillis`, may start again, and the wait that this comes from. */
  readyAt(key: string, endedAtMillis: number): { readonly atMillis: number; readonly delayMillis: number } {
    const streak = this.#streakAt(key, endedAtMillis);
    const delayMillis = streak?.delayMillis ?? 0;
    return { atMillis: endedAtMillis + delayMillis, delayMillis };
  }

  /** Counts a restart of `key`, which ended at `endedAtMillis`, made at `nowMillis`. */
  restarted(key: string, endedAtMillis: number, nowMillis: number): void {
    const { initialMillis, maxMillis } = this.#limits;
    const streak = this.#streakAt(key, endedAtMillis);
    const delayMillis = streak === undefined ? initialMillis : Math.min(streak.delayMillis * 2, maxMillis);
    this.#streaks.set(key, { delayMillis, startedAtMillis: nowMillis });
  }

  #streakAt(key: string, endedAtMillis: number): { readonly delayMillis: number } | undefined {
    const streak = this.#streaks.get(key);
    if (streak === undefined || endedAtMillis - streak.startedAtMillis >= this.#limits.resetMillis)
      return undefined;
    return streak;
  }
}
