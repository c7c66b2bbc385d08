import { Heap } from '../../src/base/heap.ts';
import type { Clock, Timer } from '../../src/platform/clock.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import { noFaultPoints } from '../../src/platform/fault-points.ts';
import type {
  Http,
  HttpHandler,
  HttpRequest,
  HttpRequestOptions,
  HttpResponse,
} from '../../src/platform/http.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Random } from '../../src/platform/random.ts';

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

interface Alarm {
  readonly dueMillis: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/** A clock that stands still until it is told to advance. */
export class FakeClock implements Clock {
  readonly #alarms = new Heap<Alarm>(
    (a, b) => a.dueMillis < b.dueMillis || (a.dueMillis === b.dueMillis && a.order < b.order),
  );
  #nowMillis = 1_000_000;
  #order = 0;

  wallMillis(): number {
    return 1_790_000_000_000 + this.#nowMillis;
  }

  monotonicMillis(): number {
    return this.#nowMillis;
  }

  setTimer(delayMillis: number, fire: () => void): Timer {
    const alarm: Alarm = { dueMillis: this.#nowMillis + delayMillis, order: this.#order++, fire };
    this.#alarms.push(alarm);
    return {
      cancel: () => {
        alarm.fire = undefined;
      },
    };
  }

  async sleep(delayMillis: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted === true) return false;
    return new Promise((resolve) => {
      const onAbort = (): void => {
        timer.cancel();
        resolve(false);
      };
      const timer = this.setTimer(delayMillis, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve(true);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Fires what becomes due, in order, and lets its consequences settle before the next. */
  async advance(millis: number): Promise<void> {
    await settle();
    const until = this.#nowMillis + millis;
    for (
      let next = this.#alarms.peek();
      next !== undefined && next.dueMillis <= until;
      next = this.#alarms.peek()
    ) {
      this.#alarms.pop();
      if (next.fire === undefined) continue;
      this.#nowMillis = next.dueMillis;
      next.fire();
      await settle();
    }
    this.#nowMillis = until;
  }
}

/** mulberry32: enough for tests, the same on every run. */
export class FakeRandom implements Random {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed;
  }

  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  integer(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(256));
  }
}

/** Servers by port. A port without one refuses; a port that is `silent` never answers. */
export class FakeHttp implements Http {
  readonly handlers = new Map<number, HttpHandler>();
  readonly silent = new Set<number>();
  /** Every request that reached a server, as `port method path`. */
  readonly requests: string[] = [];
  readonly #open = new Map<number, Set<(error: NetworkError) => void>>();

  async serve(): Promise<never> {
    throw new NetworkError('EOTHER', 'the fake network serves from `handlers`');
  }

  async request(address: Address, request: HttpRequest, options: HttpRequestOptions): Promise<HttpResponse> {
    const handler = this.handlers.get(address.port);
    if (handler === undefined) throw new NetworkError('ECONNREFUSED', `nobody listens on ${address.port}`);
    this.requests.push(`${address.port} ${request.method} ${request.path}`);
    const broken = this.#breakable(address.port, options.signal);
    if (this.silent.has(address.port)) return broken;
    const response = await Promise.race([handler({ ...request, remoteHost: 'client' }), broken]);
    if (response.body instanceof Uint8Array) return response;
    return { ...response, body: untilBroken(response.body, broken) };
  }

  /** The host dies: what is open breaks, and new connections are refused. */
  kill(port: number): void {
    this.handlers.delete(port);
    this.breakConnections(port);
  }

  breakConnections(port: number): void {
    for (const fail of this.#open.get(port) ?? []) fail(new NetworkError('ECONNRESET', 'connection reset'));
    this.#open.delete(port);
  }

  #breakable(port: number, signal: AbortSignal | undefined): Promise<never> {
    const broken = new Promise<never>((_resolve, reject) => {
      const open = this.#open.get(port) ?? new Set();
      this.#open.set(port, open.add(reject));
      const onAbort = (): void => reject(new NetworkError('ABORTED', 'aborted'));
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
    broken.catch(() => {});
    return broken;
  }
}

async function* untilBroken(
  body: AsyncIterable<Uint8Array>,
  broken: Promise<never>,
): AsyncGenerator<Uint8Array, void> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), broken]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    void chunks.return?.();
  }
}

export class FakeLogger implements Logger {
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(message);
  }

  info(message: string): void {
    this.lines.push(message);
  }

  warn(message: string): void {
    this.lines.push(message);
  }

  error(message: string): void {
    this.lines.push(message);
  }

  with(): Logger {
    return this;
  }
}

export interface FakePlatform extends Platform {
  readonly clock: FakeClock;
  readonly random: FakeRandom;
  readonly logger: FakeLogger;
  readonly network: Platform['network'] & { readonly http: FakeHttp };
}

/** A host with a hand-driven clock and an in-memory network. Disk and processes are not there. */
export function createFakePlatform(
  options: { clock?: FakeClock; http?: FakeHttp; seed?: number } = {},
): FakePlatform {
  return {
    hostname: 'test-host',
    clock: options.clock ?? new FakeClock(),
    random: new FakeRandom(options.seed),
    logger: new FakeLogger(),
    faults: noFaultPoints,
    network: {
      http: options.http ?? new FakeHttp(),
      get links(): never {
        throw new Error('no links in this test');
      },
      get streams(): never {
        throw new Error('no streams in this test');
      },
    },
    get disk(): never {
      throw new Error('no disk in this test');
    },
    get processes(): never {
      throw new Error('no processes in this test');
    },
  };
}
