import { assert } from '../base/assert.ts';
import type { Storage } from './storage.ts';
import type { TraceEvent } from './trace.ts';
import { noMember } from './types.ts';
import type { Index, MemberId } from './types.ts';

export interface Config {
  readonly id: MemberId;
  /** A follower that hears nothing for [electionTicks, 2 × electionTicks) ticks campaigns (Raft §5.2). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Thesis §9.6: ask before raising the term, so that a member coming back disturbs nobody. */
  readonly preVote: boolean;
  /** A leader that hears from no majority for electionTicks steps down; followers stick to a live leader. */
  readonly checkQuorum: boolean;
  /** Entries per MsgApp, and per Ready's committedEntries; one entry always fits. */
  readonly maxSizePerMessageBytes: number;
  /** MsgApps on their way to one follower. */
  readonly inflightMessagesMax: number;
  /** Proposed data that is not applied yet; above it a leader drops proposals. */
  readonly uncommittedBytesMax: number;
  readonly storage: Storage;
  /** The last index the driver's state machine holds; committed entries after it are handed out again. */
  readonly applied: Index;
  /** A uniform integer in [0, bound). */
  readonly randomInteger: (bound: number) => number;
  readonly trace?: (event: TraceEvent) => void;
}

/** @throws AssertionError */
export function checkConfig(config: Config): void {
  assert(config.id !== noMember, 'a member needs an id');
  assert(config.heartbeatTicks >= 1, 'heartbeatTicks must be at least 1');
  assert(config.electionTicks > config.heartbeatTicks, 'electionTicks must be greater than heartbeatTicks');
  assert(config.inflightMessagesMax >= 1, 'inflightMessagesMax must be at least 1');
  assert(config.maxSizePerMessageBytes >= 0, 'maxSizePerMessageBytes must not be negative');
  assert(config.uncommittedBytesMax > 0, 'uncommittedBytesMax must be positive');
}
