import type { Message, MsgStorageAppend, MsgStorageApply } from './messages.ts';
import type { Entry, HardState, Index, MemberId, Role, Snapshot } from './types.ts';

/** What others may want to show; not persisted. */
export interface SoftState {
  readonly leader: MemberId;
  readonly role: Role;
}

/** A linearizable read with this context may be served once `index` is applied. */
export interface ReadState {
  readonly context: string;
  readonly index: Index;
}

/**
 * What the driver must do, in this order (etcd raft `Ready`):
 *   1. make `snapshot`, `entries` and `hardState` durable (an fsync is needed when `mustSync`);
 *   2. then send `messages`. A leader's MsgApp may go out before 1, for a leader's own entries count only
 *      once they are durable (Raft thesis §10.2.1): those are in `messagesBeforeSync`;
 *   3. apply `snapshot`, then `committedEntries`;
 *   4. call `advance()`.
 *
 * With `asyncStorageWrites` there is no `advance`, and the next Ready may be taken at once. The driver sends
 * `messagesBeforeSync`, queues `append` for the thread that writes and `apply` for the one that applies (either may
 * be the same thread, and each keeps its order). `messages` is empty: they are among the append's `responses`. The
 * fields `entries`, `hardState`, `snapshot`, `committedEntries` repeat what the two say.
 */
export interface Ready {
  /** Present when changed. */
  readonly softState?: SoftState;
  /** Present when changed. */
  readonly hardState?: HardState;
  readonly readStates: readonly ReadState[];
  /** To be appended; truncates what the log held from `entries[0].index` on. */
  readonly entries: readonly Entry[];
  readonly snapshot?: Snapshot;
  readonly committedEntries: readonly Entry[];
  /** May leave at once, in parallel with the disk write. */
  readonly messagesBeforeSync: readonly Message[];
  /** Must not leave before the write of this Ready is durable. */
  readonly messages: readonly Message[];
  readonly mustSync: boolean;
  /** Only with `asyncStorageWrites`. */
  readonly append?: MsgStorageAppend;
  readonly apply?: MsgStorageApply;
}
