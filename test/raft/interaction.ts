import { encodeUtf8 } from '../../src/base/bytes.ts';
import { emptySnapshot } from '../../src/raft/storage.ts';
import { index, memberId } from '../../src/raft/types.ts';
import type { ConfChangeV2, MemberId } from '../../src/raft/types.ts';
import { members, parseSteps } from './data-driven.ts';
import type { Command } from './data-driven.ts';
import {
  describeLogEntry,
  describeMessage,
  describeProgress,
  describeReady,
  describeState,
  describeTrace,
} from './describe.ts';
import type { Traffic } from './describe.ts';
import { InteractionNode } from './interaction-node.ts';
import { id } from './network.ts';

const electionTicks = 3;
const heartbeatTicks = 1;

/** The members of one transcript and the messages between them: etcd's interaction environment, its 21 commands. */
export class Interaction {
  readonly #nodes: InteractionNode[] = [];
  #inFlight: Exclude<Traffic, { type: 'MsgStorageAppend' | 'MsgStorageApply' }>[] = [];
  #output: string[] = [];
  #quiet = false;

  run(command: Command): readonly string[] {
    this.#output = [];
    const { name, options } = command;
    const quiet = this.#quiet || options.get('log-level')?.[0] === 'none';
    this.#execute(command);
    for (const { node } of this.#nodes) node.checkInvariants();
    return quiet && this.#output.length > 0 && !name.startsWith('raft-') && name !== 'status'
      ? ['ok (quiet)']
      : this.#output;
  }

  #execute(command: Command): void {
    const { name, words, options } = command;
    const at = (): InteractionNode => this.#node(words[0]);
    const other = (): MemberId => memberId(words[1]!);
    switch (name) {
      case 'log-level':
        this.#quiet = words[0] === 'none';
        return;
      case 'add-nodes':
        return this.#addNodes(Number(words[0]), options);
      case 'set-randomized-election-timeout':
        // Drawn at the next change of role or term: the node's own is private.
        at().timeoutOffset = Number(options.get('timeout')![0]) - electionTicks;
        return;
      case 'campaign':
        return at().node.campaign();
      case 'propose':
        return this.#proposal(at().node.propose(encodeUtf8(words[1]!)));
      case 'propose-conf-change':
        return this.#proposeConfChange(at(), command);
      // Not one of etcd's commands: it has no reads in its transcripts.
      case 'read-index':
        return this.#proposal(at().node.readIndex(words[1]!));
      case 'transfer-leadership':
        return this.#node(options.get('from')![0]).node.transferLeader(memberId(options.get('to')![0]!));
      case 'forget-leader':
        return at().node.forgetLeader();
      case 'report-unreachable':
        return at().node.reportUnreachable(other());
      case 'send-snapshot': {
        const message = {
          type: 'MsgSnap',
          from: at().id,
          to: other(),
          term: at().node.term,
          snapshot: at().snapshot(),
        } as const;
        this.#inFlight.push(message);
        this.#output.push(...describeMessage(message));
        return;
      }
      case 'tick-heartbeat':
        for (let i = 0; i < heartbeatTicks; i++) at().node.tick();
        return;
      case 'tick-election':
        for (let i = 0; i < electionTicks; i++) at().node.tick();
        return;
      case 'process-ready':
        return this.#each(words, (node) => this.#processReady(node), 'handling Ready');
      case 'process-append-thread':
        return this.#each(words, (node) => this.#processAppend(node), 'processing append thread');
      case 'process-apply-thread':
        return this.#each(words, (node) => this.#processApply(node), 'processing apply thread');
      case 'deliver-msgs':
        return this.#deliverAll(words, options);
      case 'stabilize':
        return this.#stabilize(words.length === 0 ? this.#nodes : words.map((word) => this.#node(word)));
      case 'compact':
        return at().compact(Number(words[1]));
      case 'raft-log':
        return this.#showLog(at());
      case 'raft-state':
        for (const { node } of this.#nodes) this.#output.push(describeState(node.status()));
        return;
      case 'status':
        this.#output.push(...at().node.status().progress.map(describeProgress));
        return;
      default:
        throw new Error(`unknown command ${name}`);
    }
  }

  #node(word: string | undefined): InteractionNode {
    const found = this.#nodes.find((node) => node.id === word);
    if (found === undefined) throw new Error(`no member ${word}`);
    return found;
  }

