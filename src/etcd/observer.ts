import type { Store } from '../mvcc/store.ts';
import type { Message } from '../raft/messages.ts';
import type { Ready } from '../raft/ready.ts';
import type { TraceState, TracedEvent } from '../raft/trace-lines.ts';
import type {
  ConfState,
  Entry,
  HardState,
  MemberId,
  Role,
  Snapshot,
  SnapshotMetadata,
  Term,
} from '../raft/types.ts';

/**
 * Sees what a member does, when it does it: the eyes of the simulator's checkers. It must not change
 * anything, and costs nothing when absent.
 */
export interface MemberObserver {
  /** A life begins with this log, as its disk has it: more than `saved` told, if it died in the middle of a write. */
  opened(member: MemberId, snapshot: SnapshotMetadata, entries: readonly Entry[], hardState: HardState): void;
  roleChanged(member: MemberId, role: Role, term: Term, leader: MemberId): void;
  /** `ready`'s entries, hard state and snapshot are durable now. */
  saved(member: MemberId, ready: Ready): void;
  /** A message leaves for another member. */
  sent?(member: MemberId, message: Message): void;
  /** `entry` was applied; `store` and `confState` are the state after it. */
  applied(member: MemberId, entry: Entry, store: Store, confState: ConfState): void;
  installed(member: MemberId, snapshot: Snapshot, store: Store): void;
  /** A step that Raft's TLA+ specification knows. Making these costs something: leave it out where nobody reads them. */
  traced?(state: TraceState, event: TracedEvent): void;
}
