import { assert } from '../base/assert.ts';
import type { Brand } from '../base/brand.ts';

/** A Raft term. Term 0 precedes the first election. */
export type Term = Brand<number, 'Term'>;
/** A position in the log. Index 0 precedes the first entry. */
export type Index = Brand<number, 'Index'>;
/** A Raft participant: 64 bits as lower-case hex without leading zeros. `noMember` is nobody. */
export type MemberId = Brand<string, 'MemberId'>;

export function term(value: number): Term {
  assert(Number.isSafeInteger(value) && value >= 0, () => `not a term: ${value}`);
  return value as Term;
}

export function index(value: number): Index {
  assert(Number.isSafeInteger(value) && value >= 0, () => `not an index: ${value}`);
  return value as Index;
}

export const noMember = '0' as MemberId;

export function memberId(value: string): MemberId {
  assert(/^[1-9a-f][0-9a-f]{0,15}$/.test(value), () => `not a member id: ${value}`);
  return value as MemberId;
}

/** Numeric order of member ids. */
export function compareMembers(a: MemberId, b: MemberId): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** One slot of the log. `data` is opaque to Raft. */
export interface Entry {
  readonly index: Index;
  readonly term: Term;
  readonly type: 'normal' | 'conf-change';
  readonly data: Uint8Array;
}

/** What must be durable before any message that depends on it leaves (Raft, figure 2). */
export interface HardState {
  readonly term: Term;
  /** Whom this member voted for in `term`, or noMember. */
  readonly vote: MemberId;
  readonly commit: Index;
}

/**
 * The membership at a point of the log. While it is joint (Raft §6), `votersOutgoing` holds the voters before the
 * change, and a decision needs a majority of both. The last three are absent when empty or false.
 */
export interface ConfState {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly votersOutgoing?: readonly MemberId[];
  /** Outgoing voters that become learners when the joint membership is left: nobody is both at once. */
  readonly learnersNext?: readonly MemberId[];
  /** The leader leaves the joint membership by itself as soon as it is applied. */
  readonly autoLeave?: boolean;
}

export interface SnapshotMetadata {
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState;
}

/** The state machine up to and including `metadata.index`. `data` is opaque to Raft. */
export interface Snapshot {
  readonly metadata: SnapshotMetadata;
  readonly data: Uint8Array;
}

export interface ConfChangeStep {
  readonly type: 'add-voter' | 'add-learner' | 'remove';
  readonly member: MemberId;
}

/** One step at a time (thesis §4.1). */
export interface ConfChange extends ConfChangeStep {
  /** What the owner of the state machine wants to know when the change is applied. Opaque to Raft. */
  readonly context?: Uint8Array;
}

/**
 * Any number of steps at once (Raft §6). `auto` without steps leaves a joint membership.
 *   auto            joint only when there is more than one step; left automatically
 *   joint-implicit  joint; left automatically
 *   joint-explicit  joint; left when somebody proposes a change without steps
 */
export interface ConfChangeV2 {
  readonly transition: 'auto' | 'joint-implicit' | 'joint-explicit';
  readonly changes: readonly ConfChangeStep[];
  readonly context?: Uint8Array;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';
