import type { Clock, Timer } from '../platform/clock.ts';
import type { ReadState } from '../raft/ready.ts';
import type { Index } from '../raft/types.ts';
import { timeoutError, tooManyRequestsError, type EtcdError } from './errors.ts';
import type { Done } from './etcd-server.ts';
import type { MemberMeters } from './member-meters.ts';

/** Most reads that may wait at once. */
const waitingMax = 10_000;
/** A ReadIndex request that got no answer is asked again with a new context (etcd: 500 ms). */
const retryMillis = 500;
/** How often the deadlines are looked at. One timer for all: a timer per read would cost more than the read. */
const sweepMillis = 250;

interface Waiter {
  readonly done: Done<void>;
  readonly deadlineMillis: number;
}

/** Reads that one round serves. */
interface Batch {
  waiters: Waiter[];
  /** Where the state machine must be; undefined until the leader has answered. */
  index: Index | undefined;
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
  readonly #meters: Pick<MemberMeters, 'readIndexesFailed' | 'slowReadIndexes'> | undefined;
  #nextContext = 0;
  /** Begun, not yet part of a round. */
  #queued: Waiter[] = [];
  /** The round that is out. */
  #round: { readonly context: string; readonly batch: Batch; readonly askedMillis: number } | undefined;
  /** Confirmed, waiting for their index to be applied; in index order. */
  #confirmed: Batch[] = [];
  #waiting = 0;
  #applied: Index;
  #sweep: Timer | undefined;

  constructor(options: {
    clock: Clock;
    timeoutMillis: number;
    /** Makes the contexts of this member's life its own. */
    contextPrefix: string;
    /** What is applied when this life begins. */
    applied: Index;
    /** Sends a ReadIndex request; may be lost. */
    ask: (context: string) => void;
    meters?: Pick<MemberMeters, 'readIndexesFailed' | 'slowReadIndexes'>;
  }) {
    this.#clock = options.clock;
    this.#timeoutMillis = options.timeoutMillis;
    this.#contextPrefix = options.contextPrefix;
    this.#applied = options.applied;
    this.#ask = options.ask;
    this.#meters = options.meters;
  }

  /** `done.ok` when this member's state is at least as new as anything acknowledged before the call. */
  wait(done: Done<void>): void {
    if (this.#waiting >= waitingMax) {
      done.failed(tooManyRequestsError());
      return;
    }
    this.#waiting++;
    this.#queued.push({ done, deadlineMillis: this.#clock.monotonicMillis() + this.#timeoutMillis });
    this.#sweep ??= this.#clock.setTimer(sweepMillis, () => this.#lookAround());
  }

  /** Begins a round for those who wait, unless one is out. The driver calls it once per turn, so that a turn's reads share it. */
  startRound(): void {
    if (this.#round !== undefined || this.#queued.length === 0) return;
    const waiters = this.#queued;
    this.#queued = [];
    this.#send({ waiters, index: undefined });
  }

  /** An answer of the leader. Answers to earlier contexts are stale and say nothing about this round. */
  confirmed(state: ReadState): void {
    const round = this.#round;
    if (round === undefined || round.context !== state.context) return;
    this.#round = undefined;
    round.batch.index = state.index;
    this.#confirmed.push(round.batch);
    this.applied(this.#applied);
  }

  /** Everything up to `index` is applied. */
  applied(index: Index): void {
    this.#applied = index;
    while (this.#confirmed.length > 0 && this.#confirmed[0]!.index! <= index) {
      const { waiters } = this.#confirmed.shift()!;
      this.#waiting -= waiters.length;
      for (const { done } of waiters) done.ok();
    }
  }

  failAll(error: () => EtcdError): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    const waiters = [...this.#batches().flatMap((batch) => batch.waiters), ...this.#queued];
    this.#queued = [];
    this.#round = undefined;
    this.#confirmed = [];
    this.#waiting = 0;
    if (waiters.length > 0) this.#meters?.readIndexesFailed.add();
    for (const { done } of waiters) done.failed(error());
  }

  #batches(): readonly Batch[] {
    return this.#round === undefined ? this.#confirmed : [...this.#confirmed, this.#round.batch];
  }

  #send(batch: Batch): void {
    const context = `${this.#contextPrefix}-${this.#nextContext++}`;
    this.#round = { context, batch, askedMillis: this.#clock.monotonicMillis() };
    this.#ask(context);
  }

  #lookAround(): void {
    this.#sweep = undefined;
    const now = this.#clock.monotonicMillis();
    this.#queued = this.#expire(this.#queued, now);
    for (const batch of this.#batches()) batch.waiters = this.#expire(batch.waiters, now);
    const round = this.#round;
    if (round !== undefined && now - round.askedMillis >= retryMillis) {
      this.#round = undefined;
      // Those that came meanwhile may join: the new round begins after them.
      const waiters = [...round.batch.waiters, ...this.#queued];
      this.#queued = [];
      if (waiters.length > 0) this.#send({ waiters, index: undefined });
    }
    if (this.#waiting > 0) this.#sweep = this.#clock.setTimer(sweepMillis, () => this.#lookAround());
  }

  /** In order of their deadlines, so the expired ones are in front. */
  #expire(waiters: Waiter[], now: number): Waiter[] {
    let expired = 0;
    while (expired < waiters.length && waiters[expired]!.deadlineMillis <= now) expired++;
    if (expired === 0) return waiters;
    this.#waiting -= expired;
    this.#meters?.slowReadIndexes.add();
    for (const { done } of waiters.slice(0, expired)) done.failed(timeoutError());
    return waiters.slice(expired);
  }
}
