import { isDeepStrictEqual } from 'node:util';

/** A line of a trace, as `traceLine` writes it. */
export interface SpecLine {
  readonly name: string;
  readonly nid: string;
  readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
  readonly role: string;
  readonly log: number;
  readonly conf: readonly (readonly string[])[];
  readonly msg?: SpecMessage;
  readonly prop?: {
    readonly cc?: {
      readonly changes?: readonly { readonly nid: string; readonly action: string }[];
      readonly newconf?: readonly string[];
    };
  };
}

interface SpecMessage {
  readonly type: string;
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly entries: number;
  readonly logTerm: number;
  readonly index: number;
  readonly commit: number;
  readonly reject: boolean;
}

interface Conf {
  readonly voters: readonly string[];
  readonly learners: readonly string[];
}

interface SpecEntry {
  readonly term: number;
  readonly conf?: Conf;
}

/** A message of the model: what it holds besides the kind depends on the kind. */
interface ModelMessage {
  readonly kind: 'vote' | 'vote-response' | 'append' | 'append-response';
  /** app, heartbeat or snapshot. */
  readonly subtype: string;
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly index: number;
  readonly logTerm: number;
  readonly commit: number;
  readonly entries: readonly SpecEntry[];
  readonly success: boolean;
}

interface Server {
  term: number;
  vote: string;
  role: string;
  log: SpecEntry[];
  commit: number;
  conf: Conf;
  votesGranted: Set<string>;
  match: Map<string, number>;
  pendingConfIndex: number;
  /** Sent, but not before the next Ready. */
  pending: ModelMessage[];
  durable: { term: number; vote: string; log: number; commit: number; conf: Conf };
  /** Past its bootstrap. */
  running: boolean;
}

const nobody = '0';
const bootstrapNames = new Set(['InitState', 'BecomeFollower', 'ApplyConfChange']);

const kinds: { readonly [type: string]: readonly [ModelMessage['kind'], string] } = {
  MsgVote: ['vote', ''],
  MsgVoteResp: ['vote-response', ''],
  MsgApp: ['append', 'app'],
  MsgHeartbeat: ['append', 'heartbeat'],
  MsgSnap: ['append', 'snapshot'],
  MsgAppResp: ['append-response', 'app'],
  MsgHeartbeatResp: ['append-response', 'heartbeat'],
};

/**
 * etcd-raft's TLA+ specification (tla/etcdraft.tla) and its trace validation (tla/Traceetcdraft.tla), as far as a
 * trace needs them: each line must be a step that the specification allows, from the state that the lines before led
 * to. It stands in for TLC, which needs Java and minutes.
 */
export class Specification {
  readonly #servers = new Map<string, Server>();
  /** The network: a bag. */
  readonly #messages: ModelMessage[] = [];
  #line: SpecLine | undefined;
  #previous = new Map<string, SpecLine>();

  follow(line: SpecLine): void {
    this.#line = line;
    if (!this.#bootstrap(line)) this.#step(line, this.#server(line.nid));
    this.#previous.set(line.nid, line);
  }

  /** What the specification calls LogInv, MoreThanOneLeaderInv and LogMatchingInv. */
  checkInvariants(): void {
    const servers = [...this.#servers.values()];
    for (const a of servers) {
      for (const b of servers) {
        if (a === b) continue;
        this.#check('one leader a term', !(a.role === b.role && isLeader(a) && a.term === b.term));
        const common = Math.min(a.commit, b.commit);
        this.#check(
          'committed logs agree',
          isDeepStrictEqual(a.log.slice(0, common), b.log.slice(0, common)),
        );
        for (let n = Math.min(a.log.length, b.log.length); n > 0; n--) {
          if (a.log[n - 1]!.term !== b.log[n - 1]!.term) continue;
          this.#check('logs match', isDeepStrictEqual(a.log.slice(0, n), b.log.slice(0, n)));
          break;
        }
      }
    }
  }

  #check(what: string, holds: boolean): void {
    if (!holds) throw new Error(`not a step of the specification (${what}): ${JSON.stringify(this.#line)}`);
  }

