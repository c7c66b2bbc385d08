import type { ProgressTracker } from './progress-tracker.ts';
import type { RaftState } from './raft-state.ts';
import { ReadOnly, readsPendingMax } from './read-only.ts';
import type { Index, MemberId } from './types.ts';

/** The reads that a leader serves without the log (thesis §6.4): its own, and those followers pass on. */
export class LeaderReads {
  readonly #state: RaftState;
  readonly #tracker: ProgressTracker;
  readonly #readOnly = new ReadOnly();
  /** Reads that arrived before the leader's first commit in its term (§6.4, step 1). */
  #early: { readonly context: string; readonly from: MemberId }[] = [];

  constructor(state: RaftState, tracker: ProgressTracker) {
    this.#state = state;
    this.#tracker = tracker;
  }

  add(context: string, from: MemberId): 'accepted' | 'dropped' {
    if (this.#early.length + this.#readOnly.pending >= readsPendingMax) return 'dropped';
    const { log, term, config } = this.#state;
    if (!log.matches(log.committed, term)) {
      // Its commit index may lag behind what an earlier leader has acknowledged.
      this.#early.push({ context, from });
      return 'accepted';
    }
    if (config.readOnly === 'lease-based') this.#answer(context, from, log.committed);
    else this.#readOnly.add(context, from, log.committed);
    return 'accepted';
  }

  /** Something was committed in the leader's own term. */
  releaseEarly(): void {
    if (this.#early.length === 0) return;
    const reads = this.#early;
    this.#early = [];
    for (const { context, from } of reads) this.add(context, from);
  }

  /** No round is under way. */
  get idle(): boolean {
    return this.#readOnly.idle;
  }

  /** What heartbeats carry. */
  get context(): string {
    return this.#readOnly.context;
  }

  /** Begins a round if a read waits for one; then heartbeats are to be sent. */
  beginRound(): boolean {
    if (!this.#readOnly.beginRound()) return false;
    // The only voter needs nobody else, and no answer will ever come to confirm the round.
    this.confirm();
    return true;
  }

  /** Answers what a majority has confirmed by now. */
  confirm(): void {
    if (this.#readOnly.pending === 0) return;
    const confirmed = Math.min(this.#tracker.majorityReadRound(), this.#readOnly.round);
    for (const { context, from, index } of this.#readOnly.confirm(confirmed)) {
      this.#answer(context, from, index);
    }
  }

  #answer(context: string, to: MemberId, index: Index): void {
    const { id: from, term, outbox } = this.#state;
    if (to === from) outbox.addReadState({ context, index });
    else this.#state.send({ type: 'MsgReadIndexResp', from, to, term, context, index });
  }
}
