import { deferred, type Deferred } from '../base/deferred.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { ReadState } from '../raft/ready.ts';
import type { Index } from '../raft/types.ts';
import { timeoutError, tooManyRequestsError, type EtcdError } from './errors.ts';

/** Most reads that may wait at once. */
const waitingMax = 10_000;
/** A ReadIndex request that got no answer is asked again with a new context (etcd: 500 ms). */
const retryMillis = 500;

interface Waiter {
  readonly done: Deferred<void>;
  readonly timer: Timer;
}

/**
 * Linearizable reads without log entries (Raft thesis §6.4): ask the leader for its commit index, confirmed
 * by a quorum after the read began, then wait until that much is applied here.
 *
 * One round is out at a time. Reads that come while it is out wait for the next one: a round may only serve
 * reads that began before it was sent.
 */
export class LinearizableReads {
  readonly #clock: Clock;
  readonly #timeoutMillis: number;
  readonly #ask: (context: string) => void;
  readonly #contextPrefix: string;
  #nextContext = 0;
  /** Begun, not yet part of a round. */
  #queued = new Set<Waiter>();
  /** Part of the round that is out. */
  #round: { context: string; readonly waiters: Set<Waiter>; readonly retry: Timer } | undefined;
  /** Confirmed, waiting for their index to be applied; in index order. */
  #confirmed: { readonly index: Index; readonly waiters: Set<Waiter> }[] = [];
  #applied: Index;

  constructor(options: {
    clock: Clock;
    timeoutMillis: number;
    /** Makes the contexts of this member's life its own. */
    contextPrefix: string;
    /** What is applied when this life begins: the snapshot it starts from. */
    applied: Index;
    /** Sends a ReadIndex request; may be lost. */
    ask: (context: string) => void;
  }) {
    this.#clock = options.clock;
    this.#timeoutMillis = options.timeoutMillis;
    this.#contextPrefix = options.contextPrefix;
    this.#applied = options.applied;
    this.#ask = options.ask;
  }

  /** Resolves when this member's state is at least as new as anything acknowledged before the call. @throws EtcdError */
  read(): Promise<void> {
    if (this.#queued.size >= waitingMax) return Promise.reject(tooManyRequestsError());
    const done = deferred<void>();
    const waiter: Waiter = {
      done,
      timer: this.#clock.setTimer(this.#timeoutMillis, () => {
        this.#forget(waiter);
        done.reject(timeoutError());
      }),
    };
    this.#queued.add(waiter);
    this.#startRound();
    return done.promise;
  }

  /** An answer of the leader. Answers to earlier contexts are stale and say nothing about this round. */
  confirmed(state: ReadState): void {
    const round = this.#round;
    if (round === undefined || round.context !== state.context) return;
    round.retry.cancel();
    this.#round = undefined;
    this.#confirmed.push({ index: state.index, waiters: round.waiters });
    this.applied(this.#applied);
    this.#startRound();
  }

  /** Everything up to `index` is applied. */
  applied(index: Index): void {
    this.#applied = index;
    this.#confirmed = this.#confirmed.filter((batch) => {
      if (batch.index > index) return true;
      for (const waiter of batch.waiters) {
        waiter.timer.cancel();
        waiter.done.resolve();
      }
      return false;
    });
  }

  failAll(error: () => EtcdError): void {
    this.#round?.retry.cancel();
    const waiters = [
      ...this.#queued,
      ...(this.#round?.waiters ?? []),
      ...this.#confirmed.flatMap((batch) => [...batch.waiters]),
    ];
    this.#queued = new Set();
    this.#round = undefined;
    this.#confirmed = [];
    for (const waiter of waiters) {
      waiter.timer.cancel();
      waiter.done.reject(error());
    }
  }

  #startRound(): void {
    if (this.#round !== undefined || this.#queued.size === 0) return;
    const waiters = this.#queued;
    this.#queued = new Set();
    this.#send(waiters);
  }

  #send(waiters: Set<Waiter>): void {
    const context = `${this.#contextPrefix}-${this.#nextContext++}`;
    const retry = this.#clock.setTimer(retryMillis, () => {
      this.#round = undefined;
      // Those that came meanwhile may join: the new round begins after them.
      for (const waiter of this.#queued) waiters.add(waiter);
      this.#queued = new Set();
      if (waiters.size > 0) this.#send(waiters);
    });
    this.#round = { context, waiters, retry };
    this.#ask(context);
  }

  #forget(waiter: Waiter): void {
    this.#queued.delete(waiter);
    this.#round?.waiters.delete(waiter);
    for (const batch of this.#confirmed) batch.waiters.delete(waiter);
  }
}
