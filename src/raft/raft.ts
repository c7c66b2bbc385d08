import { assert, unreachable } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { isJoint } from './changer.ts';
import {
  applyToConfState,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
  isV2,
  leaveJointChange,
} from './conf-change.ts';
import { checkConfig } from './config.ts';
import type { Config } from './config.ts';
import { RaftLog } from './log.ts';
import type {
  LocalResponse,
  Message,
  MsgApp,
  MsgAppResp,
  MsgHeartbeat,
  MsgHeartbeatResp,
  MsgPreVote,
  MsgPreVoteResp,
  MsgProp,
  MsgSnap,
  MsgVote,
  MsgVoteResp,
} from './messages.ts';
import { Progress } from './progress.ts';
import type { ProgressState } from './progress.ts';
import { jointVoteResult, majorityValue } from './quorum.ts';
import { ReadOnly, readsPendingMax } from './read-only.ts';
import type { ReadState } from './ready.ts';
import { entryBytes } from './storage.ts';
import type { TracedEvent } from './trace-lines.ts';
import type { TraceEvent } from './trace.ts';
import { compareMembers, noMember } from './types.ts';
import type {
  ConfChange,
  ConfChangeV2,
  ConfState,
  Entry,
  Index,
  MemberId,
  Role,
  Snapshot,
  Term,
} from './types.ts';

/** A snapshot whose outcome nobody reported counts as lost after this many election timeouts. */
const snapshotTimeoutElections = 10;

const noTerm = 0 as Term;
const noIndex = 0 as Index;

type Campaign = 'pre-election' | 'election' | 'transfer';

export interface MemberStatus {
  readonly id: MemberId;
  readonly learner: boolean;
  readonly match: Index;
  readonly next: Index;
  readonly state: ProgressState;
  readonly paused: boolean;
  readonly recentActive: boolean;
}

export interface Status {
  readonly id: MemberId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: MemberId;
  readonly leader: MemberId;
  readonly commit: Index;
  readonly applied: Index;
  readonly lastIndex: Index;
  readonly confState: ConfState;
  /** Per member, in id order; only a leader knows it. */
  readonly progress: readonly MemberStatus[];
}

/**
 * The Raft state machine of one member: roles, terms, votes, replication. RawNode is the door to it and
 * states the invariants; here is what happens on each message and tick. Names follow the paper and etcd.
 */
export class Raft {
  readonly id: MemberId;
  readonly log: RaftLog;
  readonly #config: Config;

  term: Term;
  vote: MemberId;
  role: Role = 'follower';
  leader: MemberId = noMember;
  /** The term last known durable. What a leader says before its disk write must rest on durable state. */
  durableTerm: Term;

  /** Outgoing, split as Ready is. The caller takes them by `takeOutput`. */
  #messages: Message[] = [];
  #messagesBeforeSync: Message[] = [];
  #readStates: ReadState[] = [];

  #confState: ConfState;
  /** All members in id order, the order of every broadcast. */
  #members: readonly MemberId[] = [];
  /** Who votes, in either majority of a joint membership, in id order. */
  #voters: readonly MemberId[] = [];
  #votersOutgoing: readonly MemberId[] = [];
  #progress = new Map<MemberId, Progress>();

  #electionElapsed = 0;
  #heartbeatElapsed = 0;
  #randomizedElectionTicks = 0;
  #votes = new Map<MemberId, boolean>();

  // A leader's own state.
  #transferee: MemberId = noMember;
  /**
   * No conf change is proposed before this index is applied: one in flight, and none before the leader's
   * first own commit (which closes the hole in single-server changes found after the thesis).
   */
  #pendingConfIndex: Index = noIndex;
  #uncommittedBytes = 0;
  /** Handed out to be applied, bounded by committedBytesMax. */
  #applyingBytes = 0;
  readonly #committedBytesMax: number;
  /** What `flush` is to send: many reasons between two Readys, one broadcast. */
  #broadcastPending = false;
  #heartbeatPending = false;
  #readOnly = new ReadOnly();
  /** Reads that arrived before the leader's first commit in its term (thesis §6.4, step 1). */
  #earlyReads: { readonly context: string; readonly from: MemberId }[] = [];
  /** Reused by quorum counts, so that an ack does not allocate. */
  readonly #scratch: number[] = [];

  constructor(config: Config) {
    checkConfig(config);
    const { hardState, confState } = config.storage.initialState();
    this.#config = config;
    this.id = config.id;
    this.#committedBytesMax = config.committedBytesMax ?? config.maxSizePerMessageBytes;
    this.log = new RaftLog(config.storage, hardState.commit, config.applied);
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.durableTerm = hardState.term;
    this.#confState = confState;
    this.#setMembers(confState);
    this.#reset(this.term);
    this.#spec({ name: 'InitState' });
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────

  tick(): void {
    if (this.role === 'leader') this.#tickLeader();
    else this.#tickElection();
  }

  #tickElection(): void {
    this.#electionElapsed++;
    if (this.#electionElapsed < this.#randomizedElectionTicks || !this.#promotable) return;
    this.#electionElapsed = 0;
    this.campaign();
  }

  #tickLeader(): void {
    this.#heartbeatElapsed++;
    this.#electionElapsed++;
    if (this.#electionElapsed >= this.#config.electionTicks) {
      this.#electionElapsed = 0;
      if (this.#config.checkQuorum && !this.#takeQuorumActive()) {
        this.#trace?.({ type: 'quorum-lost', id: this.id, term: this.term });
        this.#becomeFollower(this.term, noMember);
        return;
      }
      // Thesis §3.10: a transfer that takes longer than an election timeout is given up.
      this.#transferee = noMember;
    }
    for (const member of this.#members) {
      const progress = this.#progress.get(member)!;
      if (progress.state === 'StateSnapshot' && --progress.snapshotTicksLeft <= 0) progress.snapshotFailed();
    }
    if (this.#heartbeatElapsed >= this.#config.heartbeatTicks) {
      this.#heartbeatElapsed = 0;
      // A newer round confirms the older ones too, so what waits need not wait for a lost answer.
      this.#beginReadRound();
      this.#heartbeatPending = true;
    }
  }

