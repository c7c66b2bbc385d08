import { assert } from '../src/base/assert.ts';
import type { Clock, Timer } from '../src/platform/clock.ts';
import type { Life } from './life.ts';

/** How a host's clocks differ from the world's. May be changed while the host runs. */
export interface ClockSettings {
  /** Wall clock minus the world's time. */
  offsetMillis: number;
  /** How fast the host's oscillator runs: 1 is right, 1.0001 gains 100 ppm. */
  rate: number;
}

/** What the world's wall clock says when a world begins: 2026-01-01T00:00:00Z. */
export const worldStartMillis = 1_767_225_600_000;

/** A timer is never early, not even by a rounding error of the clock that checks it. */
const timerSlackMillis = 0.001;

/** The clocks of one life. Timers follow the host's own oscillator, as they do on a real host. */
export class SimulatedClock implements Clock {
  readonly #life: Life;
  readonly #settings: Readonly<ClockSettings>;
  #checkedAtMillis: number;
  #monotonicMillis = 0;

  constructor(life: Life, settings: Readonly<ClockSettings>) {
    this.#life = life;
    this.#settings = settings;
    this.#checkedAtMillis = life.loop.nowMillis;
  }

  wallMillis(): number {
    return Math.floor(worldStartMillis + this.#life.loop.nowMillis + this.#settings.offsetMillis);
  }

  /** Since this life began. Integrates the rate, so that a change of it never moves the clock back. */
  monotonicMillis(): number {
    const nowMillis = this.#life.loop.nowMillis;
    this.#monotonicMillis += (nowMillis - this.#checkedAtMillis) * this.#settings.rate;
    this.#checkedAtMillis = nowMillis;
    return this.#monotonicMillis;
  }

  setTimer(delayMillis: number, fire: () => void): Timer {
    assert(delayMillis >= 0, () => `not a delay: ${delayMillis}`);
    return this.#life.after(delayMillis / this.#settings.rate + timerSlackMillis, 'timer', fire);
  }

  sleep(delayMillis: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve(false);
        return;
      }
      const wake = (slept: boolean) => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        resolve(slept);
      };
      const onAbort = () => {
        if (this.#life.alive) wake(false);
      };
      const timer = this.setTimer(delayMillis, () => wake(true));
      signal?.addEventListener('abort', onAbort);
    });
  }
}