  #server(id: string): Server {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Error(`no server ${id}`);
    return server;
  }

  /** A server's first lines say where it begins. */
  #bootstrap({ name, nid, state, role, log, conf, prop }: SpecLine): boolean {
    const known = this.#servers.get(nid);
    if (known?.running === true) return false;
    if (!bootstrapNames.has(name)) {
      this.#check('a server begins with its initial state', known !== undefined);
      this.#server(nid).running = true;
      return false;
    }
    const voters = name === 'ApplyConfChange' ? prop!.cc!.newconf! : conf[0]!;
    const first = { voters, learners: [] };
    this.#servers.set(nid, {
      ...state,
      role,
      log: Array.from({ length: log }, () => ({ term: 1, conf: first })),
      conf: first,
      votesGranted: new Set(),
      match: new Map(),
      pendingConfIndex: 0,
      pending: [],
      durable: { ...state, log, conf: first },
      running: false,
    });
    return true;
  }

  #step(line: SpecLine, server: Server): void {
    const { name } = line;
    if (name.startsWith('Receive')) return this.#receive(line, server);
    if (name.startsWith('Send')) return this.#send(line, server);
    switch (name) {
      case 'InitState':
        this.#restart(server);
        return this.#checkState(server);
      case 'Ready':
        this.#messages.push(...server.pending.splice(0));
        server.durable = { ...server, log: server.log.length };
        return;
      case 'BecomeCandidate':
        this.#check('a voter campaigns', server.conf.voters.includes(line.nid) && !isLeader(server));
        Object.assign(server, { role: 'StateCandidate', term: server.term + 1, vote: line.nid });
        server.votesGranted = new Set();
        return this.#checkState(server);
      case 'BecomeLeader':
        this.#check('a majority voted', isQuorum(server.conf.voters, server.votesGranted));
        server.role = 'StateLeader';
        server.match = new Map([[line.nid, server.log.length]]);
        return this.#checkState(server);
      case 'BecomeFollower':
        if (this.#followsFromMessage(line)) return;
        this.#check('it did not follow', server.role !== 'StateFollower');
        server.role = 'StateFollower';
        return this.#checkState(server);
      case 'Replicate':
        this.#check('it leads', isLeader(server));
        server.log.push({ term: server.term });
        return;
      case 'ChangeConf':
        return this.#changeConf(line, server);
      case 'ApplyConfChange':
        return this.#applyConfChange(line, server);
      case 'Commit':
        this.#check('it leads', isLeader(server));
        server.commit = advanced(server);
        return this.#checkState(server);
      default:
        throw new Error(`unknown event ${name}`);
    }
  }

  #checkState({ term, vote, role, log, commit, conf }: Server): void {
    const { state, role: toldRole, log: length, conf: toldConf } = this.#line!;
    const told = { ...state, role: toldRole, log: length, voters: toldConf[0]! };
    const is = { term, vote, commit, role, log: log.length, voters: conf.voters };
    this.#check(`the state, ${JSON.stringify(is)}`, isDeepStrictEqual(told, is) && toldConf[1]!.length === 0);
  }

  #restart(server: Server): void {
    const { term, vote, log, commit, conf } = server.durable;
    Object.assign(server, {
      term,
      vote,
      commit,
      conf,
      role: 'StateFollower',
      pendingConfIndex: 0,
      pending: [],
    });
    server.log.length = Math.min(server.log.length, log);
    server.votesGranted = new Set();
    server.match = new Map();
  }

  /** Such a step was part of the receipt before it. */
  #followsFromMessage({ nid, state }: SpecLine): boolean {
    const before = this.#previous.get(nid);
    if (before?.msg === undefined || !before.name.startsWith('Receive') || before.msg.term !== state.term) {
      return false;
    }
    if (before.state.term < before.msg.term) return true;
    const same = before.state.term === before.msg.term;
    return same && before.name === 'ReceiveAppendEntriesRequest' && before.role === 'StateCandidate';
  }

  #changeConf({ prop }: SpecLine, server: Server): void {
    const { changes = [] } = prop!.cc!;
    this.#check('one change of a leader', isLeader(server) && changes.length === 1);
    const { nid, action } = changes[0]!;
    const { voters, learners } = server.conf;
    let conf = { voters: [...voters, nid].toSorted(), learners };
    if (action === 'AddNewServer') this.#check('it did not vote', !voters.includes(nid));
    else if (action === 'AddLearner') {
      this.#check('it was no member', !voters.includes(nid) && !learners.includes(nid));
      conf = { voters: [...voters], learners: [...learners, nid] };
    } else {
      const without = (members: readonly string[]): string[] => members.filter((member) => member !== nid);
      conf = { voters: without(voters), learners: without(learners) };
    }
    // One at a time: the model makes an ordinary entry of a second one.
    if (server.pendingConfIndex > 0) server.log.push({ term: server.term });
    else {
      server.log.push({ term: server.term, conf });
      server.pendingConfIndex = server.log.length;
    }
  }

  #applyConfChange({ prop }: SpecLine, server: Server): void {
    const at = server.log.findLastIndex(({ conf }, i) => conf !== undefined && i < server.commit);
    this.#check('a committed change', at >= 0);
    server.conf = server.log[at]!.conf!;
    this.#check('the new members', isDeepStrictEqual(server.conf.voters, prop!.cc!.newconf));
    if (isLeader(server) && server.pendingConfIndex > at) server.pendingConfIndex = 0;
  }

  #send(line: SpecLine, server: Server): void {
    const msg = line.msg!;
    const [kind, subtype] = kinds[msg.type]!;
    const { nid } = line;
    this.#check('its own message', msg.from === nid);
    if (kind.endsWith('response') && msg.to !== nid) return;
    const base = { kind, subtype, term: server.term, from: nid, to: msg.to, success: true };
    const nothing = { index: 0, logTerm: 0, commit: 0, entries: [] };
    let sent: ModelMessage;
    if (kind === 'vote' || kind === 'vote-response') {
      this.#check('a candidate', server.role === 'StateCandidate' && isMember(server, msg.to));
      const last = { index: server.log.length, logTerm: server.log.at(-1)?.term ?? 0 };
      sent = { ...base, ...nothing, ...(kind === 'vote' && last) };
    } else if (kind === 'append-response') {
      this.#check('a leader', isLeader(server));
      sent = { ...base, ...nothing, index: server.log.length };
    } else {
      this.#check('a leader, to a member', isLeader(server) && isMember(server, msg.to));
      sent = { ...base, ...this.#appendOf(server, msg, subtype) };
    }
    this.#check(`its message, ${JSON.stringify(sent)}`, isLike(sent, msg));
    server.pending.push(sent);
    this.#checkState(server);
  }

  #appendOf(server: Server, msg: SpecMessage, subtype: string) {
    const match = server.match.get(msg.to) ?? 0;
    if (subtype === 'heartbeat') {
      return { index: 0, logTerm: 0, entries: [], commit: Math.min(server.commit, match) };
    }
    const index = subtype === 'snapshot' ? 0 : msg.index;
    this.#check('not below what matches', subtype === 'snapshot' || index >= match);
    this.#check('a snapshot of what is committed', subtype !== 'snapshot' || msg.entries <= server.commit);
    const entries = server.log.slice(index, index + msg.entries);
    const commit = Math.min(server.commit, index + entries.length);
    return { index, logTerm: server.log[index - 1]?.term ?? 0, entries, commit };
  }

  #receive(line: SpecLine, server: Server): void {
    this.#checkState(server);
    const at = this.#messages.findIndex((message) => isLike(message, line.msg!));
    this.#check('a message that was sent', at >= 0);
    const [message] = this.#messages.splice(at, 1);
    this.#handle(server, message!);
  }

  #handle(server: Server, message: ModelMessage): void {
    const { kind, term, from } = message;
    if (term > server.term) Object.assign(server, { term, role: 'StateFollower', vote: nobody });
    if (kind === 'vote') return this.#handleVote(server, message);
    if (kind === 'append') return this.#handleAppend(server, message);
    if (term < server.term) return;
    if (kind === 'vote-response' && message.success) server.votesGranted.add(from);
    if (kind === 'append-response' && message.success) {
      server.match.set(from, Math.max(server.match.get(from) ?? 0, message.index));
    }
  }

  #handleVote(server: Server, { term, from, to, index, logTerm }: ModelMessage): void {
    const lastTerm = server.log.at(-1)?.term ?? 0;
    const logOk = logTerm > lastTerm || (logTerm === lastTerm && index >= server.log.length);
    const success = term === server.term && logOk && (server.vote === nobody || server.vote === from);
    if (success) server.vote = from;
    const answer = { kind: 'vote-response', subtype: '', term: server.term, from: to, to: from } as const;
    server.pending.push({ ...answer, index: 0, logTerm: 0, commit: 0, entries: [], success });
  }

  #handleAppend(server: Server, message: ModelMessage): void {
    const { subtype, term, from, to, index, logTerm, commit, entries } = message;
    const answer = { kind: 'append-response', term: server.term, from: to, to: from } as const;
    // The specification answers a snapshot by a subtype that no message has: traces with snapshots stop it there.
    const reply = (
      success: boolean,
      index: number,
      type = subtype === 'heartbeat' ? subtype : 'app',
    ): void => {
      server.pending.push({ ...answer, subtype: type, success, index, logTerm: 0, commit: 0, entries: [] });
    };
    if (term === server.term && server.role === 'StateCandidate') server.role = 'StateFollower';
    const logOk = index === 0 || server.log[index - 1]?.term === logTerm;
    if (term < server.term || !logOk) return reply(false, 0, 'app');
    this.#check('one leader a term', server.role === 'StateFollower');
    if (index + 1 <= server.commit) {
      const index = subtype === 'heartbeat' ? 0 : server.commit;
      if (subtype === 'heartbeat') server.commit = Math.max(server.commit, commit);
      return reply(true, index);
    }
    const conflict = entries.findIndex((entry, i) => server.log[index + i]?.term !== entry.term);
    if (conflict >= 0) server.log = [...server.log.slice(0, index + conflict), ...entries.slice(conflict)];
    const last = index + entries.length;
    server.commit = Math.max(server.commit, Math.min(commit, last));
    reply(true, last);
  }
}