  /** Whether a majority was heard from since the last call. */
  #takeQuorumActive(): boolean {
    const active = new Map<MemberId, boolean>();
    for (const voter of this.#voters) {
      active.set(voter, voter === this.id || this.#progress.get(voter)!.recentActive);
    }
    for (const progress of this.#progress.values()) progress.recentActive = false;
    return jointVoteResult(this.#confState.voters, this.#votersOutgoing, active) === 'won';
  }

  // ── Roles ───────────────────────────────────────────────────────────────────────────────────────

  /** A voter with its snapshot applied may campaign. */
  get #promotable(): boolean {
    return this.log.pendingSnapshot === undefined && this.#voters.includes(this.id);
  }

  campaign(): void {
    this.#hup(this.#config.preVote ? 'pre-election' : 'election');
  }

  #hup(kind: Campaign): void {
    if (this.role === 'leader' || !this.#promotable || this.#hasUnappliedConfChange()) return;
    this.#campaign(kind);
  }

  /** The membership that a committed entry changed is not known yet: its majority might be another. */
  #hasUnappliedConfChange(): boolean {
    const end = (this.log.committed + 1) as Index;
    // What Storage compacted, the driver has applied, even if `advance` has not said so yet.
    let at = Math.max(this.log.applied + 1, this.log.firstIndex) as Index;
    while (at < end) {
      const page = this.log.slice(at, end, this.#config.maxSizePerMessageBytes);
      assert(page.ok, 'committed entries that are not applied are in the log');
      if (page.value.some((entry) => entry.type === 'conf-change')) return true;
      at = (at + page.value.length) as Index;
    }
    return false;
  }

  #campaign(kind: Campaign): void {
    if (kind === 'pre-election') this.#becomePreCandidate();
    else this.#becomeCandidate();
    // Its own vote is durable before anyone can answer: requests leave after the write.
    this.#votes.set(this.id, true);
    if (this.#countVotes()) return;
    const { lastIndex: index, lastTerm: logTerm } = this.log;
    for (const to of this.#voters) {
      if (to === this.id) continue;
      if (kind === 'pre-election') {
        this.#send({ type: 'MsgPreVote', from: this.id, to, term: (this.term + 1) as Term, index, logTerm });
      } else {
        const transfer = kind === 'transfer';
        this.#send({ type: 'MsgVote', from: this.id, to, term: this.term, index, logTerm, transfer });
      }
    }
  }

  /** Acts on the tally. True when the campaign is over. */
  #countVotes(): boolean {
    const result = jointVoteResult(this.#confState.voters, this.#votersOutgoing, this.#votes);
    if (result === 'pending') return false;
    if (result === 'lost') this.#becomeFollower(this.term, noMember);
    else if (this.role === 'pre-candidate') this.#campaign('election');
    else this.#becomeLeader();
    return true;
  }

  #becomeFollower(term: Term, leader: MemberId): void {
    this.#reset(term);
    this.role = 'follower';
    this.leader = leader;
    this.#traceRole();
    this.#spec({ name: 'BecomeFollower' });
  }

