import { assert } from '../base/assert.ts';
import type { Config } from './config.ts';
import type {
  LocalResponse,
  Message,
  MsgStorageAppend,
  MsgStorageAppendResp,
  MsgStorageApply,
} from './messages.ts';
import { Raft } from './raft.ts';
import type { RaftState } from './raft-state.ts';
import type { Ready, SoftState } from './ready.ts';
import type { Status } from './status.ts';
import type {
  ConfChange,
  ConfChangeV2,
  ConfState,
  Entry,
  HardState,
  Index,
  MemberId,
  Role,
  Term,
} from './types.ts';

/** A value while it is being made. */
type Draft<T> = { -readonly [key in keyof T]: T[key] };

/**
 * raft/: consensus on a log (Ongaro and Ousterhout; Ongaro's thesis), in etcd's words. RawNode is its door.
 *
 * Boundary: a pure, synchronous state machine. Messages and ticks go in, a Ready comes out; the driver writes,
 * sends and applies. No I/O, no clock, no randomness of its own, no promise. Any message may be lost, doubled,
 * late or out of order.
 *
 * Per Ready the driver has four duties, in this order:
 *   1. make `snapshot`, `entries` and `hardState` durable, in one write, and let Storage show them
 *      (`messagesBeforeSync` may leave meanwhile);
 *   2. send `messages`;
 *   3. apply `snapshot`, then `committedEntries` (calling `applyConfChange` for conf-change entries), and serve
 *      each of `readStates` once its index is applied;
 *   4. call `advance()`. Until then there is no other Ready, but step, tick and propose go on.
 * With `asyncStorageWrites` duties 1 to 3 belong to two queues that answer by messages, and 4 falls away (`Ready`).
 *
 * Invariants
 *   R1  Election safety: at most one leader per term (§5.2). Term and vote are durable before they are told.
 *   R2  Log matching: same index and term, same prefix (§5.3). Only a conflict truncates, never below commit.
 *   R3  Leader completeness: a leader holds all committed entries (§5.4). Commit counts only its own term.
 *   R4  Nobody acknowledges what is not durable: followers' answers leave after the write, and the leader's own
 *       copy counts after `advance`.
 *   R5  applied ≤ committed ≤ lastIndex; per member 0 ≤ match < next. Term and commit never decrease.
 *   R6  A read index is given only after a majority confirmed, later than the request, that this is the leader,
 *       and after it committed in its own term (thesis §6.4).
 *   R7  One membership change at a time, none before the leader's first own commit is applied (thesis §4.1).
 *   R8  What was handed out is never mutated.
 *
 * At most once is not promised: a forwarded proposal may be lost or, when the network doubles it, appended
 * twice. Proposals need an identity that the state machine knows; reads need a fresh context each.
 */
export class RawNode {
  readonly #raft: Raft;
  readonly #state: RaftState;
  readonly #async: boolean;
  #outstanding: Ready | undefined;
  #softState: SoftState;
  #hardState: HardState;

  constructor(config: Config) {
    this.#hardState = config.storage.initialState().hardState;
    this.#raft = new Raft(config);
    this.#state = this.#raft.state;
    this.#async = config.asyncStorageWrites === true;
    this.#softState = { leader: this.#state.leader, role: this.#state.role };
  }

  /** One unit of logical time. */
  tick(): void {
    this.#raft.tick();
  }

  /** Stands for election now (after a pre-vote when so configured), if it is a voter. */
  campaign(): void {
    this.#raft.campaign();
  }

  /**
   * Puts `data` on its way into the log; committing shows in a later Ready, perhaps never. `dropped`: no leader
   * is known, leadership is being transferred, or too much is uncommitted. Try again later.
   */
  propose(data: Uint8Array): 'accepted' | 'dropped' {
    return this.#raft.propose(data);
  }

  /** As `propose`, for many at once, which are accepted or dropped together. */
  proposeAll(datas: readonly Uint8Array[]): 'accepted' | 'dropped' {
    return this.#raft.proposeAll(datas);
  }

  /** As `propose`; also `dropped` while another change is in flight (a leader forwarded to drops silently). */
  proposeConfChange(change: ConfChange | ConfChangeV2): 'accepted' | 'dropped' {
    return this.#raft.proposeConfChange(change);
  }

  /** The driver applied a conf-change entry, or refused to (`nothing`). Returns the membership from here on. */
  applyConfChange(change: ConfChange | ConfChangeV2 | 'nothing'): ConfState {
    return this.#raft.applyConfChange(change);
  }

  /** A message from another member, or the answer of an own thread. What is stale, misaddressed or from a removed member has no effect. */
  step(message: Message | LocalResponse): void {
    this.#raft.step(message);
  }

  /**
   * Asks for the index at which a linearizable read may be served; it comes as a ReadState. An accepted request
   * may get none (the leader changed, a message was lost): try again with a new context.
   */
  readIndex(context: string): 'accepted' | 'dropped' {
    return this.#raft.readIndex(context);
  }

