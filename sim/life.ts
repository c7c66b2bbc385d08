import type { Timer } from '../src/platform/clock.ts';
import { DiskError, NetworkError, ProcessError } from '../src/platform/errors.ts';
import type { EventHost, EventLoop, EventOwner } from './event-loop.ts';

/**
 * Why a life ended. `kill`: the process died and its kernel lives. `power`: the whole machine went, and the switch tells its
 * peers. `silence`: it went, and nobody is told.
 */
export type LifeEnd = 'exit' | 'kill' | 'power' | 'silence';

/** Something that must know when its life ends: connections, listeners, locks. */
export interface LifeResource {
  lifeEnded(end: LifeEnd): void;
}

/**
 * One run of a process on a host: the epoch. Every timer, callback and promise of simulated code belongs to
 * a life; when it has ended nothing of it ever runs or settles again (P2) — a SIGKILL runs no catch blocks.
 */
export class Life implements EventOwner {
  readonly name: string;
  readonly host: EventHost;
  readonly loop: EventLoop;
  readonly #resources = new Set<LifeResource>();
  #alive = true;

  constructor(name: string, host: EventHost, loop: EventLoop) {
    this.name = name;
    this.host = host;
    this.loop = loop;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Runs `fire` in this life, as an event of its own. */
  after(delayMillis: number, kind: string, fire: () => void): Timer {
    if (!this.#alive) return { cancel: () => {} };
    return this.loop.schedule(this, delayMillis, kind, fire);
  }

  /** Settles with what `act` returns or throws, as an event of its own; never once the life has ended. */
  later<T>(delayMillis: number, kind: string, act: () => T): Promise<T> {
    if (!this.#alive) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      this.after(delayMillis, kind, () => {
        try {
          resolve(act());
        } catch (error) {
          // Bugs go on to the loop, which stops the run; only the environment's failures are for the caller.
          if (!isEnvironmental(error)) throw error;
          reject(error);
        }
      });
    });
  }

  /** A rejection of `promise` is a bug of this host. */
  guard(promise: Promise<unknown> | void): void {
    if (promise === undefined) return;
    promise.catch((error: unknown) => {
      if (this.#alive) this.loop.fail(this, error);
    });
  }

  attach(resource: LifeResource): void {
    this.#resources.add(resource);
  }

  detach(resource: LifeResource): void {
    this.#resources.delete(resource);
  }

  /** Idempotent. */
  end(end: LifeEnd): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const resource of this.#resources) resource.lifeEnded(end);
    this.#resources.clear();
  }
}

function isEnvironmental(error: unknown): boolean {
  return error instanceof DiskError || error instanceof NetworkError || error instanceof ProcessError;
}
