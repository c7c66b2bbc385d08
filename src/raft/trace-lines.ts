import type { Message, MsgApp, MsgVote } from './messages.ts';
import { noMember } from './types.ts';
import type { ConfChangeV2, ConfState, HardState, Index, MemberId, Role } from './types.ts';

/**
 * Trace lines that etcd-raft's TLA+ trace validation reads (tla/Traceetcdraft.tla): one JSON object per event, all
 * members into one file in causal order. Some things are told in the specification's words rather than ours:
 *   - a pre-candidate is a follower still, for pre-votes change nothing that the specification knows;
 *   - a candidate's and a leader's own consent are messages to themselves;
 *   - the founders' first entry is of term 1, where our bootstrap snapshot has 0;
 *   - an append commits no further than it reaches, which is what its receiver makes of it anyway.
 * What it does not model has no line (pre-votes, reads, transfers), or one at which it stops: a joint membership; a term
 * or a commit learned from a message without a line, or from a refused vote; candidates ignored under CheckQuorum; a sole
 * voter, who leads before its first Ready; a snapshot's answer, and a snapshot over commits; a heartbeat's commit where
 * nothing is committed yet; two changes applied from one Ready; a member added a second time.
 */
export interface TraceState {
  readonly id: MemberId;
  readonly role: Role;
  readonly hardState: HardState;
  readonly lastIndex: Index;
  readonly confState: ConfState;
}

export type TracedEvent =
  | { readonly name: 'InitState' | 'BecomeCandidate' | 'BecomeFollower' | 'BecomeLeader' }
  | { readonly name: 'Commit' | 'Replicate' | 'Ready' }
  | { readonly name: 'ChangeConf'; readonly change: ConfChangeV2 }
  | { readonly name: 'ApplyConfChange'; readonly confState: ConfState }
  | {
      readonly name: 'send';
      readonly message: Message;
      /** Of the member that a MsgApp goes to. */
      readonly progress?: { readonly match: Index; readonly next: Index } | undefined;
    }
  | { readonly name: 'receive'; readonly message: Message };

const roleNames = {
  follower: 'StateFollower',
  'pre-candidate': 'StateFollower',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const satisfies Record<Role, string>;

const actions = { 'add-voter': 'AddNewServer', 'add-learner': 'AddLearner', remove: 'RemoveServer' } as const;

/** Heartbeats and snapshots are appends to the specification. */
const messageNames: { readonly [type in Message['type']]?: string } = {
  MsgApp: 'AppendEntriesRequest',
  MsgHeartbeat: 'AppendEntriesRequest',
  MsgSnap: 'AppendEntriesRequest',
  MsgAppResp: 'AppendEntriesResponse',
  MsgHeartbeatResp: 'AppendEntriesResponse',
  MsgVote: 'RequestVoteRequest',
  MsgVoteResp: 'RequestVoteResponse',
};

/** The line for an event, without its newline, or undefined when the specification does not know it. */
export function traceLine(state: TraceState, event: TracedEvent): string | undefined {
  const { id, role, hardState, lastIndex, confState } = state;
  const common = {
    nid: id,
    state: { term: hardState.term, vote: hardState.vote, commit: hardState.commit },
    role: roleNames[role],
    log: lastIndex,
    conf: [confState.voters, confState.votersOutgoing ?? []],
  };
  switch (event.name) {
    case 'send':
    case 'receive': {
      const name = messageNames[event.message.type];
      if (name === undefined) return undefined;
      const msg = traceMessage(event.message);
      if (event.name === 'receive') return line({ name: `Receive${name}`, ...common, msg });
      const { progress } = event;
      const prop = progress === undefined ? undefined : { match: progress.match, next: progress.next };
      return line({ name: `Send${name}`, ...common, msg, prop });
    }
    case 'ChangeConf': {
      const changes = event.change.changes.map(({ type, member }) => ({
        nid: member,
        action: actions[type],
      }));
      // Leaving a joint membership.
      if (changes.length === 0) return undefined;
      return line({ name: event.name, ...common, prop: { cc: { changes } } });
    }
    case 'ApplyConfChange':
      return line({ name: event.name, ...common, prop: { cc: { newconf: event.confState.voters } } });
    default:
      return line({ name: event.name, ...common });
  }
}

function line(event: object): string {
  return JSON.stringify({ tag: 'trace', event });
}

function traceMessage(message: Message): object {
  const msg = {
    type: message.type,
    term: message.term,
    from: message.from,
    to: message.to,
    entries: 0,
    logTerm: 0,
    index: 0,
    commit: 0,
    vote: noMember,
    reject: false,
    rejectHint: 0,
  };
  switch (message.type) {
    case 'MsgApp': {
      const { index, entries } = message;
      const commit = Math.min(message.commit, index + entries.length);
      return { ...msg, index, logTerm: termOf(message), commit, entries: entries.length };
    }
    case 'MsgAppResp': {
      const { index, logTerm, rejectHint } = message;
      // Index 0 accepts nothing: it is our answer to a stale leader, to the specification a refusal.
      const reject = message.reject || index === 0;
      return { ...msg, index, logTerm, reject, rejectHint };
    }
    case 'MsgHeartbeat':
      return { ...msg, commit: message.commit };
    case 'MsgSnap':
      return { ...msg, entries: message.snapshot.metadata.index };
    case 'MsgVote':
      return { ...msg, index: message.index, logTerm: termOf(message) };
    case 'MsgVoteResp':
      return { ...msg, reject: message.reject };
    default:
      return msg;
  }
}

/** Of the entry that a message names. */
function termOf({ index, logTerm }: MsgApp | MsgVote): number {
  return index > 0 ? Math.max(1, logTerm) : 0;
}
