import type { ProgressState } from './progress.ts';
import type { ConfState, Index, MemberId, Role, Term } from './types.ts';

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
