import type { Store } from '../mvcc/store.ts';
import type { Ready } from '../raft/ready.ts';
import type { Entry, MemberId, Role, Snapshot, SnapshotMetadata, Term } from '../raft/types.ts';

/**
 * Sees what a member does, when it does it: the eyes of the simulator's checkers. It must not change
 * anything, and costs nothing when absent.
 */
export interface MemberObserver {
  /** A life begins with this log, as its disk has it: more than `saved` told, if it died in the middle of a write. */
  opened(member: MemberId, snapshot: SnapshotMetadata, entries: readonly Entry[]): void;
  roleChanged(member: MemberId, role: Role, term: Term, leader: MemberId): void;
  /** `ready`'s entries, hard state and snapshot are durable now. */
  saved(member: MemberId, ready: Ready): void;
  /** `entry` was applied; `store` is the state after it. */
  applied(member: MemberId, entry: Entry, store: Store): void;
  installed(member: MemberId, snapshot: Snapshot, store: Store): void;
}
