/** A host's clocks and timers. Every duration is in milliseconds and may have a fraction. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump either way, and differs between hosts. */
  wallMillis(): number;
  /** Milliseconds since an arbitrary start. Never goes back. For durations and timeouts. */
  monotonicMillis(): number;
  /** Calls `fire` once, not before `delayMillis` (>= 0) have passed. Equal deadlines fire in the order set. */
  setTimer(delayMillis: number, fire: () => void): Timer;
  /** Resolves `true` when the time has passed, or `false` as soon as `signal` aborts. Never rejects. */
  sleep(delayMillis: number, signal?: AbortSignal): Promise<boolean>;
}

export interface Timer {
  /** After this the callback does not run. Idempotent. */
  cancel(): void;
}
