import type { Result } from '../base/result.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Term } from '../raft/types.ts';
import { leaderChangedError, timeoutError, tooManyRequestsError, type EtcdError } from './errors.ts';
import type { Done } from './etcd-server.ts';
import { Counter } from './metrics.ts';
import type { Applied } from './request.ts';

interface Pending {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly done: Done<Applied>;
  readonly deadlineMillis: number;
  /** The term it was handed to Raft in; undefined while it waits for a leader. */
  term: Term | undefined;
}

/** Most proposals that may wait for their result at once; one more is refused (etcd's gap between commit and apply). */
export const pendingMax = 5000;
/** How often the deadlines are looked at. One timer for all: a timer per proposal would cost more than the proposal. */
const sweepMillis = 250;

/**
 * The writes of this member's clients between proposing and applying. A proposal that was never handed to
 * Raft may be handed over later; one that was is never proposed again (it might be applied twice).
 */
export class Proposals {
  /** By sequence, in order: the oldest first, so the first to expire. */
  readonly #pending = new Map<number, Pending>();
  /** Those that wait to be handed over, oldest first. */
  #waiting: Pending[] = [];
  readonly #clock: Clock;
  readonly #timeoutMillis: number;
  readonly #failures: Counter;
  #sweep: Timer | undefined;
  #appliedTerm: Term | undefined;

  constructor(clock: Clock, timeoutMillis: number, failures = new Counter()) {
    this.#clock = clock;
    this.#failures = failures;
    this.#timeoutMillis = timeoutMillis;
  }

  get size(): number {
    return this.#pending.size;
  }

  get full(): boolean {
    return this.#pending.size >= pendingMax;
  }

  /** `done` hears the result once the proposal with this sequence was applied here. Sequences ascend. */
  add(sequence: number, bytes: Uint8Array, done: Done<Applied>): void {
    if (this.full) {
      done.failed(tooManyRequestsError());
      return;
    }
    const deadlineMillis = this.#clock.monotonicMillis() + this.#timeoutMillis;
    const pending: Pending = { sequence, bytes, done, deadlineMillis, term: undefined };
    this.#pending.set(sequence, pending);
    this.#waiting.push(pending);
    this.#sweep ??= this.#clock.setTimer(sweepMillis, () => this.#expire());
  }

  /** Hands every waiting proposal to `propose` until it refuses one; accepted ones are out at `term`. */
  handOver(term: Term, propose: (bytes: Uint8Array) => 'accepted' | 'dropped'): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    let handed = 0;
    while (handed < waiting.length) {
      const pending = waiting[handed]!;
      if (this.#pending.has(pending.sequence)) {
        if (propose(pending.bytes) === 'dropped') break;
        pending.term = term;
      }
      handed++;
    }
    if (handed === waiting.length) this.#waiting = [];
    else if (handed > 0) waiting.splice(0, handed);
  }

  /** The result of a committed proposal of this life; nothing if nobody waits any more. */
  applied(sequence: number, result: Result<Applied, EtcdError>): void {
    const pending = this.#take(sequence);
    if (pending === undefined) return;
    if (result.ok) pending.done.ok(result.value);
    else pending.done.failed(result.error);
  }

  /**
   * An entry of `term` was applied. Proposals handed over in an earlier term and not seen by now are
   * most likely lost with their leader: tell their clients that the outcome is unknown, now and not at
   * the end of the timeout.
   */
  termApplied(term: Term): void {
    if (term === this.#appliedTerm) return;
    this.#appliedTerm = term;
    for (const pending of this.#pending.values()) {
      if (pending.term !== undefined && pending.term < term) this.#fail(pending, leaderChangedError());
    }
  }

  failAll(error: () => EtcdError): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (const pending of this.#pending.values()) this.#fail(pending, error());
    this.#waiting = [];
  }

  #expire(): void {
    this.#sweep = undefined;
    const now = this.#clock.monotonicMillis();
    for (const pending of this.#pending.values()) {
      if (pending.deadlineMillis > now) break;
      this.#fail(pending, timeoutError());
    }
    this.#waiting = this.#waiting.filter(({ sequence }) => this.#pending.has(sequence));
    if (this.#pending.size > 0) this.#sweep = this.#clock.setTimer(sweepMillis, () => this.#expire());
  }

  #fail(pending: Pending, error: EtcdError): void {
    this.#failures.add();
    this.#take(pending.sequence)?.done.failed(error);
  }

  #take(sequence: number): Pending | undefined {
    const pending = this.#pending.get(sequence);
    if (pending !== undefined) this.#pending.delete(sequence);
    return pending;
  }
}
