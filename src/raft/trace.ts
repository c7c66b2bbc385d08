import type { ConfState, Index, MemberId, Role, Term } from './types.ts';

/** What happened inside, for transcripts and for people. Nothing in Raft depends on anyone listening. */
export type TraceEvent =
  | {
      readonly type: 'role';
      readonly id: MemberId;
      readonly role: Role;
      readonly term: Term;
      readonly leader: MemberId;
    }
  | {
      readonly type: 'vote';
      readonly id: MemberId;
      readonly term: Term;
      readonly candidate: MemberId;
      readonly pre: boolean;
      readonly granted: boolean;
    }
  | { readonly type: 'quorum-lost'; readonly id: MemberId; readonly term: Term }
  | { readonly type: 'conflict'; readonly id: MemberId; readonly index: Index; readonly term: Term }
  | { readonly type: 'snapshot-sent'; readonly id: MemberId; readonly to: MemberId; readonly index: Index }
  | { readonly type: 'snapshot-restored'; readonly id: MemberId; readonly index: Index; readonly term: Term }
  | { readonly type: 'membership'; readonly id: MemberId; readonly confState: ConfState };