  /** Whether `ready` would hand out anything. False while a Ready is outstanding. */
  hasReady(): boolean {
    if (this.#outstanding !== undefined) return false;
    this.#raft.flush();
    return (
      !this.#state.outbox.isEmpty ||
      this.#state.log.hasNextUnstable ||
      this.#raft.applying.hasNext ||
      this.#hardStateChanged() ||
      this.#softStateChanged()
    );
  }

  /** Everything to be done now. @throws AssertionError while another Ready is outstanding */
  ready(): Ready {
    assert(this.#outstanding === undefined, 'advance() before the next ready()');
    this.#raft.flush();
    const { term, vote, log } = this.#state;
    const entries = log.nextUnstableEntries();
    const snapshot = log.nextUnstableSnapshot();
    log.acceptUnstable();
    const hardStateChanged = this.#hardStateChanged();
    const mustSync =
      entries.length > 0 ||
      snapshot !== undefined ||
      term !== this.#hardState.term ||
      vote !== this.#hardState.vote;
    const softStateChanged = this.#softStateChanged();
    if (hardStateChanged) this.#hardState = { term, vote, commit: log.committed };
    if (softStateChanged) this.#softState = { leader: this.#state.leader, role: this.#state.role };
    const committedEntries = this.#raft.applying.take();
    const output = this.#state.outbox.take();
    if (this.#state.config.traceSpec !== undefined) this.#state.spec({ name: 'Ready' });
    const ready: Draft<Ready> = {
      entries,
      committedEntries,
      readStates: output.readStates,
      messagesBeforeSync: output.messagesBeforeSync,
      messages: this.#async ? [] : output.messages,
      mustSync,
    };
    // Assigned, not spread: spreads of what may be absent were half the cost of a commit.
    if (softStateChanged) ready.softState = this.#softState;
    if (hardStateChanged) ready.hardState = this.#hardState;
    if (snapshot !== undefined) ready.snapshot = snapshot;
    if (!this.#async) {
      this.#outstanding = ready;
      return ready;
    }
    const append = this.#append(ready, output.messages);
    if (append !== undefined) ready.append = append;
    if (committedEntries.length > 0) ready.apply = this.#apply(committedEntries);
    return ready;
  }

  #append(
    { entries, hardState, snapshot, mustSync }: Ready,
    messages: Message[],
  ): MsgStorageAppend | undefined {
    if (entries.length === 0 && hardState === undefined && snapshot === undefined && messages.length === 0) {
      return undefined;
    }
    const { id, term, durableTerm, log } = this.#state;
    const responses: MsgStorageAppend['responses'][number][] = messages;
    if (entries.length > 0 || snapshot !== undefined || term !== durableTerm) {
      // All that is being written, not this part alone: an answer lost to a change of term is made up for.
      const index = log.hasUnstableEntries ? log.lastIndex : (0 as Index);
      const logTerm = log.hasUnstableEntries ? log.lastTerm : (0 as Term);
      const type = 'MsgStorageAppendResp';
      const answer: Draft<MsgStorageAppendResp> = { type, from: 'append', to: id, term, index, logTerm };
      if (snapshot !== undefined) answer.snapshot = snapshot;
      responses.push(answer);
    }
    const type = 'MsgStorageAppend';
    const append: Draft<MsgStorageAppend> = {
      type,
      from: id,
      to: 'append',
      term,
      entries,
      mustSync,
      responses,
    };
    if (hardState !== undefined) append.hardState = hardState;
    if (snapshot !== undefined) append.snapshot = snapshot;
    return append;
  }

  #apply(entries: readonly Entry[]): MsgStorageApply {
    const { id } = this.#state;
    const response = { type: 'MsgStorageApplyResp', from: 'apply', to: id, entries } as const;
    return { type: 'MsgStorageApply', from: id, to: 'apply', entries, responses: [response] };
  }

  /** The last Ready is durable, in Storage, and applied. @throws AssertionError if there is none */
  advance(): void {
    const ready = this.#outstanding;
    assert(ready !== undefined, 'advance() without ready()');
    this.#outstanding = undefined;
    const raft = this.#raft;
    if (ready.hardState !== undefined) this.#state.durableTerm = ready.hardState.term;
    if (ready.snapshot !== undefined) raft.appliedSnapshot(ready.snapshot);
    const last = ready.entries.at(-1);
    if (last !== undefined) this.#state.log.stableTo(last.index, last.term);
    raft.appliedEntries(ready.committedEntries);
    raft.ackStable();
  }

  /** Lets this follower vote for another at once, for its leader is known to be gone. */
  forgetLeader(): void {
    this.#raft.forgetLeader();
  }

  /** Hands leadership to a voter; forgotten if it does not succeed within an election timeout. */
  transferLeader(to: MemberId): void {
    this.#raft.transferLeader(to);
  }

  /** The last messages to this member were not delivered. */
  reportUnreachable(id: MemberId): void {
    this.#raft.reportUnreachable(id);
  }

  /** Whether a MsgSnap reached this member. Without a report it counts as lost after ten election timeouts. */
  reportSnapshot(id: MemberId, ok: boolean): void {
    this.#raft.reportSnapshot(id, ok);
  }

  /** The current term: what most callers want of `status`, without building one. */
  get term(): Term {
    return this.#state.term;
  }

  get role(): Role {
    return this.#state.role;
  }

  /** The leader of the current term as far as this member knows, or noMember. */
  get leader(): MemberId {
    return this.#state.leader;
  }

  status(): Status {
    return this.#raft.status();
  }

  /** Checks R1–R7 as far as one member can see; costs O(members). @throws AssertionError */
  checkInvariants(): void {
    this.#raft.checkInvariants();
    assert(this.#state.term >= this.#hardState.term, 'the term went back');
    assert(this.#state.log.committed >= this.#hardState.commit, 'the commit index went back');
  }

  #hardStateChanged(): boolean {
    const { term, vote, log } = this.#state;
    const { term: oldTerm, vote: oldVote, commit } = this.#hardState;
    return term !== oldTerm || vote !== oldVote || log.committed !== commit;
  }

  #softStateChanged(): boolean {
    return this.#state.leader !== this.#softState.leader || this.#state.role !== this.#softState.role;
  }
}
