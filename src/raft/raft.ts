import { assert, unreachable } from '../base/assert.ts';
import { Applying } from './applying.ts';
import { applyToConfState, encodeConfChange, encodeConfChangeV2, isV2 } from './conf-change.ts';
import { checkConfig } from './config.ts';
import type { Config } from './config.ts';
import {
  answerVoteRequest,
  answersCampaign,
  commitByRefusal,
  hasUnappliedConfChange,
  isPromotable,
  refusePreVote,
  requestVotes,
  traceOwnVote,
} from './election.ts';
import type { Campaign } from './election.ts';
import { answerStaleLeader, handleAppend, handleHeartbeat, handleSnapshot } from './follower.ts';
import { Leader } from './leader.ts';
import { Membership } from './membership.ts';
import type {
  LocalResponse,
  Message,
  MsgApp,
  MsgHeartbeat,
  MsgPreVoteResp,
  MsgProp,
  MsgSnap,
  MsgVoteResp,
} from './messages.ts';
import { RaftState } from './raft-state.ts';
import type { Status } from './status.ts';
import { noMember } from './types.ts';
import type { ConfChange, ConfChangeV2, ConfState, Entry, MemberId, Snapshot, Term } from './types.ts';

const noTerm = 0 as Term;

/**
 * The Raft state machine of one member: roles and terms, and who handles which message and tick. RawNode is the door
 * to it and states the invariants. What every role has is in RaftState, what a leader does in Leader, what followers
 * do in follower.ts, and voting in election.ts. Names follow the paper and etcd.
 */
export class Raft {
  readonly state: RaftState;
  readonly applying: Applying;
  readonly #config: Config;
  /** While this member leads. */
  #leading: Leader | undefined;
  /** A candidate's, or a pre-candidate's. */
  readonly #votes = new Map<MemberId, boolean>();

  constructor(config: Config) {
    checkConfig(config);
    this.#config = config;
    this.state = new RaftState(config);
    this.applying = new Applying(this.state.log, config);
    this.#reset(this.state.term);
    this.state.spec({ name: 'InitState' });
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────

  tick(): void {
    if (this.#leading === undefined) this.#tickElection();
    else if (!this.#leading.tick()) {
      const { id, term, trace } = this.state;
      trace?.({ type: 'quorum-lost', id, term });
      this.#becomeFollower(term, noMember);
    }
  }

  #tickElection(): void {
    const { state } = this;
    state.electionElapsed++;
    if (state.electionElapsed < state.randomizedElectionTicks || !isPromotable(state)) return;
    state.electionElapsed = 0;
    this.campaign();
  }

  // ── Roles (figure 4) ────────────────────────────────────────────────────────────────────────────

  campaign(): void {
    this.#hup(this.#config.preVote ? 'pre-election' : 'election');
  }

  #hup(kind: Campaign): void {
    const { state } = this;
    if (state.role === 'leader' || !isPromotable(state) || hasUnappliedConfChange(state)) return;
    this.#campaign(kind);
  }

  #campaign(kind: Campaign): void {
    if (kind === 'pre-election') this.#becomePreCandidate();
    else this.#becomeCandidate();
    // Its own vote is durable before anyone can answer: requests leave after the write.
    this.#votes.set(this.state.id, true);
    if (!this.#countVotes()) requestVotes(this.state, kind);
  }

  /** Acts on the tally. True when the campaign is over. */
  #countVotes(): boolean {
    const { membership, role, term } = this.state;
    const result = membership.voteResult(this.#votes);
    if (result === 'pending') return false;
    if (result === 'lost') this.#becomeFollower(term, noMember);
    else if (role === 'pre-candidate') this.#campaign('election');
    else {
      traceOwnVote(this.state, 'receive');
      this.#becomeLeader();
    }
    return true;
  }

