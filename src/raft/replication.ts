import type { MsgAppResp } from './messages.ts';
import type { Progress } from './progress.ts';
import type { ProgressTracker } from './progress-tracker.ts';
import type { RaftState } from './raft-state.ts';
import { entryBytes } from './storage.ts';
import type { Entry, Index, MemberId } from './types.ts';

/** A snapshot whose outcome nobody reported counts as lost after this many election timeouts. */
const snapshotTimeoutElections = 10;

/** What a leader sends to its followers (§5.3, §7). */
export class Replication {
  readonly #state: RaftState;
  readonly #tracker: ProgressTracker;

  constructor(state: RaftState, tracker: ProgressTracker) {
    this.#state = state;
    this.#tracker = tracker;
  }

  broadcastAppend(): void {
    for (const to of this.#state.membership.members) {
      if (to !== this.#state.id) this.sendAppend(to, this.#tracker.of(to), false);
    }
  }

  broadcastHeartbeat(context: string): void {
    const { id: from, term, log, membership } = this.#state;
    for (const to of membership.members) {
      if (to === from) continue;
      // Not beyond what is known to match: a follower must not commit what it may not hold.
      const commit = Math.min(this.#tracker.of(to).match, log.committed) as Index;
      this.#state.send({ type: 'MsgHeartbeat', from, to, term, commit, context });
    }
  }

  /** Sends the next entries to a member, or the snapshot it needs first. True when a message went out. */
  sendAppend(to: MemberId, progress: Progress, evenIfEmpty: boolean): boolean {
    if (progress.isPaused()) return false;
    const { id: from, term, log, config } = this.#state;
    const index = (progress.next - 1) as Index;
    const logTerm = log.termAt(index);
    if (logTerm === undefined) return this.#sendSnapshot(to, progress);
    let entries: readonly Entry[] = [];
    if (progress.next <= log.lastIndex && !(progress.state === 'StateReplicate' && progress.inflights.full)) {
      const end = (log.lastIndex + 1) as Index;
      const slice = log.slice(progress.next, end, config.maxSizePerMessageBytes);
      if (!slice.ok) return this.#sendSnapshot(to, progress);
      entries = slice.value;
    }
    const commit = log.committed;
    if (entries.length === 0 && !evenIfEmpty && !progress.canBumpCommit(commit)) return false;
    this.#state.send({ type: 'MsgApp', from, to, term, index, logTerm, entries, commit }, progress);
    let bytes = 0;
    if (config.inflightBytesMax !== undefined) for (const entry of entries) bytes += entryBytes(entry);
    progress.sent(entries.length, bytes, commit);
    return true;
  }

  #sendSnapshot(to: MemberId, progress: Progress): boolean {
    // To one that does not answer it would be wasted; its first sign of life brings us back here.
    if (!progress.recentActive) return false;
    const { id, term, log, config } = this.#state;
    const snapshot = log.snapshotToSend();
    if (snapshot === undefined) return false;
    const { index } = snapshot.metadata;
    progress.becomeSnapshot(index, snapshotTimeoutElections * config.electionTicks);
    this.#state.trace?.({ type: 'snapshot-sent', id, to, index });
    this.#state.send({ type: 'MsgSnap', from: id, to, term, snapshot });
    return true;
  }

  /** A follower's log did not match: goes back, and tries again. */
  handleReject({ from, index, rejectHint, logTerm }: MsgAppResp, progress: Progress): void {
    let hint = rejectHint;
    // Skip what of ours is of a later term than the follower's at the hint: it cannot match (§5.3).
    if (logTerm > 0) hint = this.#state.log.findConflictByTerm(hint, logTerm).index;
    if (!progress.maybeDecrease(index, hint)) return;
    if (progress.state === 'StateReplicate') progress.becomeProbe();
    this.sendAppend(from, progress, true);
  }

  /** A follower has more than before, and perhaps room: sends all that fits. */
  fillWindow(to: MemberId, progress: Progress): void {
    while (this.sendAppend(to, progress, false)) {
      // The window opened: fill it.
    }
  }

  /** A heartbeat's answer shows that messages get through again. */
  handleHeartbeatResp(from: MemberId, progress: Progress): void {
    progress.paused = false;
    // Something may have been lost. An append, even an empty one, makes the follower say what it has.
    if (progress.match < this.#state.log.lastIndex || progress.state === 'StateProbe') {
      this.sendAppend(from, progress, true);
    }
  }
}
