import { Inflights } from './inflights.ts';
import type { Index } from './types.ts';

/**
 * How a leader sends to one member.
 *   StateProbe      one MsgApp per answer or heartbeat: the leader is finding out where the logs match;
 *   StateReplicate  optimistic: `next` runs ahead, bounded by the inflight window;
 *   StateSnapshot   the log it needs is compacted: nothing is sent until the snapshot's outcome is known.
 */
export type ProgressState = 'StateProbe' | 'StateReplicate' | 'StateSnapshot';

/** A leader's view of one member. Invariant: 0 ≤ match < next. */
export class Progress {
  /** Highest index known to be durable there. */
  match: Index = 0 as Index;
  /** First index not sent yet (StateReplicate) or to be tried (StateProbe). */
  next: Index;
  state: ProgressState = 'StateProbe';
  /** StateSnapshot: the index of the snapshot on its way. */
  pendingSnapshot: Index = 0 as Index;
  /** StateSnapshot: ticks left before the snapshot counts as lost. */
  snapshotTicksLeft = 0;
  /** Heard from since the last CheckQuorum. */
  recentActive = false;
  /** No MsgApp until it answers or a heartbeat comes back. */
  paused = false;
  /** The highest commit index sent: nothing new to say unless the log's is above. */
  sentCommit: Index = 0 as Index;
  /** The newest read round it confirmed (thesis §6.4). */
  readRound = 0;
  readonly inflights: Inflights;

  constructor(next: Index, inflightMessagesMax: number, inflightBytesMax = Infinity) {
    this.next = next;
    this.inflights = new Inflights(inflightMessagesMax, inflightBytesMax);
  }

  becomeProbe(): void {
    const sentSnapshot = this.state === 'StateSnapshot' ? this.pendingSnapshot : 0;
    this.#resetState('StateProbe');
    // The snapshot may well have arrived: start behind it. If not, the follower's rejection says so.
    this.next = (Math.max(this.match, sentSnapshot) + 1) as Index;
    this.sentCommit = Math.min(this.sentCommit, this.next - 1) as Index;
  }

  becomeReplicate(): void {
    this.#resetState('StateReplicate');
    this.next = (this.match + 1) as Index;
  }

  becomeSnapshot(index: Index, timeoutTicks: number): void {
    this.#resetState('StateSnapshot');
    this.pendingSnapshot = index;
    this.snapshotTicksLeft = timeoutTicks;
    this.next = (index + 1) as Index;
    this.sentCommit = index;
  }

  /** The snapshot did not arrive: probe again from what is known. */
  snapshotFailed(): void {
    this.pendingSnapshot = 0 as Index;
    this.becomeProbe();
  }

  /** An ack. False when it is an old one. */
  maybeUpdate(index: Index): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1) as Index;
    this.paused = false;
    return true;
  }

  /** An ack, and what it says of the state. False when it tells nothing new. `firstIndex`: of the leader's log. */
  accept(index: Index, firstIndex: Index): boolean {
    // A probe answered with what we knew already still says: here the logs match.
    if (!this.maybeUpdate(index) && !(this.match === index && this.state === 'StateProbe')) return false;
    switch (this.state) {
      case 'StateProbe':
        this.becomeReplicate();
        break;
      case 'StateSnapshot':
        // It caught up far enough for the log to go on, whether by this snapshot or another way.
        if (this.match + 1 >= firstIndex) this.becomeReplicate();
        break;
      case 'StateReplicate':
        this.inflights.freeUpTo(index);
        break;
    }
    return true;
  }

  /**
   * A rejection of the MsgApp that followed `rejected`; `hint` is where the logs may match. False when it is
   * an old one (reordered or duplicated), which says nothing about now.
   */
  maybeDecrease(rejected: Index, hint: Index): boolean {
    switch (this.state) {
      case 'StateSnapshot':
        return false;
      case 'StateReplicate':
        if (rejected <= this.match) return false;
        this.next = (this.match + 1) as Index;
        break;
      case 'StateProbe':
        if (this.next - 1 !== rejected) return false;
        this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1) as Index;
        this.paused = false;
        break;
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1) as Index;
    return true;
  }

  isPaused(): boolean {
    return this.state === 'StateSnapshot' || this.paused;
  }

  /** Accounts for a MsgApp with `count` entries of `bytes` in all from `next` on, carrying `commit`. */
  sent(count: number, bytes: number, commit: Index): void {
    if (this.state === 'StateProbe') {
      this.paused = true;
    } else {
      if (count > 0) {
        this.next = (this.next + count) as Index;
        this.inflights.add((this.next - 1) as Index, bytes);
      }
      this.paused = this.inflights.full;
    }
    this.sentCommit = Math.max(this.sentCommit, commit) as Index;
  }

  /** Whether telling it `commit` would move its commit index: it can only commit what it was sent. */
  canBumpCommit(commit: Index): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  #resetState(state: ProgressState): void {
    this.state = state;
    this.paused = false;
    this.inflights.reset();
    this.pendingSnapshot = 0 as Index;
  }
}
