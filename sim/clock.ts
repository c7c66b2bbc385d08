import { assert } from '../src/base/assert.ts';
import type { Clock, Timer } from '../src/platform/clock.ts';
import type { EventHost, EventLoop } from './event-loop.ts';
import type { FaultHits } from './fault-hits.ts';
import type { Life } from './life.ts';

/** How a host's clocks differ from the world's when it is switched on first. */
export interface ClockSettings {
  /** Wall clock minus the world's time. */
  readonly offsetMillis: number;
  /** How fast the host's oscillator runs: 1 is right, 1.0001 gains 100 ppm. */
  readonly rate: number;
}

/** What the world's wall clock says when a world begins: 2026-01-01T00:00:00Z. */
export const worldStartMillis = 1_767_225_600_000;

/** A timer is never early, not even by a rounding error of the clock that checks it. */
const timerSlackMillis = 0.001;
/** The events that follow an oscillator. */
const timerKind = 'timer';

/**
 * The clock of a host: a wall clock that can be set, and an oscillator that both it and all timers follow. May be put wrong
 * while the host runs; it outlives the host's lives.
 */
export class HostClock {
  readonly #host: EventHost;
  readonly #loop: EventLoop;
  readonly #hits: FaultHits;
  readonly #rateAtFirst: number;
  #offsetMillis: number;
  #rate: number;
  /** The oscillator's reading when the rate was set last, and when that was. */
  #baseMillis: number;
  #setAtMillis: number;
  #strobe: Timer | undefined;
  /** By how much the strobe has put the wall clock wrong at this moment. */
  #strobeMillis = 0;

  constructor(host: EventHost, loop: EventLoop, hits: FaultHits, { offsetMillis, rate }: ClockSettings) {
    this.#host = host;
    this.#loop = loop;
    this.#hits = hits;
    this.#offsetMillis = offsetMillis;
    this.#rate = rate;
    this.#rateAtFirst = rate;
    this.#setAtMillis = loop.nowMillis;
    this.#baseMillis = loop.nowMillis;
  }

  /** Wall clock minus the oscillator. Setting it is a jump. */
  get offsetMillis(): number {
    return this.#offsetMillis + this.#strobeMillis;
  }

  set offsetMillis(millis: number) {
    this.#hits.hit('clock-jump');
    this.#offsetMillis = millis - this.#strobeMillis;
  }

  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    assert(rate > 0, () => `not a rate: ${rate}`);
    if (rate === this.#rate) return;
    this.#hits.hit('clock-rate');
    this.#baseMillis = this.oscillatorMillis();
    this.#setAtMillis = this.#loop.nowMillis;
    this.#loop.stretch(this.#host, timerKind, this.#rate / rate);
    this.#rate = rate;
  }

  /** The oscillator's reading: the world's time as this host counts it. Never goes back. */
  oscillatorMillis(): number {
    return this.#baseMillis + (this.#loop.nowMillis - this.#setAtMillis) * this.#rate;
  }

  wallMillis(): number {
    return Math.floor(worldStartMillis + this.oscillatorMillis() + this.offsetMillis);
  }

  /** The wall clock jumps to and fro (Jepsen's strobe): every `everyMillis` by `byMillis`, for so long, and then it is right again. */
  strobe(byMillis: number, everyMillis: number, forMillis: number): void {
    this.#endStrobe();
    const endMillis = this.#loop.nowMillis + forMillis;
    const flip = (): void => {
      if (this.#loop.nowMillis >= endMillis) {
        this.#endStrobe();
        return;
      }
      this.#hits.hit('clock-strobe');
      this.#strobeMillis = this.#strobeMillis === 0 ? byMillis : 0;
      this.#strobe = this.#loop.schedule(undefined, everyMillis, 'strobe', flip);
    };
    flip();
  }

  /** Ends a strobe, and runs as it did at first. A jump is not taken back: nothing knows that it was one. */
  mend(): void {
    this.#endStrobe();
    this.rate = this.#rateAtFirst;
  }

  #endStrobe(): void {
    this.#strobe?.cancel();
    this.#strobe = undefined;
    this.#strobeMillis = 0;
  }
}

/** The clocks of one life. Timers follow the host's own oscillator, as they do on a real host. */
export class SimulatedClock implements Clock {
  readonly #life: Life;
  readonly #host: HostClock;
  readonly #bornMillis: number;

  constructor(life: Life, host: HostClock) {
    this.#life = life;
    this.#host = host;
    this.#bornMillis = host.oscillatorMillis();
  }

  wallMillis(): number {
    return this.#host.wallMillis();
  }

  /** Since this life began. */
  monotonicMillis(): number {
    return this.#host.oscillatorMillis() - this.#bornMillis;
  }

  setTimer(delayMillis: number, fire: () => void): Timer {
    assert(delayMillis >= 0, () => `not a delay: ${delayMillis}`);
    return this.#life.after(delayMillis / this.#host.rate + timerSlackMillis, timerKind, fire);
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
