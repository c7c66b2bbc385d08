import type { MsgApp, MsgAppResp, MsgHeartbeat, MsgSnap } from './messages.ts';
import type { RaftState } from './raft-state.ts';
import type { Index, MemberId, Snapshot, Term } from './types.ts';

/** What a follower does with its leader's messages (§5.3, §7). */

const noTerm = 0 as Term;
const noIndex = 0 as Index;

export function handleAppend(state: RaftState, message: MsgApp): void {
  const { id, log } = state;
  const { from, index, logTerm } = message;
  // An old one: what is committed matches for sure.
  if (index < log.committed) return acknowledge(state, from, log.committed);
  const lastNew = log.maybeAppend(index, logTerm, message.commit, message.entries);
  if (lastNew !== undefined) return acknowledge(state, from, lastNew);
  state.trace?.({ type: 'conflict', id, index, term: logTerm });
  const end = Math.min(index, log.lastIndex) as Index;
  const hint = log.findConflictByTerm(end, logTerm);
  state.send(appResp(state, from, index, true, hint.index, hint.term));
}

export function handleHeartbeat(state: RaftState, message: MsgHeartbeat): void {
  const { id, term } = state;
  state.log.commitTo(message.commit);
  state.send({ type: 'MsgHeartbeatResp', from: id, to: message.from, term, context: message.context });
}

export function handleSnapshot(state: RaftState, message: MsgSnap): void {
  restore(state, message.snapshot);
  acknowledge(state, message.from, state.log.committed);
}

/** Replaces the log by the snapshot unless it is behind our commit or only tells us what we have. */
function restore({ id, log, trace }: RaftState, snapshot: Snapshot): void {
  const { index, term } = snapshot.metadata;
  if (index <= log.committed) return;
  if (log.matches(index, term)) {
    log.commitTo(index);
    return;
  }
  log.restore(snapshot);
  trace?.({ type: 'snapshot-restored', id, index, term });
}

/** To a leader behind us: our term makes it step down, so that all meet in one term again. */
export function answerStaleLeader(state: RaftState, to: MemberId): void {
  acknowledge(state, to, noIndex);
}

function acknowledge(state: RaftState, to: MemberId, index: Index): void {
  state.send(appResp(state, to, index, false, noIndex, noTerm));
}

function appResp(
  { id: from, term }: RaftState,
  to: MemberId,
  index: Index,
  reject: boolean,
  rejectHint: Index,
  logTerm: Term,
): MsgAppResp {
  return { type: 'MsgAppResp', from, to, term, index, reject, rejectHint, logTerm };
}
