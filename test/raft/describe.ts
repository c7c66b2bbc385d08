import { unreachable } from '../../src/base/assert.ts';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import { decodeConfChangeV2 } from '../../src/raft/conf-change.ts';
import type { LocalResponse, Message, MsgStorageAppend, MsgStorageApply } from '../../src/raft/messages.ts';
import type { Ready } from '../../src/raft/ready.ts';
import type { MemberStatus, Status } from '../../src/raft/status.ts';
import type { TraceEvent } from '../../src/raft/trace.ts';
import { noMember } from '../../src/raft/types.ts';
import type { ConfChangeStep, ConfState, Entry, MemberId, Role, Snapshot } from '../../src/raft/types.ts';

/** Values as transcripts show them, in etcd's raft's format: positions in the log are `term/index`. */

const roleNames = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const satisfies Record<Role, string>;

const stepLetters = { 'add-voter': 'v', 'add-learner': 'l', remove: 'r' } as const;

/** All that members and their threads say to each other. */
export type Traffic = Message | LocalResponse | MsgStorageAppend | MsgStorageApply;

/** `v1 l2 r3`, as `parseSteps` reads it. */
function describeSteps(changes: readonly ConfChangeStep[]): string {
  return changes.map(({ type, member }) => `${stepLetters[type]}${member}`).join(' ');
}

export function describeLogEntry(entry: Pick<Entry, 'type' | 'data'> & Partial<Entry>): string {
  const position = entry.index === undefined ? '' : `${entry.term}/${entry.index} `;
  if (entry.type === 'normal') return `${position}EntryNormal "${decodeUtf8(entry.data)}"`;
  const { transition, changes } = decodeConfChangeV2(entry.data);
  const version = /^(auto|joint-)/.test(decodeUtf8(entry.data)) ? 'V2' : '';
  const how = transition === 'auto' ? '' : `${transition} `;
  return `${position}EntryConfChange${version} ${how}${describeSteps(changes)}`.trimEnd();
}

/** As etcd prints a tracker's config: `voters=(1 2)&&(2 3) learners=(4) autoleave`. */
export function describeConfState(confState: ConfState): string {
  const list = (members: readonly MemberId[]): string => `(${members.join(' ')})`;
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = confState;
  return [
    `voters=${list(voters)}${votersOutgoing === undefined ? '' : `&&${list(votersOutgoing)}`}`,
    learners.length > 0 && `learners=${list(learners)}`,
    learnersNext !== undefined && `learners_next=${list(learnersNext)}`,
    autoLeave === true && 'autoleave',
  ]
    .filter((part) => part !== false)
    .join(' ');
}

function describeSnapshot({ metadata: { index, term, confState } }: Snapshot): string {
  return `Index:${index} Term:${term} ${describeConfState(confState)}`;
}

function describeTarget(target: string): string {
  return target === 'append' ? 'AppendThread' : target === 'apply' ? 'ApplyThread' : target;
}

/** One line, and more for several entries, a snapshot or responses. */
export function describeMessage(message: Traffic): string[] {
  const { from, to, type } = message;
  const head = `${describeTarget(from)}->${describeTarget(to)} ${type}`;
  const position = `Log:${'logTerm' in message ? message.logTerm : 0}/${'index' in message ? message.index : 0}`;
  const parts = [head, `Term:${'term' in message ? message.term : 0}`, position];
  if ('reject' in message && message.reject) {
    parts.push('rejectHint' in message ? `Rejected (Hint: ${message.rejectHint})` : 'Rejected');
  }
  if ('commit' in message && message.commit > 0) parts.push(`Commit:${message.commit}`);
  if ('hardState' in message && message.hardState !== undefined) {
    const { vote, commit } = message.hardState;
    parts.push(`Commit:${commit}`);
    if (vote !== noMember) parts.push(`Vote:${vote}`);
  }
  if ('transfer' in message && message.transfer) parts.push('Transfer');
  if ('transferee' in message) parts.push(`Transferee:${message.transferee}`);
  if ('context' in message && message.context !== '') parts.push(`Context:${message.context}`);
  const lines = [parts.join(' ')];
  const bracket = (title: string, inner: readonly string[]): void => {
    lines[lines.length - 1] += ` ${title}:[`;
    if (inner.length === 1 && title === 'Entries') lines[lines.length - 1] += `${inner[0]}]`;
    else lines.push(...inner.map((line) => `  ${line}`), ']');
  };
  if ('entries' in message && message.entries.length > 0) {
    bracket('Entries', message.entries.map(describeLogEntry));
  }
  if ('snapshot' in message && message.snapshot !== undefined) {
    lines.push(`  Snapshot: ${describeSnapshot(message.snapshot)}`);
  }
  if ('responses' in message && message.responses.length > 0) {
    bracket('Responses', message.responses.flatMap(describeMessage));
  }
  return lines;
}

/**
 * `MessagesBeforeSync` is ours: what may leave before the write (thesis §10.2.1). With asynchronous writes all are
 * `Messages`, as the others are responses of the append thread.
 */
export function describeReady(ready: Ready, asynchronous: boolean): string[] {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`${title}:`, ...lines];
  const { softState, hardState, snapshot, append, apply, messages, messagesBeforeSync } = ready;
  const local = [append, apply].filter((message) => message !== undefined);
  return [
    `Ready MustSync=${ready.mustSync}:`,
    ...(softState === undefined ? [] : [`Lead:${softState.leader} State:${roleNames[softState.role]}`]),
    ...(hardState === undefined
      ? []
      : [
          `HardState Term:${hardState.term}${
            hardState.vote === noMember ? '' : ` Vote:${hardState.vote}`
          } Commit:${hardState.commit}`,
        ]),
    ...section(
      'ReadStates',
      ready.readStates.map(({ context, index }) => `${context} Index:${index}`),
    ),
    ...section('Entries', ready.entries.map(describeLogEntry)),
    ...(snapshot === undefined ? [] : [`Snapshot ${describeSnapshot(snapshot)}`]),
    ...section('CommittedEntries', ready.committedEntries.map(describeLogEntry)),
    ...section(
      asynchronous ? 'Messages' : 'MessagesBeforeSync',
      [...messagesBeforeSync, ...local].flatMap(describeMessage),
    ),
    ...section('Messages', messages.flatMap(describeMessage)),
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
      return `INFO ${id} now has ${describeConfState(event.confState)}`;
    default:
      return unreachable(event);
  }
}

export function describeState({ id, role, term, leader, confState }: Status): string {
  const votes = confState.voters.includes(id) || confState.votersOutgoing?.includes(id) === true;
  return `${id}: ${roleNames[role]} (${votes ? 'Voter' : 'Non-Voter'}) Term:${term} Lead:${leader}`;
}

export function describeProgress(progress: MemberStatus): string {
  const { id, state, match, next, learner, paused, recentActive } = progress;
  const flags = [learner && 'learner', paused && 'paused', !recentActive && 'inactive'].filter(Boolean);
  return `${id}: ${[state, `match=${match}`, `next=${next}`, ...flags].join(' ')}`;
}
