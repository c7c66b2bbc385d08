import { unreachable } from '../../src/base/assert.ts';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import type { Message } from '../../src/raft/messages.ts';
import type { MemberStatus, Status } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/ready.ts';
import type { TraceEvent } from '../../src/raft/trace.ts';
import { noMember } from '../../src/raft/types.ts';
import type { ConfState, Entry, Role } from '../../src/raft/types.ts';

/** Values as the transcripts show them, in the manner of etcd's raft: entries are `term/index`. */

const roleNames = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const satisfies Record<Role, string>;

export function describeLogEntry(entry: Entry): string {
  const data = decodeUtf8(entry.data);
  return entry.type === 'normal'
    ? `${entry.term}/${entry.index} EntryNormal "${data}"`
    : `${entry.term}/${entry.index} EntryConfChange ${data}`;
}

export function describeConfState({ voters, learners }: ConfState): string {
  return `Voters:[${voters.join(' ')}] Learners:[${learners.join(' ')}]`;
}

export function describeMessage(message: Message): string {
  return `${message.from}->${message.to} ${message.type} Term:${message.term}${describeBody(message)}`;
}

function describeBody(message: Message): string {
  switch (message.type) {
    case 'MsgApp': {
      const entries = message.entries.map((entry) => describeLogEntry(entry)).join(', ');
      const log = ` Log:${message.logTerm}/${message.index} Commit:${message.commit}`;
      return entries === '' ? log : `${log} Entries:[${entries}]`;
    }
    case 'MsgAppResp':
      return message.reject
        ? ` Rejected:${message.index} (Hint: ${message.logTerm}/${message.rejectHint})`
        : ` Index:${message.index}`;
    case 'MsgVote':
    case 'MsgPreVote':
      return ` Log:${message.logTerm}/${message.index}${message.type === 'MsgVote' && message.transfer ? ' Transfer' : ''}`;
    case 'MsgVoteResp':
    case 'MsgPreVoteResp':
      return message.reject ? ' Rejected' : '';
    case 'MsgSnap': {
      const { index, term, confState } = message.snapshot.metadata;
      return ` Snapshot: Index:${index} Term:${term} ${describeConfState(confState)}`;
    }
    case 'MsgHeartbeat':
      return ` Commit:${message.commit}${message.context === '' ? '' : ` Round:${message.context}`}`;
    case 'MsgHeartbeatResp':
      return message.context === '' ? '' : ` Round:${message.context}`;
    case 'MsgReadIndex':
      return ` Context:${message.context}`;
    case 'MsgReadIndexResp':
      return ` Context:${message.context} Index:${message.index}`;
    case 'MsgProp':
      return ` Entries:[${message.entries.map(({ data }) => `"${decodeUtf8(data)}"`).join(', ')}]`;
    case 'MsgTransferLeader':
      return ` Transferee:${message.transferee}`;
    case 'MsgTimeoutNow':
      return '';
    default:
      return unreachable(message);
  }
}

export function describeReady(ready: Ready): string[] {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`${title}:`, ...lines];
  const { softState, hardState, snapshot } = ready;
  return [
    `Ready MustSync=${ready.mustSync}:`,
    ...(softState === undefined ? [] : [`Lead:${softState.leader} State:${roleNames[softState.role]}`]),
    ...(hardState === undefined
      ? []
      : [`HardState Term:${hardState.term} Vote:${hardState.vote} Commit:${hardState.commit}`]),
    ...(snapshot === undefined
      ? []
      : [`Snapshot Index:${snapshot.metadata.index} Term:${snapshot.metadata.term}`]),
    ...section(
      'ReadStates',
      ready.readStates.map(({ context, index }) => `${context} Index:${index}`),
    ),
    ...section('Entries', ready.entries.map(describeLogEntry)),
    ...section('MessagesBeforeSync', ready.messagesBeforeSync.map(describeMessage)),
    ...section('Messages', ready.messages.map(describeMessage)),
    ...section('CommittedEntries', ready.committedEntries.map(describeLogEntry)),
  ];
}

export function describeTrace(event: TraceEvent): string {
  const { id } = event;
  switch (event.type) {
    case 'role':
      return event.role === 'follower' && event.leader !== noMember
        ? `INFO ${id} became follower of ${event.leader} at term ${event.term}`
        : `INFO ${id} became ${event.role} at term ${event.term}`;
    case 'vote': {
      const { candidate, term, pre, granted } = event;
      return `INFO ${id} ${granted ? 'grants' : 'refuses'} ${candidate} its ${pre ? 'pre-vote' : 'vote'} at term ${term}`;
    }
    case 'quorum-lost':
      return `INFO ${id} heard from no majority at term ${event.term}`;
    case 'conflict':
      return `INFO ${id} has no entry ${event.term}/${event.index}`;
    case 'snapshot-sent':
      return `INFO ${id} sends ${event.to} the snapshot at index ${event.index}`;
    case 'snapshot-restored':
      return `INFO ${id} restored the snapshot at ${event.term}/${event.index}`;
    case 'membership':
      return `INFO ${id} switched to ${describeConfState(event.confState)}`;
    default:
      return unreachable(event);
  }
}

export function describeState(status: Status): string {
  const { id, role, term, leader, commit, applied, lastIndex } = status;
  return `${id}: ${roleNames[role]} Term:${term} Lead:${leader} Commit:${commit} Applied:${applied} Last:${lastIndex}`;
}

export function describeProgress(progress: MemberStatus): string {
  const { id, state, match, next, learner, paused, recentActive } = progress;
  const flags = [learner && 'learner', paused && 'paused', !recentActive && 'inactive'].filter(Boolean);
  return `${id}: ${[state, `match=${match}`, `next=${next}`, ...flags].join(' ')}`;
}