  #proposal(result: 'accepted' | 'dropped'): void {
    if (result === 'dropped') this.#output.push('dropped');
  }

  /** With `voters` and `index` the new members found the cluster; without, they wait to be told of it. */
  #addNodes(count: number, options: Command['options']): void {
    const is = (name: string): boolean => options.get(name)?.[0] === 'true';
    const number = (name: string): number | undefined =>
      options.has(name) ? Number(options.get(name)![0]) : undefined;
    const first = number('index') ?? 0;
    if (options.has('voters') !== first > 1) throw new Error('founders need voters and an index above 1');
    const confState = { voters: members(options.get('voters')), learners: members(options.get('learners')) };
    const snapshot = {
      metadata: { ...emptySnapshot.metadata, index: index(first), confState },
      data: encodeUtf8(options.get('content')?.[0] ?? ''),
    };
    for (let i = 0; i < count; i++) {
      const committedBytesMax = number('max-committed-size-per-ready');
      this.#nodes.push(
        new InteractionNode(id(this.#nodes.length + 1), snapshot, {
          electionTicks,
          heartbeatTicks,
          preVote: is('prevote'),
          checkQuorum: is('checkquorum'),
          asyncStorageWrites: is('async-storage-writes'),
          disableConfChangeValidation: is('disable-conf-change-validation'),
          stepDownOnRemoval: is('step-down-on-removal'),
          readOnly: options.get('read-only')?.[0] === 'lease-based' ? 'lease-based' : 'safe',
          inflightMessagesMax: number('inflight') ?? 1 << 30,
          maxSizePerMessageBytes: 1 << 30,
          uncommittedBytesMax: 1 << 30,
          ...(committedBytesMax !== undefined && { committedBytesMax }),
          trace: (event) => this.#output.push(describeTrace(event)),
        }),
      );
    }
  }

  #proposeConfChange({ node }: InteractionNode, { options, input }: Command): void {
    const changes = parseSteps(input.join(' '));
    const [only, ...more] = changes;
    if (options.get('v1')?.[0] === 'true') {
      if (only === undefined || more.length > 0) throw new Error('a V1 change has one step');
      return this.#proposal(node.proposeConfChange(only));
    }
    const named = options.get('transition')?.[0] ?? 'auto';
    const transition = named === 'auto' ? 'auto' : `joint-${named}`;
    this.#proposal(node.proposeConfChange({ transition: transition as ConfChangeV2['transition'], changes }));
  }

  /** One node plainly, several each below its title. */
  #each(words: readonly string[], run: (node: InteractionNode) => void, title: string): void {
    for (const word of words) {
      const node = this.#node(word);
      if (words.length === 1) run(node);
      else this.#nested(`> ${node.id} ${title}`, () => run(node));
    }
  }

  #processReady(member: InteractionNode): void {
    if (!member.node.hasReady()) {
      this.#output.push('<empty Ready>');
      return;
    }
    const ready = member.node.ready();
    this.#output.push(...describeReady(ready, member.asynchronous));
    this.#inFlight.push(...(member.asynchronous ? member.enqueue(ready) : member.handle(ready)));
  }

  #processAppend(member: InteractionNode): void {
    const append = member.appends.shift();
    if (append === undefined) this.#output.push('no append work to perform');
    else this.#answer(append, () => member.write(append));
  }

  #processApply(member: InteractionNode): void {
    const apply = member.applies.shift();
    if (apply === undefined) this.#output.push('no apply work to perform');
    else this.#answer(apply, () => member.apply(apply));
  }

  #answer(
    work: Extract<Traffic, { responses: unknown }>,
    perform: () => readonly Exclude<Traffic, { responses: unknown }>[],
  ): void {
    const { responses: _, ...described } = work;
    this.#output.push('Processing:', ...describeMessage({ ...described, responses: [] } as Traffic));
    const responses = perform();
    if (responses.length > 0) this.#output.push('Responses:', ...responses.flatMap(describeMessage));
    this.#inFlight.push(...responses);
  }

  /** To the members named; `drop` names members whose messages are lost, `type` picks of both. */
  #deliverAll(words: readonly string[], options: Command['options']): void {
    const type = options.get('type')?.[0];
    const drop = members(options.get('drop'));
    let count = 0;
    for (const to of words.map(memberId)) count += this.#deliver(to, false, type);
    for (const to of drop) count += this.#deliver(to, true, type);
    if (count === 0) this.#output.push('no messages');
  }

  #deliver(to: MemberId, drop: boolean, type?: string): number {
    const wanted = (message: { to: string; type: string }): boolean =>
      message.to === to && (type === undefined || message.type === type);
    const messages = this.#inFlight.filter(wanted);
    this.#inFlight = this.#inFlight.filter((message) => !wanted(message));
    for (const message of messages) {
      const [first, ...rest] = describeMessage(message);
      this.#output.push(`${drop ? 'dropped: ' : ''}${first}`, ...rest);
      if (!drop) this.#node(to).node.step(message);
    }
    return messages.length;
  }

  /** Until nothing moves, each in member order: Readys, deliveries, the append threads, the apply threads. */
  #stabilize(nodes: readonly InteractionNode[]): void {
    const phases: readonly {
      readonly title: string;
      readonly has: (node: InteractionNode) => boolean;
      readonly run: (node: InteractionNode) => void;
    }[] = [
      {
        title: 'handling Ready',
        has: ({ node }) => node.hasReady(),
        run: (node) => this.#processReady(node),
      },
      {
        title: 'receiving messages',
        has: (node) => this.#inFlight.some((message) => message.to === node.id),
        run: (node) => this.#deliver(node.id, false),
      },
      {
        title: 'processing append thread',
        has: ({ appends }) => appends.length > 0,
        run: (node) => this.#processAppend(node),
      },
      {
        title: 'processing apply thread',
        has: ({ applies }) => applies.length > 0,
        run: (node) => this.#processApply(node),
      },
    ];
    for (let moved = true; moved;) {
      moved = false;
      for (const { title, has, run } of phases) {
        for (const node of nodes) {
          if (!has(node)) continue;
          moved = true;
          this.#nested(`> ${node.id} ${title}`, () => run(node));
        }
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

  #showLog({ storage }: InteractionNode): void {
    const first = storage.firstIndex();
    const last = storage.lastIndex();
    const entries = storage.entries(first, index(last + 1), Infinity);
    if (!entries.ok) throw new Error(entries.error);
    if (entries.value.length === 0) {
      this.#output.push(`log is empty: first index=${first}, last index=${last}`);
    }
    this.#output.push(...entries.value.map(describeLogEntry));
  }
}
