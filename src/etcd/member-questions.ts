import { deferred, type Deferred } from '../base/deferred.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { timeoutError, tooManyRequestsError, type EtcdError } from './errors.ts';

interface Open {
  readonly answer: Deferred<unknown>;
  readonly timer: Timer;
}

/** Most questions without an answer. */
const openMax = 10_000;

/**
 * Questions to other members and their answers. A link between members has one direction, so the answer comes on another one,
 * and finds its question by an id that no other life of this member has used.
 */
export class MemberQuestions {
  readonly #open = new Map<string, Open>();
  readonly #clock: Clock;
  readonly #timeoutMillis: number;
  readonly #prefix: string;
  #next = 0;

  constructor(clock: Clock, timeoutMillis: number, prefix: string) {
    this.#clock = clock;
    this.#timeoutMillis = timeoutMillis;
    this.#prefix = prefix;
  }

  /** Sends a question under a new id; resolves with its answer. @throws EtcdError when none comes in time */
  ask<T>(send: (requestId: string) => void): Promise<T> {
    if (this.#open.size >= openMax) return Promise.reject(tooManyRequestsError());
    const requestId = `${this.#prefix}-${this.#next++}`;
    const answer = deferred<unknown>();
    const timer = this.#clock.setTimer(this.#timeoutMillis, () => {
      this.#open.delete(requestId);
      answer.reject(timeoutError());
    });
    this.#open.set(requestId, { answer, timer });
    send(requestId);
    return answer.promise as Promise<T>;
  }

  answered(requestId: string, answer: unknown): void {
    const open = this.#open.get(requestId);
    if (open === undefined) return;
    this.#open.delete(requestId);
    open.timer.cancel();
    open.answer.resolve(answer);
  }

  failAll(error: () => EtcdError): void {
    for (const { answer, timer } of this.#open.values()) {
      timer.cancel();
      answer.reject(error());
    }
    this.#open.clear();
  }
}
