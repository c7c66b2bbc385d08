import type { Clock, Timer } from '../../src/platform/clock.ts';
import { noFaultPoints } from '../../src/platform/fault-points.ts';
import type { HttpRequest, HttpResponse } from '../../src/platform/http.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Random } from '../../src/platform/random.ts';

/** A clock that moves when told to. */
export class ManualClock implements Clock {
  #now = 1_800_000_000_000;
  #order = 0;
  #timers: { readonly at: number; readonly order: number; readonly fire: () => void }[] = [];

  wallMillis(): number {
    return this.#now;
  }

  monotonicMillis(): number {
    return this.#now;
  }

  setTimer(delayMillis: number, fire: () => void): Timer {
    const timer = { at: this.#now + delayMillis, order: this.#order++, fire };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((one) => one !== timer)) };
  }

  sleep(delayMillis: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.setTimer(delayMillis, () => {
        signal?.removeEventListener('abort', aborted);
        resolve(true);
      });
      const aborted = (): void => {
        timer.cancel();
        resolve(false);
      };
      if (signal?.aborted === true) aborted();
      else signal?.addEventListener('abort', aborted);
    });
  }

  /** Passes time, letting what was woken run before the next timer fires. */
  async advance(millis: number): Promise<void> {
    const end = this.#now + millis;
    await settle();
    for (;;) {
      const [next] = this.#timers
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at || a.order - b.order);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    integer: (bound) => Math.floor(next() * bound),
    float: next,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
  };
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

export interface TestPlatform extends Platform {
  readonly clock: ManualClock;
}

/** `kubelet` answers what the API server asks of kubelets. */
export function testPlatform(
  seed = 1,
  kubelet?: (address: Address, request: HttpRequest) => Promise<HttpResponse>,
): TestPlatform {
  const refuse = (): never => {
    throw new Error('not in this test');
  };
  return {
    hostname: 'test',
    clock: new ManualClock(),
    random: randomFrom(seed),
    logger: silent,
    network: {
      http: {
        serve: async (address) => ({ address, close: async () => {} }),
        request: (address, request) => (kubelet ?? refuse)(address, request),
      },
      links: { listen: refuse, connect: refuse },
      streams: { listen: refuse, connect: refuse },
    },
    disk: new Proxy({} as Platform['disk'], { get: refuse }),
    processes: new Proxy({} as Platform['processes'], { get: refuse }),
    faults: noFaultPoints,
  };
}
