import { assert } from '../base/assert.ts';
import type { MsgPreVote, MsgPreVoteResp, MsgVote, MsgVoteResp } from './messages.ts';
import type { RaftState } from './raft-state.ts';
import { noMember } from './types.ts';
import type { Index, MemberId, Term } from './types.ts';

/** Asking for votes and giving them (§5.2, §5.4.1; thesis §9.6). Raft counts them and changes the role. */

export type Campaign = 'pre-election' | 'election' | 'transfer';

/** A voter with its snapshot applied may campaign. */
export function isPromotable(state: RaftState): boolean {
  return state.log.pendingSnapshot === undefined && state.isVoter;
}

/** The membership that a committed entry changed is not known yet: its majority might be another. */
export function hasUnappliedConfChange({ log, config }: RaftState): boolean {
  const end = (log.committed + 1) as Index;
  // What Storage compacted, the driver has applied, even if `advance` has not said so yet.
  let at = Math.max(log.applied + 1, log.firstIndex) as Index;
  while (at < end) {
    const page = log.slice(at, end, config.maxSizePerMessageBytes);
    assert(page.ok, 'committed entries that are not applied are in the log');
    if (page.value.some((entry) => entry.type === 'conf-change')) return true;
    at = (at + page.value.length) as Index;
  }
  return false;
}

export function requestVotes(state: RaftState, kind: Campaign): void {
  const { id: from, term, log, membership } = state;
  const { lastIndex: index, lastTerm: logTerm } = log;
  if (kind !== 'pre-election') traceOwnVote(state, 'send');
  for (const to of membership.voters) {
    if (to === from) continue;
    if (kind === 'pre-election') {
      state.send({ type: 'MsgPreVote', from, to, term: (term + 1) as Term, index, logTerm });
    } else {
      state.send({ type: 'MsgVote', from, to, term, index, logTerm, transfer: kind === 'transfer' });
    }
  }
}

/** To the specification, as in etcd, a candidate's own vote is a message to itself. */
export function traceOwnVote(state: RaftState, name: 'send' | 'receive'): void {
  if (state.config.traceSpec === undefined) return;
  state.spec({ name, message: voteResp(state, 'MsgVoteResp', state.id, state.term, false) });
}

export function answerVoteRequest(state: RaftState, message: MsgVote | MsgPreVote): void {
  const { id, vote } = state;
  const { from, term, index, logTerm } = message;
  const pre = message.type === 'MsgPreVote';
  const free =
    vote === from || (vote === noMember && state.leader === noMember) || (pre && term > state.term);
  const granted = free && state.log.isUpToDate(index, logTerm);
  state.trace?.({ type: 'vote', id, term, candidate: from, pre, granted });
  if (pre) {
    // A grant repeats the term that was asked for; a refusal tells ours.
    state.send(voteResp(state, 'MsgPreVoteResp', from, granted ? term : state.term, !granted));
    return;
  }
  if (granted) {
    state.electionElapsed = 0;
    state.vote = from;
  }
  state.send(voteResp(state, 'MsgVoteResp', from, state.term, !granted));
}

/** To one that would campaign in a term that is over. */
export function refusePreVote(state: RaftState, { from }: MsgPreVote): void {
  state.send(voteResp(state, 'MsgPreVoteResp', from, state.term, true));
}

/** A grant for another term answers an older question. */
export function answersCampaign({ role, term }: RaftState, message: MsgVoteResp | MsgPreVoteResp): boolean {
  if (message.type === 'MsgVoteResp') return role === 'candidate';
  return role === 'pre-candidate' && (message.reject || message.term === term + 1);
}

/**
 * A member that its own last entry removed can refuse the vote that the others, who do not know that entry to
 * be committed, still need: nobody could ever win. So a refusal tells what is committed (as in TiKV's raft).
 * True when that ends the campaign, for the membership is about to change.
 */
export function commitByRefusal(
  state: RaftState,
  { commit, commitTerm }: MsgVoteResp | MsgPreVoteResp,
): boolean {
  const { log } = state;
  if (commit <= log.committed || !log.matches(commit, commitTerm)) return false;
  log.commitTo(commit);
  return hasUnappliedConfChange(state);
}

function voteResp<T extends 'MsgVoteResp' | 'MsgPreVoteResp'>(
  { id: from, log }: RaftState,
  type: T,
  to: MemberId,
  term: Term,
  reject: boolean,
) {
  const commit = log.committed;
  return { type, from, to, term, reject, commit, commitTerm: log.termAt(commit) ?? (0 as Term) };
}
