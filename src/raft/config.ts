import { assert } from '../base/assert.ts';
import type { Storage } from './storage.ts';
import type { TraceState, TracedEvent } from './trace-lines.ts';
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
  /** Bytes of entries on their way to one follower; the message that crosses the line still leaves. */
  readonly inflightBytesMax?: number;
  /** Bytes of committed entries handed out and not applied; one entry always fits. As maxSizePerMessageBytes. */
  readonly committedBytesMax?: number;
  /** Proposed data that is not applied yet; above it a leader drops proposals. */
  readonly uncommittedBytesMax: number;
  /** Writes and applies are acknowledged by messages, with several Readys under way; see `Ready`. */
  readonly asyncStorageWrites?: boolean;
  /** A follower drops proposals instead of forwarding them to its leader. */
  readonly disableProposalForwarding?: boolean;
  /** Conf changes are proposed unchecked: for a driver with checks of its own. */
  readonly disableConfChangeValidation?: boolean;
  /** A leader that a change removed or demoted leads no more (thesis §4.2.2). Default true. */
  readonly stepDownOnRemoval?: boolean;
  /**
   * `safe` asks a majority (thesis §6.4). `lease-based` (§6.4.1) trusts clocks: it answers at once while CheckQuorum
   * keeps the leader in office. That is wrong when a clock pauses, and, as in etcd, for up to an election timeout after
   * the majority was lost, for CheckQuorum looks back that far. Default safe.
   */
  readonly readOnly?: 'safe' | 'lease-based';
  readonly storage: Storage;
  /** The last index the driver's state machine holds; committed entries after it are handed out again. */
  readonly applied: Index;
  /** A uniform integer in [0, bound). */
  readonly randomInteger: (bound: number) => number;
  readonly trace?: (event: TraceEvent) => void;
  /** Every step that the TLA+ specification knows; `traceLine` writes it down. */
  readonly traceSpec?: (state: TraceState, event: TracedEvent) => void;
}

/** @throws AssertionError */
export function checkConfig(config: Config): void {
  assert(config.id !== noMember, 'a member needs an id');
  assert(config.heartbeatTicks >= 1, 'heartbeatTicks must be at least 1');
  assert(config.electionTicks > config.heartbeatTicks, 'electionTicks must be greater than heartbeatTicks');
  assert(config.inflightMessagesMax >= 1, 'inflightMessagesMax must be at least 1');
  assert(config.maxSizePerMessageBytes >= 0, 'maxSizePerMessageBytes must not be negative');
  const { inflightBytesMax = Infinity, maxSizePerMessageBytes } = config;
  assert(inflightBytesMax > 0, 'inflightBytesMax must be positive');
  assert(
    inflightBytesMax >= maxSizePerMessageBytes,
    'inflightBytesMax must be at least maxSizePerMessageBytes',
  );
  assert(config.readOnly !== 'lease-based' || config.checkQuorum, 'lease-based reads need checkQuorum');
  assert(config.uncommittedBytesMax > 0, 'uncommittedBytesMax must be positive');
}
