import { assert } from '../base/assert.ts';
import type { Config } from './config.ts';
import { RaftLog } from './log.ts';
import { Membership } from './membership.ts';
import type { Message } from './messages.ts';
import { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import type { TracedEvent } from './trace-lines.ts';
import type { TraceEvent } from './trace.ts';
import { noMember } from './types.ts';
import type { ConfState, MemberId, Role, Term } from './types.ts';

/**
 * What a member is in every role (figure 2, "State"), and its way out for messages. Only Raft changes the role and
 * the membership; what exists in one role alone is elsewhere.
 */
export class RaftState {
  readonly id: MemberId;
  readonly config: Config;
  readonly log: RaftLog;
  readonly outbox = new Outbox();

  term: Term;
  vote: MemberId;
  role: Role = 'follower';
  leader: MemberId = noMember;
  /** The term last known durable. What a leader says before its disk write must rest on durable state. */
  durableTerm: Term;
  /** As of the applied index. */
  membership: Membership;

  /** Ticks since the leader was heard from; a leader's since its last CheckQuorum. */
  electionElapsed = 0;
  randomizedElectionTicks = 0;

  constructor(config: Config) {
    const { hardState, confState } = config.storage.initialState();
    this.id = config.id;
    this.config = config;
    this.log = new RaftLog(config.storage, hardState.commit, config.applied);
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.durableTerm = hardState.term;
    this.membership = new Membership(confState);
  }

  get confState(): ConfState {
    return this.membership.confState;
  }

  get isVoter(): boolean {
    return this.membership.hasVoter(this.id);
  }

  /** Leader stickiness: a leader was heard from within the minimum election timeout. */
  get hearsLeader(): boolean {
    return this.leader !== noMember && this.electionElapsed < this.config.electionTicks;
  }

  /** A role begins, perhaps in a new term, which has no vote yet. */
  reset(term: Term): void {
    if (term !== this.term) {
      assert(term > this.term, () => `term would go back from ${this.term} to ${term}`);
      this.term = term;
      this.vote = noMember;
    }
    this.leader = noMember;
    this.electionElapsed = 0;
    const { electionTicks, randomInteger } = this.config;
    this.randomizedElectionTicks = electionTicks + randomInteger(electionTicks);
  }

  /** `progress`: of the member that a MsgApp goes to, for the trace. */
  send(message: Message, progress?: Progress): void {
    if (this.config.traceSpec !== undefined) this.spec({ name: 'send', message, progress });
    this.outbox.add(message, this.#promisesNothing(message));
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

  get trace(): ((event: TraceEvent) => void) | undefined {
    return this.config.trace;
  }

  traceRole(): void {
    this.trace?.({ type: 'role', id: this.id, role: this.role, term: this.term, leader: this.leader });
  }

  /** Tells an event of the TLA+ specification. Where it is hot, ask for `config.traceSpec` before making one. */
  spec(event: TracedEvent): void {
    const { traceSpec } = this.config;
    if (traceSpec === undefined) return;
    const { id, role, term, vote, log, confState } = this;
    const hardState = { term, vote, commit: log.committed };
    traceSpec({ id, role, hardState, lastIndex: log.lastIndex, confState }, event);
  }
}
