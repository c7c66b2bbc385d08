import { deferred, type Deferred } from '../base/deferred.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { MemberId } from '../raft/types.ts';
import type { HashAnswer } from './corruption-check.ts';
import { EtcdError, timeoutError, tooManyRequestsError } from './errors.ts';
import type { PeerMessage } from './peers.ts';

/** What members say to each other besides Raft's own messages. */
export type Conversation = Exclude<PeerMessage, { readonly type: 'raft' }>;

export interface PeerQuestionsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMillis: number;
  /** Begins the ids of this life's questions; no other life has used it. */
  readonly idPrefix: string;
  readonly send: (to: MemberId, message: Conversation) => void;
  /** What this member answers when it is asked. All reject with an EtcdError when it cannot. */
  readonly answers: {
    readonly lease: (id: LeaseId, ask: LeaseAsk) => Promise<number>;
    readonly hash: (revision: number) => Promise<Required<HashAnswer>>;
    readonly promote: (member: MemberId) => Promise<void>;
  };
}

export type LeaseAsk = 'renew' | 'remaining';

interface Open {
  readonly answer: Deferred<unknown>;
  readonly timer: Timer;
}

/** Most questions without an answer. */
const openMax = 10_000;

/**
 * Questions to other members, their answers, and what this one answers. A link between members has one direction, so the answer
 * comes on another one, and finds its question by its id.
 */
export class PeerQuestions {
  readonly #open = new Map<string, Open>();
  readonly #options: PeerQuestionsOptions;
  #next = 0;

  constructor(options: PeerQuestionsOptions) {
    this.#options = options;
  }

  /** Only the leader knows the time of leases. In seconds; as LeaseKeeper. @throws EtcdError when no answer comes in time */
  lease(leader: MemberId, leaseId: LeaseId, ask: LeaseAsk): Promise<number> {
    return this.#ask<number>((requestId) =>
      this.#options.send(leader, { type: 'lease-ask', requestId, ask, leaseId }),
    );
  }

  /** What another member hashes at a revision. @throws EtcdError when no answer comes in time */
  hash(member: MemberId, revision: number): Promise<HashAnswer> {
    return this.#ask((requestId) => this.#options.send(member, { type: 'hash-ask', requestId, revision }));
  }

  /** The leader knows how far the learner is. @throws EtcdError with its refusal, or when no answer comes in time */
  async promote(leader: MemberId, memberId: MemberId): Promise<void> {
    const refusal = await this.#ask<{ readonly code: string; readonly message: string } | undefined>(
      (requestId) => this.#options.send(leader, { type: 'promote-ask', requestId, memberId }),
    );
    if (refusal !== undefined) throw new EtcdError(refusal.code as EtcdError['code'], refusal.message);
  }

  /** Takes another member's question, or its answer to one of ours. */
  receive(from: MemberId, message: Conversation): void {
    const { answers, logger, send } = this.#options;
    const { requestId } = message;
    switch (message.type) {
      case 'lease-ask':
        answers.lease(message.leaseId as LeaseId, message.ask).then(
          (seconds) => send(from, { type: 'lease-answer', requestId, seconds }),
          // Not leading (any more): the asker's own timeout tells its client.
          (error: unknown) => logger.debug('cannot answer for a lease', { error: String(error) }),
        );
        return;
      case 'hash-ask':
        answers.hash(message.revision).then(
          ({ hash, compactRevision }) =>
            send(from, { type: 'hash-answer', requestId, hash, compactRevision }),
          () => send(from, { type: 'hash-answer', requestId }),
        );
        return;
      case 'promote-ask':
        answers.promote(message.memberId).then(
          () => send(from, { type: 'promote-answer', requestId }),
          ({ code, message: text }: EtcdError) =>
            send(from, { type: 'promote-answer', requestId, refusal: { code, message: text } }),
        );
        return;
      case 'lease-answer':
        this.#answered(requestId, message.seconds);
        return;
      case 'hash-answer':
        this.#answered(requestId, message);
        return;
      case 'promote-answer':
        this.#answered(requestId, message.refusal);
        return;
    }
  }

  failAll(error: () => EtcdError): void {
    for (const { answer, timer } of this.#open.values()) {
      timer.cancel();
      answer.reject(error());
    }
    this.#open.clear();
  }

  #ask<T>(send: (requestId: string) => void): Promise<T> {
    if (this.#open.size >= openMax) return Promise.reject(tooManyRequestsError());
    const { clock, idPrefix, timeoutMillis } = this.#options;
    const requestId = `${idPrefix}-${this.#next++}`;
    const answer = deferred<unknown>();
    const timer = clock.setTimer(timeoutMillis, () => {
      this.#open.delete(requestId);
      answer.reject(timeoutError());
    });
    this.#open.set(requestId, { answer, timer });
    send(requestId);
    return answer.promise as Promise<T>;
  }

  #answered(requestId: string, answer: unknown): void {
    const open = this.#open.get(requestId);
    if (open === undefined) return;
    this.#open.delete(requestId);
    open.timer.cancel();
    open.answer.resolve(answer);
  }
}