  #becomeFollower(term: Term, leader: MemberId): void {
    const { role, term: oldTerm } = this.state;
    this.#reset(term);
    this.state.role = 'follower';
    this.state.leader = leader;
    this.state.traceRole();
    // Finding the leader of its term changes nothing that the specification knows.
    const wasFollower = role === 'follower' || role === 'pre-candidate';
    if (!wasFollower || term !== oldTerm) this.state.spec({ name: 'BecomeFollower' });
  }

  /** Changes neither term nor vote (thesis §9.6). */
  #becomePreCandidate(): void {
    const { role } = this.state;
    assert(role !== 'leader', 'a leader does not campaign');
    this.state.role = 'pre-candidate';
    this.state.leader = noMember;
    this.#votes.clear();
    this.state.traceRole();
    if (role === 'candidate') this.state.spec({ name: 'BecomeFollower' });
  }

  #becomeCandidate(): void {
    assert(this.state.role !== 'leader', 'a leader does not campaign');
    this.#reset((this.state.term + 1) as Term);
    this.state.role = 'candidate';
    this.state.vote = this.state.id;
    this.state.traceRole();
    this.state.spec({ name: 'BecomeCandidate' });
  }

  #becomeLeader(): void {
    assert(this.state.role === 'candidate', 'only a candidate becomes leader');
    this.#reset(this.state.term);
    this.state.role = 'leader';
    this.state.leader = this.state.id;
    this.state.traceRole();
    this.state.spec({ name: 'BecomeLeader' });
    this.#leading = new Leader(this.state);
  }

  #reset(term: Term): void {
    this.state.reset(term);
    this.#votes.clear();
    this.#leading = undefined;
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────────

  step(message: Message | LocalResponse): void {
    const { id, term } = this.state;
    if (message.type === 'MsgStorageAppendResp' || message.type === 'MsgStorageApplyResp') {
      assert(message.to === id, 'the answer of a thread of another member');
      return this.#stepLocal(message);
    }
    if (message.to !== id || message.from === id) return;
    if (this.#config.traceSpec !== undefined) this.state.spec({ name: 'receive', message });
    // Forwarded once at most: between two members that take each other for the leader nothing may circle.
    if (message.type === 'MsgProp') this.#leading?.propose(message.entries);
    else if (message.type === 'MsgReadIndex') this.#leading?.read(message.context, message.from);
    else if (message.term < term) this.#stepLowerTerm(message);
    else if (message.term === term || this.#stepHigherTerm(message)) this.#stepCurrentTerm(message);
  }

  #stepLocal(message: LocalResponse): void {
    if (message.type === 'MsgStorageApplyResp') return this.appliedEntries(message.entries);
    const { state } = this;
    if (message.term > state.durableTerm) state.durableTerm = message.term;
    if (message.snapshot !== undefined) this.appliedSnapshot(message.snapshot);
    // Of an earlier term: what it wrote may have been replaced by something else and then by its like (ABA). The
    // write that made this term durable came later, and its answer covers all of it.
    if (message.index === 0 || message.term < state.term) return;
    state.log.stableTo(message.index, message.logTerm);
    this.ackStable();
  }

  /** Whether the message is to be handled; if so, `term` has caught up where it has to. */
  #stepHigherTerm(message: Message): boolean {
    const { hearsLeader } = this.state;
    switch (message.type) {
      case 'MsgPreVote':
        // Asking does not raise the term. Who hears its leader says nothing (thesis §9.6, §4.2.3).
        return !hearsLeader;
      case 'MsgVote':
        if (this.#config.checkQuorum && hearsLeader && !message.transfer) return false;
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

  #stepLowerTerm(message: Message): void {
    if (message.type === 'MsgPreVote') refusePreVote(this.state, message);
    // A leader behind us would never be heard while others stick to it, nor could we campaign.
    else if (message.type === 'MsgApp' || message.type === 'MsgHeartbeat') {
      answerStaleLeader(this.state, message.from);
    }
  }

  #stepCurrentTerm(message: Message): void {
    switch (message.type) {
      case 'MsgVote':
      case 'MsgPreVote':
        return answerVoteRequest(this.state, message);
      case 'MsgVoteResp':
      case 'MsgPreVoteResp':
        return this.#handleVoteResp(message);
      case 'MsgApp':
        this.#follow(message);
        return handleAppend(this.state, message);
      case 'MsgHeartbeat':
        this.#follow(message);
        return handleHeartbeat(this.state, message);
      case 'MsgSnap':
        this.#follow(message);
        return handleSnapshot(this.state, message);
      // Answers to a leader that stepped down mean nothing any more.
      case 'MsgAppResp':
        return this.#leading?.handleAppResp(message);
      case 'MsgHeartbeatResp':
        return this.#leading?.handleHeartbeatResp(message);
      case 'MsgReadIndexResp':
        return this.state.outbox.addReadState({ context: message.context, index: message.index });
      case 'MsgTransferLeader':
        return this.#leading?.transferTo(message.transferee);
      case 'MsgTimeoutNow':
        if (this.state.role === 'follower') this.#hup('transfer');
        return;
      case 'MsgProp':
      case 'MsgReadIndex':
        return assert(false, 'handled before terms are compared');
      default:
        unreachable(message);
    }
  }

  #handleVoteResp(message: MsgVoteResp | MsgPreVoteResp): void {
    const { state } = this;
    if (!answersCampaign(state, message)) return;
    if (message.reject && commitByRefusal(state, message)) {
      this.#becomeFollower(state.term, noMember);
      return;
    }
    if (!this.#votes.has(message.from)) this.#votes.set(message.from, !message.reject);
    this.#countVotes();
  }

  /** Its sender leads this term. */
  #follow({ from }: MsgApp | MsgHeartbeat | MsgSnap): void {
    const { id, role, term, leader } = this.state;
    assert(role !== 'leader', () => `two leaders in term ${term}: ${id} and ${from}`);
    if (role !== 'follower' || leader !== from) this.#becomeFollower(term, from);
    this.state.electionElapsed = 0;
  }

  // ── Requests ────────────────────────────────────────────────────────────────────────────────────

  propose(data: Uint8Array): 'accepted' | 'dropped' {
    return this.#propose([{ type: 'normal', data }]);
  }

  /** All or none. */
  proposeAll(datas: readonly Uint8Array[]): 'accepted' | 'dropped' {
    const entries: MsgProp['entries'][number][] = [];
    for (const data of datas) entries.push({ type: 'normal', data });
    return this.#propose(entries);
  }

  proposeConfChange(change: ConfChange | ConfChangeV2): 'accepted' | 'dropped' {
    const data = isV2(change) ? encodeConfChangeV2(change) : encodeConfChange(change);
    return this.#propose([{ type: 'conf-change', data }]);
  }

  #propose(entries: MsgProp['entries']): 'accepted' | 'dropped' {
    if (this.#leading !== undefined) return this.#leading.propose(entries);
    const { id: from, leader: to } = this.state;
    if (to === noMember || this.#config.disableProposalForwarding === true) return 'dropped';
    this.state.send({ type: 'MsgProp', from, to, term: noTerm, entries });
    return 'accepted';
  }

  readIndex(context: string): 'accepted' | 'dropped' {
    const { id: from, leader: to } = this.state;
    if (this.#leading !== undefined) return this.#leading.read(context, from);
    if (to === noMember) return 'dropped';
    this.state.send({ type: 'MsgReadIndex', from, to, term: noTerm, context });
    return 'accepted';
  }

  transferLeader(transferee: MemberId): void {
    const { id: from, leader: to, term } = this.state;
    if (this.#leading !== undefined) this.#leading.transferTo(transferee);
    else if (to !== noMember) this.state.send({ type: 'MsgTransferLeader', from, to, term, transferee });
  }

  /**
   * A follower whose driver knows the leader to be gone: it grants votes at once, where CheckQuorum would have it
   * stick to the leader. Not with lease-based reads, which rest on that.
   */
  forgetLeader(): void {
    if (this.state.role !== 'follower' || this.#config.readOnly === 'lease-based') return;
    this.state.leader = noMember;
  }

  // ── The driver's reports ────────────────────────────────────────────────────────────────────────

  appliedEntries(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    this.applying.release(entries);
    this.state.log.appliedTo(last.index);
    this.#leading?.applied(entries);
  }

  /**
   * The membership is always the one as of the applied index. So it changes here and not when the snapshot
   * arrives: the driver may then still be applying entries from before it. The new one may lack ourselves; an
   * entry behind the snapshot tells of our addition.
   */
  appliedSnapshot({ metadata }: Snapshot): void {
    assert(this.#leading === undefined, 'nobody campaigns before its snapshot is applied');
    this.state.log.stableSnapshotTo(metadata.index);
    this.state.spec({ name: 'ApplyConfChange', confState: metadata.confState });
    this.state.membership = new Membership(metadata.confState);
    this.state.log.appliedTo(metadata.index);
  }

  applyConfChange(change: ConfChange | ConfChangeV2 | 'nothing'): ConfState {
    const { state } = this;
    if (change === 'nothing') return state.confState;
    // Else this member replayed the log without its founders (see `bootstrapSnapshot`) and might elect itself.
    assert(state.confState.voters.length > 0, 'a membership begins with a snapshot');
    const confState = applyToConfState(state.confState, change);
    state.spec({ name: 'ApplyConfChange', confState });
    state.membership = new Membership(confState);
    state.trace?.({ type: 'membership', id: state.id, confState });
    if (this.#leading === undefined) return confState;
    // The change is committed, so the others can elect one of theirs (thesis §4.2.2).
    if (!state.isVoter && this.#config.stepDownOnRemoval !== false) {
      this.#becomeFollower(state.term, noMember);
    } else {
      this.#leading.followMembership();
    }
    return confState;
  }

  ackStable(): void {
    this.#leading?.ackStable();
  }

  reportUnreachable(member: MemberId): void {
    this.#leading?.reportUnreachable(member);
  }

  reportSnapshot(member: MemberId, ok: boolean): void {
    this.#leading?.reportSnapshot(member, ok);
  }

  // ── What RawNode asks ───────────────────────────────────────────────────────────────────────────

  /** A leader's broadcasts join what the next Ready hands out. */
  flush(): void {
    this.#leading?.flush();
  }

  status(): Status {
    const { id, role, term, vote, leader, log, confState } = this.state;
    return {
      id,
      role,
      term,
      vote,
      leader,
      commit: log.committed,
      applied: log.applied,
      lastIndex: log.lastIndex,
      confState,
      progress: this.#leading?.status() ?? [],
    };
  }

  checkInvariants(): void {
    const { id, role, term, vote, leader, durableTerm, log } = this.state;
    const { committed, applied, lastIndex, firstIndex } = log;
    assert(applied <= committed, () => `applied ${applied} > committed ${committed}`);
    assert(committed <= lastIndex, () => `committed ${committed} > last ${lastIndex}`);
    assert(firstIndex <= lastIndex + 1, () => `first ${firstIndex} > last ${lastIndex} + 1`);
    assert(log.lastTerm <= term, () => `log has term ${log.lastTerm}, member ${term}`);
    assert(durableTerm <= term, () => `durable term ${durableTerm} > term ${term}`);
    assert((this.#leading !== undefined) === (role === 'leader'), "who leads has a leader's state");
    switch (role) {
      case 'leader':
        return this.#leading?.checkInvariants();
      case 'candidate':
        assert(vote === id, 'a candidate votes for itself');
        assert(leader === noMember, 'a candidate knows no leader');
        return;
      case 'pre-candidate':
        assert(leader === noMember, 'a pre-candidate knows no leader');
        return;
      case 'follower':
        assert(leader !== id, 'a follower does not lead');
        return;
      default:
        unreachable(role);
    }
  }
}
