import { assert } from '../base/assert.ts';
import { LeaderReads } from './leader-reads.ts';
import type { MsgAppResp, MsgHeartbeatResp, MsgProp } from './messages.ts';
import { ProgressTracker } from './progress-tracker.ts';
import type { Progress } from './progress.ts';
import { Proposals, traceOwnAck } from './proposals.ts';
import type { RaftState } from './raft-state.ts';
import { Replication } from './replication.ts';
import type { MemberStatus } from './status.ts';
import { noMember } from './types.ts';
import type { Entry, MemberId } from './types.ts';

/** What a member is and does while it leads (§5.3, §5.4.2). It begins with an election and ends with the role. */
export class Leader {
  readonly #state: RaftState;
  readonly #tracker: ProgressTracker;
  readonly #replication: Replication;
  readonly #reads: LeaderReads;
  readonly #proposals: Proposals;
  #heartbeatElapsed = 0;
  #transferee: MemberId = noMember;
  /** What `flush` is to send: many reasons between two Readys, one broadcast. */
  #broadcastPending = true;
  #heartbeatPending = false;

  constructor(state: RaftState) {
    this.#state = state;
    this.#tracker = new ProgressTracker(state);
    this.#replication = new Replication(state, this.#tracker);
    this.#reads = new LeaderReads(state, this.#tracker);
    const own = this.#tracker.of(state.id);
    own.match = state.log.stableIndex;
    own.becomeReplicate();
    this.#proposals = new Proposals(state);
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────

  /** False when it lost its majority and leads no more. */
  tick(): boolean {
    const { config } = this.#state;
    this.#heartbeatElapsed++;
    if (++this.#state.electionElapsed >= config.electionTicks) {
      this.#state.electionElapsed = 0;
      if (config.checkQuorum && !this.#tracker.takeQuorumActive()) return false;
      // Thesis §3.10: a transfer that takes longer than an election timeout is given up.
      this.#transferee = noMember;
    }
    this.#tracker.tickSnapshots();
    if (this.#heartbeatElapsed >= config.heartbeatTicks) {
      this.#heartbeatElapsed = 0;
      // A newer round confirms the older ones too, so what waits need not wait for a lost answer.
      this.#reads.beginRound();
      this.#heartbeatPending = true;
    }
    return true;
  }

  /**
   * Broadcasts wait for this, so that all that was proposed between two Readys shares one MsgApp per member, all
   * reads one round, and nothing piles up while a disk is slow.
   */
  flush(): void {
    if (this.#reads.idle && this.#reads.beginRound()) this.#heartbeatPending = true;
    if (this.#heartbeatPending) {
      this.#heartbeatPending = false;
      this.#replication.broadcastHeartbeat(this.#reads.context);
    }
    if (this.#broadcastPending) {
      this.#broadcastPending = false;
      this.#replication.broadcastAppend();
    }
  }

  // ── Answers ─────────────────────────────────────────────────────────────────────────────────────

  handleAppResp(message: MsgAppResp): void {
    const progress = this.#hear(message.from);
    if (progress === undefined) return;
    if (message.reject) this.#replication.handleReject(message, progress);
    else this.#handleAccept(message, progress);
  }

  handleHeartbeatResp({ from, context }: MsgHeartbeatResp): void {
    const progress = this.#hear(from);
    if (progress === undefined) return;
    this.#replication.handleHeartbeatResp(from, progress);
    if (context === '') return;
    progress.readRound = Math.max(progress.readRound, Number(context));
    this.#reads.confirm();
  }

  /** Answers of a removed member mean nothing any more. */
  #hear(from: MemberId): Progress | undefined {
    const progress = this.#tracker.get(from);
    if (progress !== undefined) progress.recentActive = true;
    return progress;
  }

  #handleAccept({ from, index }: MsgAppResp, progress: Progress): void {
    const { log } = this.#state;
    const wasPaused = progress.isPaused();
    if (!progress.accept(index, log.firstIndex)) return;
    if (this.#maybeCommit()) this.#broadcastPending = true;
    else if (wasPaused || progress.canBumpCommit(log.committed)) {
      this.#replication.sendAppend(from, progress, false);
    }
    this.#replication.fillWindow(from, progress);
    if (from === this.#transferee && progress.match === log.lastIndex) this.#sendTimeoutNow(from);
  }

  /** The leader's own ack, which counts only for what is durable (thesis §10.2.1). */
  ackStable(): void {
    const { id, term, log, config } = this.#state;
    const own = this.#tracker.get(id);
    if (own === undefined || !own.maybeUpdate(log.stableIndex)) return;
    if (config.traceSpec !== undefined && log.matches(own.match, term)) {
      traceOwnAck(this.#state, 'receive', own.match);
    }
    if (this.#maybeCommit()) this.#broadcastPending = true;
  }

  /** Commits what a majority holds, if it is of the current term (§5.4.2: never by counting older ones). */
  #maybeCommit(): boolean {
    const { log, term } = this.#state;
    const index = this.#tracker.majorityMatch();
    if (index <= log.committed || !log.matches(index, term)) return false;
    log.commitTo(index);
    if (this.#state.config.traceSpec !== undefined) this.#state.spec({ name: 'Commit' });
    this.#reads.releaseEarly();
    return true;
  }

  // ── Requests ────────────────────────────────────────────────────────────────────────────────────

  propose(entries: MsgProp['entries']): 'accepted' | 'dropped' {
    // A leader that was removed and goes on leading (`stepDownOnRemoval`) takes nothing new.
    if (this.#transferee !== noMember || this.#tracker.get(this.#state.id) === undefined) return 'dropped';
    const result = this.#proposals.propose(entries);
    if (result === 'accepted') this.#broadcastPending = true;
    return result;
  }

  applied(entries: readonly Entry[]): void {
    if (this.#proposals.applied(entries)) this.#broadcastPending = true;
  }

  /** The membership is another. */
  followMembership(): void {
    const { membership } = this.#state;
    this.#tracker.followMembership();
    if (!this.#state.isVoter) return;
    if (!membership.hasVoter(this.#transferee)) this.#transferee = noMember;
    // A smaller majority may hold more; a new member is to be probed.
    this.#maybeCommit();
    this.#broadcastPending = true;
  }

  read(context: string, from: MemberId): 'accepted' | 'dropped' {
    return this.#reads.add(context, from);
  }

  transferTo(transferee: MemberId): void {
    const { id, log, membership } = this.#state;
    if (transferee === id || transferee === this.#transferee) return;
    if (!membership.hasVoter(transferee)) return;
    this.#transferee = transferee;
    this.#state.electionElapsed = 0;
    const progress = this.#tracker.of(transferee);
    if (progress.match === log.lastIndex) this.#sendTimeoutNow(transferee);
    else this.#replication.sendAppend(transferee, progress, true);
  }

  #sendTimeoutNow(to: MemberId): void {
    const { id: from, term } = this.#state;
    this.#state.send({ type: 'MsgTimeoutNow', from, to, term });
  }

  // ── The driver's reports ────────────────────────────────────────────────────────────────────────

  reportUnreachable(member: MemberId): void {
    const progress = this.#tracker.get(member);
    // What was sent optimistically is probably lost.
    if (member !== this.#state.id && progress?.state === 'StateReplicate') progress.becomeProbe();
  }

  reportSnapshot(member: MemberId, ok: boolean): void {
    const progress = this.#tracker.get(member);
    if (progress?.state !== 'StateSnapshot') return;
    if (ok) progress.becomeProbe();
    else progress.snapshotFailed();
    // Delivered: its answer comes. Failed: the next heartbeat's answer is early enough to try again.
    progress.paused = true;
  }

  status(): readonly MemberStatus[] {
    return this.#tracker.status();
  }

  checkInvariants(): void {
    const { id, term, log, leader, vote } = this.#state;
    assert(leader === id, 'a leader knows itself');
    assert(vote === id, 'a leader voted for itself');
    assert(log.lastTerm === term, 'a leader has an entry of its own term');
    this.#tracker.checkInvariants();
  }
}
