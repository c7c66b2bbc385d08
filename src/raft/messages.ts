import type { Entry, HardState, Index, MemberId, Snapshot, Term } from './types.ts';

/**
 * Raft's messages under etcd's names. What a member tells itself (MsgHup, MsgBeat, MsgCheckQuorum, …) are
 * method calls here, not messages; everything below travels between members.
 *
 * `term` is the sender's term, except: MsgPreVote carries the term it would campaign in; forwarded
 * MsgProp and MsgReadIndex carry 0, "not a Raft message of any term".
 */
export type Message =
  | MsgProp
  | MsgApp
  | MsgAppResp
  | MsgVote
  | MsgVoteResp
  | MsgPreVote
  | MsgPreVoteResp
  | MsgSnap
  | MsgHeartbeat
  | MsgHeartbeatResp
  | MsgReadIndex
  | MsgReadIndexResp
  | MsgTransferLeader
  | MsgTimeoutNow;

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: Term;
}

/** A follower forwards proposals to its leader. */
export interface MsgProp extends Envelope {
  readonly type: 'MsgProp';
  readonly entries: readonly Pick<Entry, 'type' | 'data'>[];
}

/** AppendEntries (Raft §5.3). `index`, `logTerm`: the entry just before `entries`. */
export interface MsgApp extends Envelope {
  readonly type: 'MsgApp';
  readonly index: Index;
  readonly logTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: Index;
}

/**
 * Accepted: `index` is the last index known to match. Rejected: `index` is the rejected one, and
 * `rejectHint`, `logTerm` say where the follower's log may still match (fast back-up, §5.3).
 */
export interface MsgAppResp extends Envelope {
  readonly type: 'MsgAppResp';
  readonly index: Index;
  readonly reject: boolean;
  readonly rejectHint: Index;
  readonly logTerm: Term;
}

/** RequestVote (§5.2). `index`, `logTerm`: the candidate's last entry. */
export interface MsgVote extends Envelope {
  readonly type: 'MsgVote';
  readonly index: Index;
  readonly logTerm: Term;
  /** The campaign is a leadership transfer: leader stickiness does not apply (thesis §3.10). */
  readonly transfer: boolean;
}

/**
 * `commit`, `commitTerm`: the voter's last committed entry. A candidate that has it too commits it, and so may
 * learn of a membership change whose leader is gone.
 */
export interface MsgVoteResp extends Envelope {
  readonly type: 'MsgVoteResp';
  readonly reject: boolean;
  readonly commit: Index;
  readonly commitTerm: Term;
}

/** Thesis §9.6: asks whether a vote would be granted, without raising anyone's term. */
export interface MsgPreVote extends Envelope {
  readonly type: 'MsgPreVote';
  readonly index: Index;
  readonly logTerm: Term;
}

export interface MsgPreVoteResp extends Envelope {
  readonly type: 'MsgPreVoteResp';
  readonly reject: boolean;
  readonly commit: Index;
  readonly commitTerm: Term;
}

/** InstallSnapshot (§7), whole. */
export interface MsgSnap extends Envelope {
  readonly type: 'MsgSnap';
  readonly snapshot: Snapshot;
}

/** `context` names the round of reads that an answer confirms (§6.4 of the thesis); '' for none. */
export interface MsgHeartbeat extends Envelope {
  readonly type: 'MsgHeartbeat';
  readonly commit: Index;
  readonly context: string;
}

export interface MsgHeartbeatResp extends Envelope {
  readonly type: 'MsgHeartbeatResp';
  readonly context: string;
}

export interface MsgReadIndex extends Envelope {
  readonly type: 'MsgReadIndex';
  readonly context: string;
}

export interface MsgReadIndexResp extends Envelope {
  readonly type: 'MsgReadIndexResp';
  readonly context: string;
  readonly index: Index;
}

/** Asks the leader to hand over to `transferee`. */
export interface MsgTransferLeader extends Envelope {
  readonly type: 'MsgTransferLeader';
  readonly transferee: MemberId;
}

export interface MsgTimeoutNow extends Envelope {
  readonly type: 'MsgTimeoutNow';
}

/**
 * With `asyncStorageWrites`: to the thread that writes the log. It takes them in order, makes `snapshot`, `entries`
 * and `hardState` durable in one write (fsync when `mustSync`), shows them in Storage, installs the snapshot in the
 * state machine, and only then delivers `responses`: those to this member by `step`, the others to their members.
 */
export interface MsgStorageAppend {
  readonly type: 'MsgStorageAppend';
  readonly to: 'append';
  readonly from: MemberId;
  readonly term: Term;
  readonly entries: readonly Entry[];
  readonly hardState?: HardState;
  readonly snapshot?: Snapshot;
  readonly mustSync: boolean;
  readonly responses: readonly (Message | MsgStorageAppendResp)[];
}

/**
 * All that was handed out before is durable. `index`, `logTerm`: the last entry of the log at that time, 0 when all
 * of it had been acknowledged. `term`: this member's at that time; an answer from an earlier one says nothing about
 * the entries of today, which may have been replaced twice meanwhile (A, B, A) with B still to be written.
 */
export interface MsgStorageAppendResp {
  readonly type: 'MsgStorageAppendResp';
  readonly from: 'append';
  readonly to: MemberId;
  readonly term: Term;
  readonly index: Index;
  readonly logTerm: Term;
  readonly snapshot?: Snapshot;
}

/** To the thread that applies: `entries` are committed and durable here. It takes them in order. */
export interface MsgStorageApply {
  readonly type: 'MsgStorageApply';
  readonly to: 'apply';
  readonly from: MemberId;
  readonly entries: readonly Entry[];
  readonly responses: readonly MsgStorageApplyResp[];
}

export interface MsgStorageApplyResp {
  readonly type: 'MsgStorageApplyResp';
  readonly from: 'apply';
  readonly to: MemberId;
  readonly entries: readonly Entry[];
}

/** What this member's own threads answer. */
export type LocalResponse = MsgStorageAppendResp | MsgStorageApplyResp;