function isLeader({ role }: Server): boolean {
  return role === 'StateLeader';
}

function isMember({ conf }: Server, id: string): boolean {
  return conf.voters.includes(id) || conf.learners.includes(id);
}

function isQuorum(voters: readonly string[], having: ReadonlySet<string>): boolean {
  return voters.filter((voter) => having.has(voter)).length * 2 > voters.length;
}

/** AdvanceCommitIndex: what a majority has, if it is of the leader's term. */
function advanced({ log, match, conf, term, commit }: Server): number {
  for (let index = log.length; index > commit; index--) {
    const having = new Set(conf.voters.filter((voter) => (match.get(voter) ?? 0) >= index));
    if (isQuorum(conf.voters, having)) return log[index - 1]!.term === term ? index : commit;
  }
  return commit;
}

/** What trace validation compares of a message and a line. */
function isLike(message: ModelMessage, msg: SpecMessage): boolean {
  const [kind, subtype] = kinds[msg.type]!;
  const { term, from, to, success } = message;
  if (kind !== message.kind || subtype !== message.subtype) return false;
  if (term !== msg.term || from !== msg.from || to !== msg.to) return false;
  switch (kind) {
    case 'vote':
      return message.index === msg.index && message.logTerm === msg.logTerm;
    case 'vote-response':
      return success === !msg.reject;
    case 'append':
      if (message.entries.length !== msg.entries) return false;
      if (subtype !== 'snapshot' && message.commit !== msg.commit) return false;
      return subtype === 'heartbeat' || (message.index === msg.index && message.logTerm === msg.logTerm);
    case 'append-response':
      if (success !== !msg.reject) return false;
      return msg.reject || subtype === 'heartbeat' || message.index === msg.index;
  }
}
