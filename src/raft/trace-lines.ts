import type { Message } from './messages.ts';
import { noMember } from './types.ts';
import type { ConfChange, ConfChangeV2, ConfState, HardState, Index, MemberId, Role } from './types.ts';

/**
 * Trace lines that etcd-raft's TLA+ trace validation reads (tla/Traceetcdraft.tla): one JSON object per event, all
 * members into one file in causal order. What the specification does not model (pre-votes, reads, transfers) has no
 * line.
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
  | {
      readonly name: 'ChangeConf' | 'ApplyConfChange';
      readonly change: ConfChange | ConfChangeV2;
      readonly confState: ConfState;
    }
  | { readonly name: 'send'; readonly message: Message; readonly match?: Index; readonly next?: Index }
  | { readonly name: 'receive'; readonly message: Message };

const roleNames = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
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
      const { match, next } = event;
      const prop = match === undefined ? {} : { prop: { match, next } };
      return line({ name: `Send${name}`, ...common, msg, ...prop });
    }
    case 'ChangeConf':
    case 'ApplyConfChange': {
      const { change, confState: next } = event;
      const steps = 'changes' in change ? change.changes : [change];
      const changes = steps.map(({ type, member }) => ({ nid: member, action: actions[type] }));
      return line({ name: event.name, ...common, prop: { cc: { changes, newconf: next.voters } } });
    }
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
      const { index, logTerm, commit, entries } = message;
      return { ...msg, index, logTerm, commit, entries: entries.length };
    }
    case 'MsgAppResp': {
      const { index, logTerm, reject, rejectHint } = message;
      return { ...msg, index, logTerm, reject, rejectHint };
    }
    case 'MsgHeartbeat':
      return { ...msg, commit: message.commit };
    case 'MsgSnap':
      return { ...msg, entries: message.snapshot.metadata.index };
    case 'MsgVote':
      return { ...msg, index: message.index, logTerm: message.logTerm };
    case 'MsgVoteResp':
      return { ...msg, reject: message.reject };
    default:
      return msg;
  }
}
