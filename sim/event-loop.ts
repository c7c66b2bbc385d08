import { assert, AssertionError } from '../src/base/assert.ts';
import type { Timer } from '../src/platform/clock.ts';
import { EventQueue } from './event-queue.ts';
import { finish, hashString } from './hash.ts';
import type { Trace } from './trace.ts';
import { setTraps } from './traps.ts';

/** What the loop needs of the JavaScript engine it runs in. */
export interface Engine {
  /** Runs `callback` in a macrotask of its own, after all microtasks (Node: setImmediate). */
  macrotask(callback: () => void): void;
  /**
   * Runs every pending microtask, now. Only called from a macrotask, where V8 allows it. Without it each event
   * takes a macrotask of its own, which is several times slower and gives the same run.
   */
  readonly drainMicrotasks?: () => void;
  /**
   * Tells `listener` of every rejection that nobody handled, until the returned function is called. Where
   * `drainMicrotasks` already tells it (Node's process._tickCallback), the failure names its host.
   */
  onUnhandledRejection?(listener: (reason: unknown) => void): () => void;
}

/** On whose behalf an event runs. */
export interface EventOwner {
  /** For humans: `server-1`, `agent-2 pid 7`. */
  readonly name: string;
  readonly host: EventHost;
  /** Events of the dead are skipped. */
  readonly alive: boolean;
}

export interface EventHost {
  readonly index: number;
  /** Events due before this wait until then. */
  readonly pausedUntilMillis: number;
  /** After so many more events of this host `blow` is called in the place of the next; 0: never. */
  fuseEvents: number;
  blow(): void;
}

export interface RunOptions {
  readonly forMillis?: number;
  /** Asked after each event; true ends the run. */
  readonly until?: () => boolean;
  readonly eventsMax?: number;
}

export interface RunResult {
  /** `idle`: nothing is scheduled any more (and no `forMillis` was asked for). */
  readonly reason: 'until' | 'time' | 'idle' | 'events' | 'failed';
  readonly nowMillis: number;
  /** Events since the world began. */
  readonly events: number;
  readonly traceHash: string;
  readonly failure?: RunFailure;
}

/** A bug in simulated code: a thrown error, a failed assertion, a rejection that nobody handled. */
export interface RunFailure {
  readonly host: string;
  readonly atMillis: number;
  readonly error: unknown;
}

export interface EventLoopOptions {
  /** Events one event may schedule; more is a live-lock. Default 100 000. */
  readonly scheduledPerEventMax?: number;
  /** Events in one virtual millisecond; more is a live-lock. Default 1 000 000. */
  readonly eventsPerMilliMax?: number;
  /** Throw where simulated code touches the real clock, timers or randomness. Default true. */
  readonly traps?: boolean;
}

class LoopEvent implements Timer {
  atMillis: number;
  /** Orders hosts at one instant by a seeded hash; equal for one host, whose events keep their sequence. */
  tie: number;
  sequence: number;
  readonly owner: EventOwner | undefined;
  readonly kind: string;
  fire: (() => void) | undefined;

  constructor(
    atMillis: number,
    tie: number,
    sequence: number,
    owner: EventOwner | undefined,
    kind: string,
    fire: () => void,
  ) {
    this.atMillis = atMillis;
    this.tie = tie;
    this.sequence = sequence;
    this.owner = owner;
    this.kind = kind;
    this.fire = fire;
  }

  cancel(): void {
    this.fire = undefined;
  }
}

/** Events in one macrotask: the engine's other work waits no longer than they take. */
const eventsPerMacrotask = 4096;

/** The virtual event loop: one queue, one event at a time, microtasks drained after each. */
export class EventLoop {
  readonly #engine: Engine;
  readonly #trace: Trace;
  readonly #scheduledPerEventMax: number;
  readonly #eventsPerMilliMax: number;
  readonly #traps: boolean;
  readonly #tieSeed: number;
  readonly #queue = new EventQueue<LoopEvent>();
  #nowMillis = 0;
  #sequence = 0;
  #running = false;
  #executing = false;
  #current: EventOwner | undefined;
  #scheduledByEvent = 0;
  #eventsInMilli = 0;
  #milliStart = 0;
  #failure: RunFailure | undefined;
  /** Whether an error that nobody handled is what must be expected of its owner. */
  forgives: (owner: EventOwner, error: unknown) => boolean = () => false;

