import { assert } from '../../base/assert.ts';
import { deferred } from '../../base/deferred.ts';

import type { Clock, Timer } from '../clock.ts';

/** The longest wait that Node's timers take; above it they fire at once. */
const nodeDelayMillisMax = 2 ** 31 - 1;

/** This host's clocks and Node's timers. */
export class OsClock implements Clock {
  wallMillis(): number {
    return Date.now();
  }

  monotonicMillis(): number {
    return performance.now();
  }

  setTimer(delayMillis: number, fire: () => void): Timer {
    assert(delayMillis >= 0, () => `not a delay: ${delayMillis}`);
    if (delayMillis === 0) {
      const immediate = setImmediate(fire);
      return { cancel: () => clearImmediate(immediate) };
    }
    // Node cuts fractions off and counts from a rounded-down start, which may be almost 1 ms early.
    let remainingMillis = Math.ceil(delayMillis) + 1;
    let timeout: NodeJS.Timeout;
    const arm = (): void => {
      const stepMillis = Math.min(remainingMillis, nodeDelayMillisMax);
      remainingMillis -= stepMillis;
      timeout = setTimeout(remainingMillis > 0 ? arm : fire, stepMillis);
    };
    arm();
    return { cancel: () => clearTimeout(timeout) };
  }

  sleep(delayMillis: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false);
    const slept = deferred<boolean>();
    const abort = (): void => {
      timer.cancel();
      slept.resolve(false);
    };
    const timer = this.setTimer(delayMillis, () => {
      signal?.removeEventListener('abort', abort);
      slept.resolve(true);
    });
    signal?.addEventListener('abort', abort, { once: true });
    return slept.promise;
  }
}