  /** Changes neither term nor vote (thesis §9.6). */
  #becomePreCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not campaign');
    this.role = 'pre-candidate';
    this.leader = noMember;
    this.#votes.clear();
    this.#traceRole();
  }

  #becomeCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not campaign');
    this.#reset((this.term + 1) as Term);
    this.role = 'candidate';
    this.vote = this.id;
    this.#traceRole();
    this.#spec({ name: 'BecomeCandidate' });
  }

  #becomeLeader(): void {
    assert(this.role === 'candidate', 'only a candidate becomes leader');
    this.#reset(this.term);
    this.role = 'leader';
    this.leader = this.id;
    for (const member of this.#members) this.#progress.set(member, this.#newProgress());
    const own = this.#progress.get(this.id)!;
    own.match = this.log.stableIndex;
    own.becomeReplicate();
    own.recentActive = true;
    this.#traceRole();
    this.#spec({ name: 'BecomeLeader' });
    // An entry of its own term is what lets it commit the ones before (§5.4.2, §8).
    this.#appendOwn([{ type: 'normal', data: emptyBytes }]);
    this.#pendingConfIndex = this.log.lastIndex;
  }

  #reset(term: Term): void {
    if (term !== this.term) {
      assert(term > this.term, () => `term would go back from ${this.term} to ${term}`);
      this.term = term;
      this.vote = noMember;
    }
    this.leader = noMember;
    this.#electionElapsed = 0;
    this.#heartbeatElapsed = 0;
    const { electionTicks, randomInteger } = this.#config;
    this.#randomizedElectionTicks = electionTicks + randomInteger(electionTicks);
    this.#votes.clear();
    this.#transferee = noMember;
    this.#pendingConfIndex = noIndex;
    this.#uncommittedBytes = 0;
    this.#broadcastPending = false;
    this.#heartbeatPending = false;
    this.#readOnly = new ReadOnly();
    this.#earlyReads = [];
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────────

  step(message: Message | LocalResponse): void {
    if (message.type === 'MsgStorageAppendResp' || message.type === 'MsgStorageApplyResp') {
      assert(message.to === this.id, 'the answer of a thread of another member');
      return this.#stepLocal(message);
    }
    if (message.to !== this.id || message.from === this.id) return;
    if (this.#config.traceSpec !== undefined) this.#spec({ name: 'receive', message });
    if (message.type === 'MsgProp') return this.#stepProp(message);
    if (message.type === 'MsgReadIndex') {
      if (this.role === 'leader') this.#leaderRead(message.context, message.from);
      return;
    }
    if (message.term > this.term) {
      if (!this.#stepHigherTerm(message)) return;
    } else if (message.term < this.term) {
      return this.#stepLowerTerm(message);
    }
    this.#stepCurrentTerm(message);
  }

  #stepLocal(message: LocalResponse): void {
    if (message.type === 'MsgStorageApplyResp') return this.appliedEntries(message.entries);
    if (message.term > this.durableTerm) this.durableTerm = message.term;
    if (message.snapshot !== undefined) this.appliedSnapshot(message.snapshot);
    // Of an earlier term: what it wrote may have been replaced by something else and then by its like (ABA). The
    // write that made this term durable came later, and its answer covers all of it.
    if (message.index === 0 || message.term < this.term) return;
    this.log.stableTo(message.index, message.logTerm);
    this.ackStable();
  }

  /** Whether the message is to be handled; if so, `term` has caught up where it has to. */
  #stepHigherTerm(message: Message): boolean {
    switch (message.type) {
      case 'MsgPreVote':
        // Asking does not raise the term. Who hears its leader says nothing (thesis §9.6, §4.2.3).
        return !this.#hearsLeader;
      case 'MsgVote':
        if (this.#config.checkQuorum && this.#hearsLeader && !message.transfer) return false;
        this.#becomeFollower(message.term, noMember);
        return true;
      case 'MsgPreVoteResp':
        // A grant carries the term we would campaign in, not one that exists.
        if (message.reject) this.#becomeFollower(message.term, noMember);
        return !message.reject;
      case 'MsgApp':
      case 'MsgHeartbeat':
      case 'MsgSnap':
        this.#becomeFollower(message.term, message.from);
        return true;
      default:
        this.#becomeFollower(message.term, noMember);
        return true;
    }
  }

  /** Leader stickiness: a leader was heard from within the minimum election timeout. */
  get #hearsLeader(): boolean {
    return this.leader !== noMember && this.#electionElapsed < this.#config.electionTicks;
  }

  #stepLowerTerm(message: Message): void {
    if (message.type === 'MsgPreVote') {
      this.#send(this.#voteResp('MsgPreVoteResp', message.from, this.term, true));
    } else if (message.type === 'MsgApp' || message.type === 'MsgHeartbeat') {
      // A leader behind us would never be heard while others stick to it, nor could we campaign: our term,
      // in any answer, makes it step down so that all meet in one term again.
      this.#send(this.#appResp(message.from, noIndex, false, noIndex, noTerm));
    }
  }

  #stepCurrentTerm(message: Message): void {
    switch (message.type) {
      case 'MsgVote':
      case 'MsgPreVote':
        return this.#handleVoteRequest(message);
      case 'MsgVoteResp':
      case 'MsgPreVoteResp':
        return this.#handleVoteResp(message);
      case 'MsgApp':
      case 'MsgHeartbeat':
      case 'MsgSnap':
        return this.#stepFromLeader(message);
      case 'MsgAppResp':
      case 'MsgHeartbeatResp':
        return this.#stepFromFollower(message);
      case 'MsgReadIndexResp':
        this.#readStates.push({ context: message.context, index: message.index });
        return;
      case 'MsgTransferLeader':
        if (this.role === 'leader') this.#startTransfer(message.transferee);
        return;
      case 'MsgTimeoutNow':
        if (this.role === 'follower') this.#hup('transfer');
        return;
      case 'MsgProp':
      case 'MsgReadIndex':
        return assert(false, 'handled before terms are compared');
      default:
        unreachable(message);
    }
  }

  // ── Election (§5.2, §5.4.1) ─────────────────────────────────────────────────────────────────────

  #handleVoteRequest(message: MsgVote | MsgPreVote): void {
    const pre = message.type === 'MsgPreVote';
    const free =
      this.vote === message.from ||
      (this.vote === noMember && this.leader === noMember) ||
      (pre && message.term > this.term);
    const granted = free && this.log.isUpToDate(message.index, message.logTerm);
    this.#trace?.({ type: 'vote', id: this.id, term: message.term, candidate: message.from, pre, granted });
    if (pre) {
      // A grant repeats the term that was asked for; a refusal tells ours.
      this.#send(
        this.#voteResp('MsgPreVoteResp', message.from, granted ? message.term : this.term, !granted),
      );
      return;
    }
    if (granted) {
      this.#electionElapsed = 0;
      this.vote = message.from;
    }
    this.#send(this.#voteResp('MsgVoteResp', message.from, this.term, !granted));
  }

  #handleVoteResp(message: MsgVoteResp | MsgPreVoteResp): void {
    if (message.type === 'MsgVoteResp') {
      if (this.role !== 'candidate') return;
    } else {
      // A grant for another term answers an older question.
      if (this.role !== 'pre-candidate' || (!message.reject && message.term !== this.term + 1)) return;
    }
    if (message.reject && this.#commitByVote(message)) return;
    if (!this.#votes.has(message.from)) this.#votes.set(message.from, !message.reject);
    this.#countVotes();
  }

  /**
   * A member that its own last entry removed can refuse the vote that the others, who do not know that entry to
   * be committed, still need: nobody could ever win. So a refusal tells what is committed (as in TiKV's raft).
   * True when that ends the campaign, for the membership is about to change.
   */
  #commitByVote({ commit, commitTerm }: MsgVoteResp | MsgPreVoteResp): boolean {
    if (commit <= this.log.committed || !this.log.matches(commit, commitTerm)) return false;
    this.log.commitTo(commit);
    if (!this.#hasUnappliedConfChange()) return false;
    this.#becomeFollower(this.term, noMember);
    return true;
  }

  #voteResp<T extends 'MsgVoteResp' | 'MsgPreVoteResp'>(type: T, to: MemberId, term: Term, reject: boolean) {
    const commit = this.log.committed;
    return { type, from: this.id, to, term, reject, commit, commitTerm: this.log.termAt(commit) ?? noTerm };
  }

  // ── Following (§5.3, §7) ────────────────────────────────────────────────────────────────────────

  #stepFromLeader(message: MsgApp | MsgHeartbeat | MsgSnap): void {
    assert(this.role !== 'leader', () => `two leaders in term ${this.term}: ${this.id} and ${message.from}`);
    if (this.role !== 'follower' || this.leader !== message.from)
      this.#becomeFollower(this.term, message.from);
    this.#electionElapsed = 0;
    switch (message.type) {
      case 'MsgApp':
        return this.#handleAppend(message);
      case 'MsgHeartbeat':
        this.log.commitTo(message.commit);
        this.#send({
          type: 'MsgHeartbeatResp',
          from: this.id,
          to: message.from,
          term: this.term,
          context: message.context,
        });
        return;
      case 'MsgSnap':
        return this.#handleSnapshot(message);
      default:
        unreachable(message);
    }
  }

  #handleAppend(message: MsgApp): void {
    const { from, index, logTerm } = message;
    if (index < this.log.committed) {
      // An old one: what is committed matches for sure.
      this.#send(this.#appResp(from, this.log.committed, false, noIndex, noTerm));
      return;
    }
    const lastNew = this.log.maybeAppend(index, logTerm, message.commit, message.entries);
    if (lastNew !== undefined) {
      this.#send(this.#appResp(from, lastNew, false, noIndex, noTerm));
      return;
    }
    this.#trace?.({ type: 'conflict', id: this.id, index, term: logTerm });
    const end = Math.min(index, this.log.lastIndex) as Index;
    const hint = this.log.findConflictByTerm(end, logTerm);
    this.#send(this.#appResp(from, index, true, hint.index, hint.term));
  }

  #handleSnapshot(message: MsgSnap): void {
    this.#restore(message.snapshot);
    this.#send(this.#appResp(message.from, this.log.committed, false, noIndex, noTerm));
  }

  /**
   * Replaces the log by the snapshot unless it is behind our commit or only tells us what we have.
   */
  #restore(snapshot: Snapshot): void {
    const { index, term } = snapshot.metadata;
    if (index <= this.log.committed) return;
    if (this.log.matches(index, term)) {
      this.log.commitTo(index);
      return;
    }
    this.log.restore(snapshot);
    this.#trace?.({ type: 'snapshot-restored', id: this.id, index, term });
  }

  #appResp(to: MemberId, index: Index, reject: boolean, rejectHint: Index, logTerm: Term): MsgAppResp {
    return { type: 'MsgAppResp', from: this.id, to, term: this.term, index, reject, rejectHint, logTerm };
  }

  // ── Leading (§5.3, §5.4.2) ──────────────────────────────────────────────────────────────────────

  #stepFromFollower(message: MsgAppResp | MsgHeartbeatResp): void {
    // Answers of a removed member, and those to a leader that stepped down, mean nothing any more.
    const progress = this.role === 'leader' ? this.#progress.get(message.from) : undefined;
    if (progress === undefined) return;
    progress.recentActive = true;
    if (message.type === 'MsgHeartbeatResp') this.#handleHeartbeatResp(message, progress);
    else if (message.reject) this.#handleReject(message, progress);
    else this.#handleAccept(message, progress);
  }

  #handleReject(message: MsgAppResp, progress: Progress): void {
    let hint = message.rejectHint;
    // Skip what of ours is of a later term than the follower's at the hint: it cannot match (§5.3).
    if (message.logTerm > 0) hint = this.log.findConflictByTerm(hint, message.logTerm).index;
    if (!progress.maybeDecrease(message.index, hint)) return;
    if (progress.state === 'StateReplicate') progress.becomeProbe();
    this.#sendAppend(message.from, progress, true);
  }

  #handleAccept(message: MsgAppResp, progress: Progress): void {
    const { from, index } = message;
    const wasPaused = progress.isPaused();
    // A probe answered with what we knew already still says: here the logs match.
    if (!progress.maybeUpdate(index) && !(progress.match === index && progress.state === 'StateProbe'))
      return;
    switch (progress.state) {
      case 'StateProbe':
        progress.becomeReplicate();
        break;
      case 'StateSnapshot':
        // It caught up far enough for the log to go on, whether by this snapshot or another way.
        if (progress.match + 1 >= this.log.firstIndex) progress.becomeReplicate();
        break;
      case 'StateReplicate':
        progress.inflights.freeUpTo(index);
        break;
    }
    if (this.#maybeCommit()) this.#broadcastPending = true;
    else if (wasPaused || progress.canBumpCommit(this.log.committed)) this.#sendAppend(from, progress, false);
    while (this.#sendAppend(from, progress, false)) {
      // The window opened: fill it.
    }
    if (from === this.#transferee && progress.match === this.log.lastIndex) this.#sendTimeoutNow(from);
  }

  #handleHeartbeatResp(message: MsgHeartbeatResp, progress: Progress): void {
    progress.paused = false;
    // Something may have been lost. An append, even an empty one, makes the follower say what it has.
    if (progress.match < this.log.lastIndex || progress.state === 'StateProbe') {
      this.#sendAppend(message.from, progress, true);
    }
    if (message.context === '') return;
    progress.readRound = Math.max(progress.readRound, Number(message.context));
    this.#confirmReads();
  }

  /** Commits what a majority holds, if it is of the current term (§5.4.2: never by counting older ones). */
  #maybeCommit(): boolean {
    let index = this.#majorityMatch(this.#confState.voters);
    if (this.#votersOutgoing.length > 0) {
      index = Math.min(index, this.#majorityMatch(this.#votersOutgoing)) as Index;
    }
    if (index <= this.log.committed || !this.log.matches(index, this.term)) return false;
    this.log.commitTo(index);
    if (this.#config.traceSpec !== undefined) this.#spec({ name: 'Commit' });
    this.#releaseEarlyReads();
    return true;
  }

  #majorityMatch(voters: readonly MemberId[]): Index {
    const scratch = this.#scratch;
    scratch.length = voters.length;
    for (let i = 0; i < voters.length; i++) scratch[i] = this.#progress.get(voters[i]!)!.match;
    return majorityValue(scratch) as Index;
  }

  /** The leader's own ack, which counts only for what is durable (thesis §10.2.1). */
  ackStable(): void {
    if (this.role !== 'leader') return;
    const own = this.#progress.get(this.id);
    if (own === undefined || !own.maybeUpdate(this.log.stableIndex)) return;
    if (this.#maybeCommit()) this.#broadcastPending = true;
  }

  #appendOwn(proposals: readonly Pick<Entry, 'type' | 'data'>[]): void {
    let last = this.log.lastIndex;
    const entries: Entry[] = [];
    for (const { type, data } of proposals) {
      last = (last + 1) as Index;
      entries.push({ index: last, term: this.term, type, data });
    }
    this.log.append(entries);
    if (this.#config.traceSpec !== undefined) this.#traceAppended(entries);
    this.#broadcastPending = true;
  }

  /**
   * A leader's broadcasts wait for this, so that all that was proposed between two Readys shares one MsgApp per
   * member, all reads one round, and nothing piles up while a disk is slow.
   */
  flush(): void {
    if (this.#readOnly.idle) this.#beginReadRound();
    if (this.#heartbeatPending) {
      this.#heartbeatPending = false;
      this.#broadcastHeartbeat();
    }
    if (this.#broadcastPending) {
      this.#broadcastPending = false;
      this.#broadcastAppend();
    }
  }

  #broadcastAppend(): void {
    for (const to of this.#members) {
      if (to !== this.id) this.#sendAppend(to, this.#progress.get(to)!, false);
    }
  }

  /** Sends the next entries to a member, or the snapshot it needs first. True when a message went out. */
  #sendAppend(to: MemberId, progress: Progress, evenIfEmpty: boolean): boolean {
    if (progress.isPaused()) return false;
    const index = (progress.next - 1) as Index;
    const logTerm = this.log.termAt(index);
    if (logTerm === undefined) return this.#sendSnapshot(to, progress);
    let entries: readonly Entry[] = [];
    if (
      progress.next <= this.log.lastIndex &&
      !(progress.state === 'StateReplicate' && progress.inflights.full)
    ) {
      const end = (this.log.lastIndex + 1) as Index;
      const slice = this.log.slice(progress.next, end, this.#config.maxSizePerMessageBytes);
      if (!slice.ok) return this.#sendSnapshot(to, progress);
      entries = slice.value;
    }
    const commit = this.log.committed;
    if (entries.length === 0 && !evenIfEmpty && !progress.canBumpCommit(commit)) return false;
    this.#send({ type: 'MsgApp', from: this.id, to, term: this.term, index, logTerm, entries, commit });
    let bytes = 0;
    if (this.#config.inflightBytesMax !== undefined) for (const entry of entries) bytes += entryBytes(entry);
    progress.sent(entries.length, bytes, commit);
    return true;
  }

  #sendSnapshot(to: MemberId, progress: Progress): boolean {
    // To one that does not answer it would be wasted; its first sign of life brings us back here.
    if (!progress.recentActive) return false;
    const snapshot = this.log.snapshotToSend();
    if (snapshot === undefined) return false;
    const { index } = snapshot.metadata;
    progress.becomeSnapshot(index, snapshotTimeoutElections * this.#config.electionTicks);
    this.#trace?.({ type: 'snapshot-sent', id: this.id, to, index });
    this.#send({ type: 'MsgSnap', from: this.id, to, term: this.term, snapshot });
    return true;
  }

  #broadcastHeartbeat(): void {
    const { context } = this.#readOnly;
    for (const to of this.#members) {
      if (to === this.id) continue;
      // Not beyond what is known to match: a follower must not commit what it may not hold.
      const commit = Math.min(this.#progress.get(to)!.match, this.log.committed) as Index;
      this.#send({ type: 'MsgHeartbeat', from: this.id, to, term: this.term, commit, context });
    }
  }

  // ── Proposals ───────────────────────────────────────────────────────────────────────────────────

  propose(data: Uint8Array): 'accepted' | 'dropped' {
    return this.#propose([{ type: 'normal', data }], true);
  }

  /** All or none. */
  proposeAll(datas: readonly Uint8Array[]): 'accepted' | 'dropped' {
    const entries: MsgProp['entries'][number][] = [];
    for (const data of datas) entries.push({ type: 'normal', data });
    return this.#propose(entries, true);
  }

  proposeConfChange(change: ConfChange | ConfChangeV2): 'accepted' | 'dropped' {
    const data = isV2(change) ? encodeConfChangeV2(change) : encodeConfChange(change);
    return this.#propose([{ type: 'conf-change', data }], true);
  }

  /** Forwarded once at most: between two members that take each other for the leader nothing may circle. */
  #stepProp(message: MsgProp): void {
    this.#propose(message.entries, false);
  }

  #propose(entries: MsgProp['entries'], forward: boolean): 'accepted' | 'dropped' {
    if (this.role !== 'leader') {
      if (!forward || this.leader === noMember || this.#config.disableProposalForwarding === true)
        return 'dropped';
      this.#send({ type: 'MsgProp', from: this.id, to: this.leader, term: noTerm, entries });
      return 'accepted';
    }
    // A leader that was removed and goes on leading (`stepDownOnRemoval`) takes nothing new.
    if (this.#transferee !== noMember || !this.#progress.has(this.id)) return 'dropped';
    let changes = false;
    let bytes = 0;
    for (const entry of entries) {
      bytes += entry.data.length;
      if (entry.type === 'conf-change') changes = true;
    }
    if (changes && (entries.length > 1 || !this.#mayChange(entries[0]!.data))) return 'dropped';
    // One proposal always fits into an empty pipeline, however large it is.
    if (this.#uncommittedBytes > 0 && this.#uncommittedBytes + bytes > this.#config.uncommittedBytesMax) {
      return 'dropped';
    }
    this.#uncommittedBytes += bytes;
    this.#appendOwn(entries);
    if (changes) this.#pendingConfIndex = this.log.lastIndex;
    return 'accepted';
  }

  /** One change at a time; while the membership is joint, only the one that leaves it; and no leaving otherwise. */
  #mayChange(data: Uint8Array): boolean {
    if (this.#config.disableConfChangeValidation === true) return true;
    if (this.#pendingConfIndex > this.log.applied) return false;
    return (decodeConfChangeV2(data).changes.length === 0) === isJoint(this.#confState);
  }

  /** The synchronous driver writes before it applies; a thread of its own for each waits for the write's answer. */
  get #appliesUnstable(): boolean {
    return this.#config.asyncStorageWrites !== true;
  }

  get hasNextCommitted(): boolean {
    const room = this.#applyingBytes === 0 || this.#applyingBytes < this.#committedBytesMax;
    return room && this.log.hasNextCommitted(this.#appliesUnstable);
  }

  /** Committed entries to be applied, which count as handed out. */
  takeCommitted(): readonly Entry[] {
    if (!this.hasNextCommitted) return [];
    const room = Math.max(0, this.#committedBytesMax - this.#applyingBytes);
    const entries = this.log.nextCommitted(room, this.#appliesUnstable);
    const last = entries.at(-1);
    if (last === undefined) return entries;
    for (const entry of entries) this.#applyingBytes += entryBytes(entry);
    this.log.acceptApplying(last.index);
    return entries;
  }

  appliedEntries(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    let bytes = 0;
    for (const entry of entries) {
      bytes += entry.data.length;
      this.#applyingBytes -= entryBytes(entry);
    }
    // Entries of earlier leaders were never counted.
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - bytes);
    this.#appliedTo(last.index);
  }

  #appliedTo(index: Index): void {
    this.log.appliedTo(index);
    if (this.role !== 'leader' || this.#confState.autoLeave !== true || index < this.#pendingConfIndex)
      return;
    // Past all limits: a cluster must not stay joint because its leader is busy.
    this.#appendOwn([{ type: 'conf-change', data: encodeConfChangeV2(leaveJointChange) }]);
    this.#pendingConfIndex = this.log.lastIndex;
  }

  // ── Membership (thesis §4) ──────────────────────────────────────────────────────────────────────

  get confState(): ConfState {
    return this.#confState;
  }

  /**
   * The membership is always the one as of the applied index. So it changes here and not when the snapshot
   * arrives: the driver may then still be applying entries from before it. The new one may lack ourselves; an
   * entry behind the snapshot tells of our addition.
   */
  appliedSnapshot({ metadata }: Snapshot): void {
    this.log.stableSnapshotTo(metadata.index);
    this.#setMembers(metadata.confState);
    this.#appliedTo(metadata.index);
  }

  applyConfChange(change: ConfChange | ConfChangeV2 | 'nothing'): ConfState {
    if (change === 'nothing') return this.#confState;
    // Else this member replayed the log without its founders (see `bootstrapSnapshot`) and might elect itself.
    assert(this.#confState.voters.length > 0, 'a membership begins with a snapshot');
    this.#setMembers(applyToConfState(this.#confState, change));
    this.#spec({ name: 'ApplyConfChange', change, confState: this.#confState });
    this.#trace?.({ type: 'membership', id: this.id, confState: this.#confState });
    if (this.role !== 'leader') return this.#confState;
    if (!this.#voters.includes(this.id)) {
      if (this.#config.stepDownOnRemoval === false) return this.#confState;
      // The change is committed, so the others can elect one of theirs (thesis §4.2.2).
      this.#becomeFollower(this.term, noMember);
      return this.#confState;
    }
    if (!this.#voters.includes(this.#transferee)) this.#transferee = noMember;
    // A smaller majority may hold more; a new member is to be probed.
    this.#maybeCommit();
    this.#broadcastPending = true;
    return this.#confState;
  }

  #setMembers(confState: ConfState): void {
    this.#confState = confState;
    this.#votersOutgoing = confState.votersOutgoing ?? [];
    this.#voters = [...new Set([...confState.voters, ...this.#votersOutgoing])].toSorted(compareMembers);
    this.#members = [...this.#voters, ...confState.learners].toSorted(compareMembers);
    const progress = new Map<MemberId, Progress>();
    for (const member of this.#members) {
      progress.set(member, this.#progress.get(member) ?? this.#newProgress());
    }
    this.#progress = progress;
  }

  #newProgress(): Progress {
    const { inflightMessagesMax, inflightBytesMax } = this.#config;
    const next = (this.log.lastIndex + 1) as Index;
    const progress = new Progress(next, inflightMessagesMax, inflightBytesMax);
    // Innocent until the next CheckQuorum.
    progress.recentActive = true;
    return progress;
  }

  // ── Reads (thesis §6.4) ─────────────────────────────────────────────────────────────────────────

  readIndex(context: string): 'accepted' | 'dropped' {
    if (this.role === 'leader') return this.#leaderRead(context, this.id);
    if (this.leader === noMember) return 'dropped';
    this.#send({ type: 'MsgReadIndex', from: this.id, to: this.leader, term: noTerm, context });
    return 'accepted';
  }

  #leaderRead(context: string, from: MemberId): 'accepted' | 'dropped' {
    if (this.#earlyReads.length + this.#readOnly.pending >= readsPendingMax) return 'dropped';
    if (!this.log.matches(this.log.committed, this.term)) {
      // Its commit index may lag behind what an earlier leader has acknowledged.
      this.#earlyReads.push({ context, from });
      return 'accepted';
    }
    if (this.#config.readOnly === 'lease-based') this.#answerRead(context, from, this.log.committed);
    else this.#readOnly.add(context, from, this.log.committed);
    return 'accepted';
  }

  #releaseEarlyReads(): void {
    if (this.#earlyReads.length === 0) return;
    const reads = this.#earlyReads;
    this.#earlyReads = [];
    for (const { context, from } of reads) this.#leaderRead(context, from);
  }

  #beginReadRound(): void {
    if (!this.#readOnly.beginRound()) return;
    this.#heartbeatPending = true;
    // The only voter needs nobody else, and no answer will ever come to confirm the round.
    this.#confirmReads();
  }

  #confirmReads(): void {
    if (this.#readOnly.pending === 0) return;
    let confirmed = Math.min(this.#majorityRound(this.#confState.voters), this.#readOnly.round);
    if (this.#votersOutgoing.length > 0) {
      confirmed = Math.min(confirmed, this.#majorityRound(this.#votersOutgoing));
    }
    for (const { context, from, index } of this.#readOnly.confirm(confirmed)) {
      this.#answerRead(context, from, index);
    }
  }

  #answerRead(context: string, from: MemberId, index: Index): void {
    if (from === this.id) this.#readStates.push({ context, index });
    else this.#send({ type: 'MsgReadIndexResp', from: this.id, to: from, term: this.term, context, index });
  }

  #majorityRound(voters: readonly MemberId[]): number {
    const scratch = this.#scratch;
    scratch.length = voters.length;
    for (let i = 0; i < voters.length; i++) {
      const own = voters[i] === this.id;
      scratch[i] = own ? Number.MAX_SAFE_INTEGER : this.#progress.get(voters[i]!)!.readRound;
    }
    return majorityValue(scratch);
  }

  // ── Leadership transfer (thesis §3.10) ──────────────────────────────────────────────────────────

  transferLeader(transferee: MemberId): void {
    if (this.role === 'leader') this.#startTransfer(transferee);
    else if (this.leader !== noMember) {
      const { id: from, leader: to, term } = this;
      this.#send({ type: 'MsgTransferLeader', from, to, term, transferee });
    }
  }

  #startTransfer(transferee: MemberId): void {
    if (transferee === this.id || transferee === this.#transferee) return;
    if (!this.#voters.includes(transferee)) return;
    this.#transferee = transferee;
    this.#electionElapsed = 0;
    const progress = this.#progress.get(transferee)!;
    if (progress.match === this.log.lastIndex) this.#sendTimeoutNow(transferee);
    else this.#sendAppend(transferee, progress, true);
  }

  #sendTimeoutNow(to: MemberId): void {
    this.#send({ type: 'MsgTimeoutNow', from: this.id, to, term: this.term });
  }

  /**
   * A follower whose driver knows the leader to be gone: it grants votes at once, where CheckQuorum would have it
   * stick to the leader. Not with lease-based reads, which rest on that.
   */
  forgetLeader(): void {
    if (this.role !== 'follower' || this.#config.readOnly === 'lease-based') return;
    this.leader = noMember;
  }

  // ── The driver's reports ────────────────────────────────────────────────────────────────────────

  reportUnreachable(id: MemberId): void {
    const progress = this.#leaderProgress(id);
    // What was sent optimistically is probably lost.
    if (progress?.state === 'StateReplicate') progress.becomeProbe();
  }

  reportSnapshot(id: MemberId, ok: boolean): void {
    const progress = this.#leaderProgress(id);
    if (progress?.state !== 'StateSnapshot') return;
    if (ok) progress.becomeProbe();
    else progress.snapshotFailed();
    // Delivered: its answer comes. Failed: the next heartbeat's answer is early enough to try again.
    progress.paused = true;
  }

  #leaderProgress(id: MemberId): Progress | undefined {
    return this.role === 'leader' && id !== this.id ? this.#progress.get(id) : undefined;
  }

  // ── Output ──────────────────────────────────────────────────────────────────────────────────────

  get hasOutput(): boolean {
    return this.#messages.length > 0 || this.#messagesBeforeSync.length > 0 || this.#readStates.length > 0;
  }

  takeOutput(): { messages: Message[]; messagesBeforeSync: Message[]; readStates: ReadState[] } {
    const output = {
      messages: this.#messages,
      messagesBeforeSync: this.#messagesBeforeSync,
      readStates: this.#readStates,
    };
    this.#messages = [];
    this.#messagesBeforeSync = [];
    this.#readStates = [];
    return output;
  }

  #send(message: Message): void {
    if (this.#config.traceSpec !== undefined) this.#traceSend(message);
    if (this.#promisesNothing(message)) this.#messagesBeforeSync.push(message);
    else this.#messages.push(message);
  }

  /**
   * Whether the message rests on durable state alone. A leader's entries need not be durable to be sent, but
   * its term does: the only voter of its cluster leads before its term is written, and after a crash could
   * send other entries under the same term.
   */
  #promisesNothing(message: Message): boolean {
    switch (message.type) {
      case 'MsgApp':
      case 'MsgSnap':
      case 'MsgHeartbeat':
      case 'MsgTimeoutNow':
      case 'MsgReadIndexResp':
      case 'MsgHeartbeatResp':
        return this.durableTerm === this.term;
      case 'MsgAppResp':
        // A refusal, or an acknowledgement of what had been written before.
        if (this.durableTerm !== this.term) return false;
        if (message.reject) return true;
        return this.log.pendingSnapshot === undefined && message.index <= this.log.stableIndex;
      case 'MsgProp':
      case 'MsgReadIndex':
        return true;
      default:
        return false;
    }
  }

  get #trace(): ((event: TraceEvent) => void) | undefined {
    return this.#config.trace;
  }

  #spec(event: TracedEvent): void {
    const { traceSpec } = this.#config;
    if (traceSpec === undefined) return;
    const { id, role, term, vote, log } = this;
    const hardState = { term, vote, commit: log.committed };
    traceSpec({ id, role, hardState, lastIndex: log.lastIndex, confState: this.#confState }, event);
  }

  #traceSend(message: Message): void {
    const progress = message.type === 'MsgApp' ? this.#progress.get(message.to) : undefined;
    if (progress === undefined) this.#spec({ name: 'send', message });
    else this.#spec({ name: 'send', message, match: progress.match, next: progress.next });
  }

  #traceAppended(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type === 'normal') {
        this.#spec({ name: 'Replicate' });
        continue;
      }
      const change = decodeConfChangeV2(entry.data);
      const confState = applyToConfState(this.#confState, change);
      this.#spec({ name: 'ChangeConf', change, confState });
    }
  }

  /** A Ready was handed out. */
  traceReady(): void {
    if (this.#config.traceSpec !== undefined) this.#spec({ name: 'Ready' });
  }

  #traceRole(): void {
    this.#trace?.({ type: 'role', id: this.id, role: this.role, term: this.term, leader: this.leader });
  }

  status(): Status {
    const { learners } = this.#confState;
    const progress = this.role === 'leader' ? this.#members : [];
    return {
      id: this.id,
      role: this.role,
      term: this.term,
      vote: this.vote,
      leader: this.leader,
      commit: this.log.committed,
      applied: this.log.applied,
      lastIndex: this.log.lastIndex,
      confState: this.#confState,
      progress: progress.map((id) => {
        const { match, next, state, paused, recentActive } = this.#progress.get(id)!;
        return { id, learner: learners.includes(id), match, next, state, paused, recentActive };
      }),
    };
  }

  checkInvariants(): void {
    const { committed, applied, lastIndex, firstIndex } = this.log;
    assert(applied <= committed, () => `applied ${applied} > committed ${committed}`);
    assert(committed <= lastIndex, () => `committed ${committed} > last ${lastIndex}`);
    assert(firstIndex <= lastIndex + 1, () => `first ${firstIndex} > last ${lastIndex} + 1`);
    assert(this.log.lastTerm <= this.term, () => `log has term ${this.log.lastTerm}, member ${this.term}`);
    assert(this.durableTerm <= this.term, () => `durable term ${this.durableTerm} > term ${this.term}`);
    assert(this.#uncommittedBytes >= 0, 'uncommitted bytes below zero');
    switch (this.role) {
      case 'leader':
        return this.#checkLeaderInvariants();
      case 'candidate':
        assert(this.vote === this.id, 'a candidate votes for itself');
        assert(this.leader === noMember, 'a candidate knows no leader');
        return;
      case 'pre-candidate':
        assert(this.leader === noMember, 'a pre-candidate knows no leader');
        return;
      case 'follower':
        assert(this.leader !== this.id, 'a follower does not lead');
        return;
      default:
        unreachable(this.role);
    }
  }

  #checkLeaderInvariants(): void {
    const { lastIndex, stableIndex } = this.log;
    assert(this.leader === this.id, 'a leader knows itself');
    assert(this.vote === this.id, 'a leader voted for itself');
    assert(this.log.lastTerm === this.term, 'a leader has an entry of its own term');
    for (const member of this.#members) {
      const { match, next, inflights } = this.#progress.get(member)!;
      assert(match < next, () => `${member}: match ${match} ≥ next ${next}`);
      assert(match <= lastIndex, () => `${member}: match ${match} > last ${lastIndex}`);
      assert(inflights.count <= this.#config.inflightMessagesMax, () => `${member}: too many inflight`);
    }
    const own = this.#progress.get(this.id);
    assert(own === undefined || own.match <= stableIndex, 'a leader counts only what it made durable');
  }
}
