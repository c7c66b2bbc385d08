import { assert } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { isJoint } from './changer.ts';
import { decodeConfChangeV2, encodeConfChangeV2, leaveJointChange } from './conf-change.ts';
import { LeaderReads } from './leader-reads.ts';
import type { MsgAppResp, MsgHeartbeatResp, MsgProp } from './messages.ts';
import { ProgressTracker } from './progress-tracker.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { Replication } from './replication.ts';
import type { MemberStatus } from './status.ts';
import { noMember } from './types.ts';
import type { Entry, Index, MemberId, Term } from './types.ts';

/** What a member is and does while it leads (§5.3, §5.4.2). It begins with an election and ends with the role. */
export class Leader {
  readonly #state: RaftState;
  readonly #tracker: ProgressTracker;
  readonly #replication: Replication;
  readonly #reads: LeaderReads;
  #heartbeatElapsed = 0;
  #transferee: MemberId = noMember;
  /**
   * No conf change is proposed before this index is applied: one in flight, and none before the leader's
   * first own commit (which closes the hole in single-server changes found after the thesis).
   */
  #pendingConfIndex = 0 as Index;
  #uncommittedBytes = 0;
  /** What `flush` is to send: many reasons between two Readys, one broadcast. */
  #broadcastPending = false;
  #heartbeatPending = false;

  constructor(state: RaftState) {
    this.#state = state;
    this.#tracker = new ProgressTracker(state);
    this.#replication = new Replication(state, this.#tracker);
    this.#reads = new LeaderReads(state, this.#tracker);
    const own = this.#tracker.of(state.id);
    own.match = state.log.stableIndex;
    own.becomeReplicate();
    // An entry of its own term is what lets it commit the ones before (§5.4.2, §8).
    this.#append([{ type: 'normal', data: emptyBytes }]);
    this.#pendingConfIndex = state.log.lastIndex;
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
      this.#traceOwnAck('receive', own.match);
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

  // ── Proposals ───────────────────────────────────────────────────────────────────────────────────

  propose(entries: MsgProp['entries']): 'accepted' | 'dropped' {
    const { id, log, config } = this.#state;
    // A leader that was removed and goes on leading (`stepDownOnRemoval`) takes nothing new.
    if (this.#transferee !== noMember || this.#tracker.get(id) === undefined) return 'dropped';
    let changes = false;
    let bytes = 0;
    for (const entry of entries) {
      bytes += entry.data.length;
      if (entry.type === 'conf-change') changes = true;
    }
    if (changes && (entries.length > 1 || !this.#mayChange(entries[0]!.data))) return 'dropped';
    // One proposal always fits into an empty pipeline, however large it is.
    if (this.#uncommittedBytes > 0 && this.#uncommittedBytes + bytes > config.uncommittedBytesMax) {
      return 'dropped';
    }
    this.#uncommittedBytes += bytes;
    this.#append(entries);
    if (changes) this.#pendingConfIndex = log.lastIndex;
    return 'accepted';
  }

  #append(proposals: MsgProp['entries']): void {
    const { log, term } = this.#state;
    let last = log.lastIndex;
    const entries: Entry[] = [];
    for (const { type, data } of proposals) {
      last = (last + 1) as Index;
      entries.push({ index: last, term, type, data });
    }
    if (this.#state.config.traceSpec !== undefined) this.#traceAppending(entries);
    log.append(entries);
    if (this.#state.config.traceSpec !== undefined) this.#traceOwnAck('send', last);
    this.#broadcastPending = true;
  }

  #traceAppending(entries: readonly Entry[]): void {
    for (const { type, data } of entries) {
      if (type === 'normal') this.#state.spec({ name: 'Replicate' });
      else this.#state.spec({ name: 'ChangeConf', change: decodeConfChangeV2(data) });
    }
  }

  /** To the specification, as in etcd, a leader's own ack is a message to itself. */
  #traceOwnAck(name: 'send' | 'receive', index: Index): void {
    const { id, term } = this.#state;
    const answer = { reject: false, rejectHint: 0 as Index, logTerm: 0 as Term };
    this.#state.spec({ name, message: { type: 'MsgAppResp', from: id, to: id, term, index, ...answer } });
  }

  applied(entries: readonly Entry[]): void {
    let bytes = 0;
    for (const entry of entries) bytes += entry.data.length;
    // Entries of earlier leaders were never counted.
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - bytes);
    const { confState, log } = this.#state;
    if (confState.autoLeave !== true || log.applied < this.#pendingConfIndex) return;
    // Past all limits: a cluster must not stay joint because its leader is busy.
    this.#append([{ type: 'conf-change', data: encodeConfChangeV2(leaveJointChange) }]);
    this.#pendingConfIndex = log.lastIndex;
  }

  // ── Membership (thesis §4) ──────────────────────────────────────────────────────────────────────

  /** One change at a time; while the membership is joint, only the one that leaves it; and no leaving otherwise. */
  #mayChange(data: Uint8Array): boolean {
    const { config, log, confState } = this.#state;
    if (config.disableConfChangeValidation === true) return true;
    if (this.#pendingConfIndex > log.applied) return false;
    return (decodeConfChangeV2(data).changes.length === 0) === isJoint(confState);
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

  // ── Reads, transfer, reports ────────────────────────────────────────────────────────────────────

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
    assert(this.#uncommittedBytes >= 0, 'uncommitted bytes below zero');
    this.#tracker.checkInvariants();
  }
}
