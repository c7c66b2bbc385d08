import type { Message } from '../../src/raft/messages.ts';
import { memberId } from '../../src/raft/types.ts';
import type { ConfChange, MemberId } from '../../src/raft/types.ts';
import {
  describeLogEntry,
  describeMessage,
  describeProgress,
  describeReady,
  describeState,
  describeTrace,
} from './describe.ts';
import { TestMember, id } from './network.ts';

const electionTicks = 3;

/** A command line: `deliver-msgs 2 drop=(1,3)`. */
interface Command {
  readonly name: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

function parse(line: string): Command {
  const [name = '', ...rest] = line.split(/\s+/);
  const words: string[] = [];
  const options = new Map<string, readonly string[]>();
  for (const word of rest) {
    const match = /^([a-z-]+)=\(?([^)]*)\)?$/.exec(word);
    if (match === null) words.push(word);
    else options.set(match[1]!, match[2]!.split(','));
  }
  return { name, words, options };
}

/** The members of one transcript and the messages between them; each command returns what it showed. */
export class Interaction {
  readonly #members: TestMember[] = [];
  #inFlight: Message[] = [];
  #output: string[] = [];

  run(line: string): string[] {
    this.#output = [];
    this.#execute(parse(line));
    for (const member of this.#members) member.node.checkInvariants();
    return this.#output.length === 0 ? ['ok'] : this.#output;
  }

  #execute(command: Command): void {
    const { name, words, options } = command;
    const member = (): TestMember => this.#member(words[0]);
    switch (name) {
      case 'add-nodes':
        return this.#addNodes(Number(words[0]), options);
      case 'seed-log':
        member().seed(options.get('terms')!.map(Number));
        return;
      case 'campaign':
        return member().node.campaign();
      case 'propose':
        this.#output.push(member().propose(words[1]!));
        return;
      case 'propose-conf-change': {
        const change = { type: words[1] as ConfChange['type'], member: memberId(words[2]!) };
        this.#output.push(member().node.proposeConfChange(change));
        return;
      }
      case 'read-index':
        this.#output.push(member().node.readIndex(words[1]!));
        return;
      case 'transfer-leadership':
        return member().node.transferLeader(memberId(words[1]!));
      case 'report-unreachable':
        return member().node.reportUnreachable(memberId(words[1]!));
      case 'tick-heartbeat':
        return member().node.tick();
      case 'tick-election':
        for (let i = 0; i < electionTicks; i++) member().node.tick();
        return;
      case 'process-ready':
        return this.#processReady(member());
      case 'deliver-msgs':
        this.#deliver(member(), (options.get('drop') ?? []).map(memberId));
        return;
      case 'stabilize':
        return this.#stabilize(words.length === 0 ? this.#members : words.map((word) => this.#member(word)));
      case 'compact':
        return member().compact();
      case 'restart':
        return member().restart();
      case 'raft-log':
        return this.#showLog(member());
      case 'raft-state':
        for (const { node } of this.#members) this.#output.push(describeState(node.status()));
        return;
      case 'status':
        this.#output.push(...member().node.status().progress.map(describeProgress));
        return;
      default:
        throw new Error(`unknown command ${name}`);
    }
  }

  #member(word: string | undefined): TestMember {
    const found = this.#members.find((member) => member.id === word);
    if (found === undefined) throw new Error(`no member ${word}`);
    return found;
  }

  /** With `voters` the new members found the cluster; without, they wait to be told of it. */
  #addNodes(count: number, options: Command['options']): void {
    const is = (name: string): boolean => options.get(name)?.[0] === 'true';
    for (let i = 0; i < count; i++) {
      const voters = options.get('voters')?.map(memberId);
      this.#members.push(
        new TestMember(id(this.#members.length + 1), {
          electionTicks,
          preVote: is('prevote'),
          checkQuorum: is('checkquorum'),
          inflightMessagesMax: Number(options.get('inflight')?.[0] ?? 256),
          trace: (event) => this.#output.push(describeTrace(event)),
          ...(voters !== undefined && { voters, bootstrap: true }),
          learners: options.get('learners')?.map(memberId) ?? [],
        }),
      );
    }
  }

  #processReady(member: TestMember): void {
    if (!member.node.hasReady()) {
      this.#output.push('<empty Ready>');
      return;
    }
    const ready = member.node.ready();
    this.#output.push(...describeReady(ready));
    member.persist(ready);
    member.apply(ready);
    member.node.advance();
    this.#inFlight.push(...ready.messagesBeforeSync, ...ready.messages);
  }

  #deliver(member: TestMember, dropFrom: readonly MemberId[]): void {
    const messages = this.#inFlight.filter((message) => message.to === member.id);
    this.#inFlight = this.#inFlight.filter((message) => message.to !== member.id);
    for (const message of messages) {
      const dropped = dropFrom.includes(message.from);
      this.#output.push(`${dropped ? 'dropped: ' : ''}${describeMessage(message)}`);
      if (!dropped) member.node.step(message);
    }
  }

  /** Until nothing moves: every Ready in member order, then every delivery in member order. */
  #stabilize(members: readonly TestMember[]): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const member of members) {
        if (!member.node.hasReady()) continue;
        moved = true;
        this.#nested(`> ${member.id} handling Ready`, () => this.#processReady(member));
      }
      for (const member of members) {
        if (!this.#inFlight.some((message) => message.to === member.id)) continue;
        moved = true;
        this.#nested(`> ${member.id} receiving messages`, () => this.#deliver(member, []));
      }
    }
  }

  #nested(title: string, show: () => void): void {
    const outer = this.#output;
    this.#output = [];
    show();
    outer.push(title, ...this.#output.map((line) => `  ${line}`));
    this.#output = outer;
  }

  #showLog({ storage }: TestMember): void {
    const first = storage.firstIndex();
    const entries = storage.entries(first, (storage.lastIndex() + 1) as never, Infinity);
    if (!entries.ok) throw new Error(entries.error);
    if (entries.value.length === 0) this.#output.push(`log is empty: first index=${first}`);
    this.#output.push(...entries.value.map(describeLogEntry));
  }
}