  constructor(seed: number | string, engine: Engine, trace: Trace, options: EventLoopOptions = {}) {
    this.#engine = engine;
    this.#trace = trace;
    this.#tieSeed = hashString(`${seed}/ties`);
    this.#scheduledPerEventMax = options.scheduledPerEventMax ?? 100_000;
    this.#eventsPerMilliMax = options.eventsPerMilliMax ?? 1_000_000;
    this.#traps = options.traps ?? true;
  }

  /** Virtual milliseconds since the world began. */
  get nowMillis(): number {
    return this.#nowMillis;
  }

  /** Whose event is running. */
  get current(): EventOwner | undefined {
    return this.#current;
  }

  get failure(): RunFailure | undefined {
    return this.#failure;
  }

  /** Runs `fire` after `delayMillis` (>= 0) for `owner`, or for the world itself. */
  schedule(owner: EventOwner | undefined, delayMillis: number, kind: string, fire: () => void): Timer {
    const outside = this.#running && !this.#executing;
    this.#scheduledByEvent++;
    if (!(delayMillis >= 0) || outside || this.#scheduledByEvent > this.#scheduledPerEventMax)
      this.#refuse(owner, delayMillis, kind);
    const atMillis = this.#nowMillis + delayMillis;
    const event = new LoopEvent(atMillis, this.#tie(owner, atMillis), this.#sequence++, owner, kind, fire);
    this.#queue.push(event);
    return event;
  }

  /** Out of the way of what is scheduled in order: messages that are never built cost nothing. */
  #refuse(owner: EventOwner | undefined, delayMillis: number, kind: string): never {
    assert(delayMillis >= 0, `${kind}: not a delay: ${delayMillis}`);
    const name = (one: EventOwner | undefined): string => one?.name ?? 'the world';
    assert(
      this.#executing,
      `${kind} for ${name(owner)} comes from outside the event loop: simulated code awaited something real`,
    );
    throw new AssertionError(
      `${name(this.#current)} scheduled ${this.#scheduledByEvent} events in one step: a live-lock`,
    );
  }

  /** What a host waits for in events of `kind` takes `factor` times as long from now on. Costs as much as is waited for. */
  stretch(host: EventHost, kind: string, factor: number): void {
    const events: LoopEvent[] = [];
    while (this.#queue.size > 0) events.push(this.#queue.pop());
    for (const event of events) {
      const { owner } = event;
      if (event.kind === kind && owner?.host === host && event.atMillis > this.#nowMillis) {
        event.atMillis = this.#nowMillis + (event.atMillis - this.#nowMillis) * factor;
        event.tie = this.#tie(owner, event.atMillis);
      }
      this.#queue.push(event);
    }
  }

  /**
   * Reports a bug of simulated code; the run ends after this event, unless `forgives` says that it is none. The first report
   * stands.
   */
  fail(owner: EventOwner | undefined, error: unknown): void {
    if (owner !== undefined && this.forgives(owner, error)) return;
    this.#failure ??= { host: owner?.name ?? 'world', atMillis: this.#nowMillis, error };
  }

  /** Runs events in virtual time. Not reentrant. */
  run(options: RunOptions): Promise<RunResult> {
    assert(!this.#running, 'the world is running already');
    this.#running = true;
    const endMillis = options.forMillis === undefined ? Infinity : this.#nowMillis + options.forMillis;
    const eventsEnd = this.#trace.events + (options.eventsMax ?? Infinity);
    const stopListening = this.#engine.onUnhandledRejection?.((reason) => this.fail(this.#current, reason));
    return new Promise((resolve, reject) => {
      const slice = (): void => {
        let reason: RunResult['reason'] | undefined;
        try {
          reason = this.#slice(endMillis, eventsEnd, options.until);
        } catch (error) {
          this.#running = false;
          stopListening?.();
          reject(error);
          return;
        }
        if (reason === undefined) {
          this.#engine.macrotask(slice);
          return;
        }
        // The engine may tell of unhandled rejections only once the macrotask is over.
        const ended = reason;
        this.#engine.macrotask(() => {
          this.#running = false;
          stopListening?.();
          resolve({
            reason: this.#failure === undefined ? ended : 'failed',
            nowMillis: this.#nowMillis,
            events: this.#trace.events,
            traceHash: this.#trace.hash(),
            ...(this.#failure === undefined ? {} : { failure: this.#failure }),
          });
        });
      };
      this.#engine.macrotask(slice);
    });
  }

  /** Some events in one macrotask; undefined when there is more to do. */
  #slice(
    endMillis: number,
    eventsEnd: number,
    until: (() => boolean) | undefined,
  ): RunResult['reason'] | undefined {
    const drain = this.#engine.drainMicrotasks;
    const restore = this.#traps ? setTraps(() => this.#current?.name ?? 'the world') : undefined;
    try {
      this.#executing = true;
      if (drain !== undefined) this.#mustDrain(drain);
      for (let count = 0; ; count++) {
        // Without a drain of our own, the microtasks of the event before ran between two macrotasks.
        this.#current = undefined;
        if (this.#failure !== undefined) return 'failed';
        if (this.#holds(until)) return 'until';
        if (this.failure !== undefined) return 'failed';
        if (this.#trace.events >= eventsEnd) return 'events';
        if (count === (drain === undefined ? 1 : eventsPerMacrotask)) return undefined;
        const event = this.#next(endMillis);
        if (event === undefined) {
          if (endMillis === Infinity) return 'idle';
          this.#nowMillis = Math.max(this.#nowMillis, endMillis);
          return 'time';
        }
        if (!burnsOut(event.owner)) this.#execute(event);
        if (drain !== undefined) drain();
      }
    } finally {
      // Between two macrotasks only the microtasks of our own events may schedule, and a drain leaves none.
      if (drain !== undefined) this.#executing = false;
      restore?.();
    }
  }

  /** What `until` throws is a failure of the run, like a checker's verdict. */
  #holds(until: (() => boolean) | undefined): boolean {
    try {
      return until?.() === true;
    } catch (error) {
      this.fail(undefined, error);
      return false;
    }
  }

  #execute(event: LoopEvent): void {
    this.#nowMillis = Math.max(this.#nowMillis, event.atMillis);
    if (this.#nowMillis - this.#milliStart >= 1) {
      this.#milliStart = this.#nowMillis;
      this.#eventsInMilli = 0;
    }
    this.#eventsInMilli++;
    const isLiveLock = this.#eventsInMilli > this.#eventsPerMilliMax;
    this.#current = event.owner;
    this.#scheduledByEvent = 0;
    this.#trace.event(event.atMillis, event.owner?.host.index ?? -1, event.kind);
    try {
      assert(
        !isLiveLock,
        () => `${this.#eventsInMilli} events in one millisecond, the last ${event.kind}: a live-lock`,
      );
      event.fire!();
    } catch (error) {
      this.fail(event.owner, error);
    }
  }

  /** The next event to run at or before `endMillis`; drops the cancelled and the dead, puts off the paused. */
  #next(endMillis: number): LoopEvent | undefined {
    for (;;) {
      const event = this.#queue.peek();
      if (event === undefined || event.atMillis > endMillis) return undefined;
      this.#queue.pop();
      if (event.fire === undefined) continue;
      const owner = event.owner;
      if (owner === undefined) return event;
      if (!owner.alive) continue;
      if (owner.host.pausedUntilMillis <= event.atMillis) return event;
      // A new sequence number: events leave the pause in the order in which they were due.
      event.atMillis = owner.host.pausedUntilMillis;
      event.tie = this.#tie(owner, event.atMillis);
      event.sequence = this.#sequence++;
      this.#queue.push(event);
    }
  }

  /** The world's own events come first at their instant. */
  #tie(owner: EventOwner | undefined, atMillis: number): number {
    if (owner === undefined) return -1;
    return finish(this.#tieSeed ^ Math.imul(owner.host.index + 1, 0x9e3779b1) ^ (atMillis * 1024));
  }

  /** A nested microtask checkpoint is silently ignored by V8: prove that this one works before relying on it. */
  #mustDrain(drain: () => void): void {
    let drained = false;
    queueMicrotask(() => void (drained = true));
    drain();
    assert(drained, 'microtasks were not drained: the loop must run in a macrotask');
  }
}

/** Whether the host of an event ends in its place. */
function burnsOut(owner: EventOwner | undefined): boolean {
  if (owner === undefined || owner.host.fuseEvents === 0) return false;
  if (--owner.host.fuseEvents > 0) return false;
  owner.host.blow();
  return !owner.alive;
}
