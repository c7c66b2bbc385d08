import { deferred, type Deferred } from '../base/deferred.ts';
import type { Result } from '../base/result.ts';
import type { MvccError } from '../mvcc/types.ts';
import type { Term } from '../raft/types.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import {
  fromMvccError,
  leaderChangedError,
  timeoutError,
  tooManyRequestsError,
  type EtcdError,
} from './errors.ts';
import type { Applied } from './request.ts';

interface Pending {
  readonly id: string;
  /** The encoded proposal. */
  readonly bytes: Uint8Array;
  readonly done: Deferred<Applied>;
  readonly timer: Timer;
  /** The term it was handed to Raft in; undefined while it waits for a leader. */
  term: Term | undefined;
}

/** Most proposals that may wait for their result at once; one more is refused. */
const pendingMax = 5000;

/**
 * The writes of this member's clients between proposing and applying. A proposal that was never handed to
 * Raft may be handed over later; one that was is never proposed again (it might be applied twice).
 */
export class Proposals {
  readonly #pending = new Map<string, Pending>();
  readonly #clock: Clock;
  readonly #timeoutMillis: number;

  constructor(clock: Clock, timeoutMillis: number) {
    this.#clock = clock;
    this.#timeoutMillis = timeoutMillis;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Resolves when the proposal with this id was applied here. @throws EtcdError */
  add(id: string, bytes: Uint8Array): Promise<Applied> {
    if (this.#pending.size >= pendingMax) return Promise.reject(tooManyRequestsError());
    const done = deferred<Applied>();
    const timer = this.#clock.setTimer(this.#timeoutMillis, () => this.#fail(id, timeoutError()));
    this.#pending.set(id, { id, bytes, done, timer, term: undefined });
    return done.promise;
  }

  /** Hands every waiting proposal to `propose` until it refuses one; accepted ones are out at `term`. */
  handOver(term: Term, propose: (bytes: Uint8Array) => 'accepted' | 'dropped'): void {
    for (const pending of this.#pending.values()) {
      if (pending.term !== undefined) continue;
      if (propose(pending.bytes) === 'dropped') return;
      pending.term = term;
    }
  }

  /** The result of a committed proposal; nothing if it is not of this member or nobody waits any more. */
  applied(id: string, result: Result<Applied, MvccError>): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    if (result.ok) pending.done.resolve(result.value);
    else pending.done.reject(fromMvccError(result.error.code));
  }

  /**
   * An entry of `term` was applied. Proposals handed over in an earlier term and not seen by now are
   * most likely lost with their leader: tell their clients that the outcome is unknown, now and not at
   * the end of the timeout.
   */
  termApplied(term: Term): void {
    for (const pending of this.#pending.values()) {
      if (pending.term !== undefined && pending.term < term) {
        this.#fail(pending.id, leaderChangedError());
      }
    }
  }

  failAll(error: () => EtcdError): void {
    for (const id of this.#pending.keys()) this.#fail(id, error());
  }

  #fail(id: string, error: EtcdError): void {
    this.#take(id)?.done.reject(error);
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.timer.cancel();
    return pending;
  }
}
