import type { Index, MemberId } from './types.ts';

/** Reads a leader holds at once, waiting or in a round; more are dropped and their callers try again. */
export const readsPendingMax = 4096;

export interface PendingRead {
  readonly context: string;
  readonly from: MemberId;
  /** The leader's commit index when the read arrived: what the reader must have applied. */
  readonly index: Index;
  /** The heartbeat round that began after the read arrived and therefore can confirm it. */
  readonly round: number;
}

/**
 * ReadIndex (thesis §6.4): a leader may answer a read once a majority has confirmed, after the read arrived,
 * that it still is the leader. Heartbeats carry a round number; one round serves every read that waits for it,
 * and a confirmed round confirms all before it.
 */
export class ReadOnly {
  /** The round that heartbeats carry now; 0 before the first. */
  #round = 0;
  #confirmed = 0;
  #reads: PendingRead[] = [];

  get round(): number {
    return this.#round;
  }

  /** No round is under way. */
  get idle(): boolean {
    return this.#round === this.#confirmed;
  }

  get pending(): number {
    return this.#reads.length;
  }

  /** What heartbeats carry: the current round while it is not confirmed. */
  get context(): string {
    return this.idle ? '' : String(this.#round);
  }

  /** Adds a read to the next round: answers to the current one may be older than the read. */
  add(context: string, from: MemberId, index: Index): void {
    this.#reads.push({ context, from, index, round: this.#round + 1 });
  }

  /** Begins the next round if a read waits for it. */
  beginRound(): boolean {
    const last = this.#reads.at(-1);
    if (last === undefined || last.round <= this.#round) return false;
    this.#round++;
    return true;
  }

  /** Takes out, in order of arrival, the reads that `round` confirms. */
  confirm(round: number): readonly PendingRead[] {
    if (round <= this.#confirmed) return [];
    this.#confirmed = round;
    let count = 0;
    while (count < this.#reads.length && this.#reads[count]!.round <= round) count++;
    return this.#reads.splice(0, count);
  }
}
