import { leaveJointChange } from '../../src/raft/conf-change.ts';
import type { Message, MsgStorageAppend, MsgStorageApply } from '../../src/raft/messages.ts';
import type { Ready } from '../../src/raft/ready.ts';
import type { ConfChange, ConfChangeV2, ConfState, MemberId } from '../../src/raft/types.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import { TestMember, generator, ids } from './network.ts';
import { Witness } from './witness.ts';

/** In either majority: a leader that an explicit joint change removes leads until that is left. */
function isVoter({ voters, votersOutgoing = [] }: ConfState, member: MemberId): boolean {
  return voters.includes(member) || votersOutgoing.includes(member);
}

function queueOf<T>(queues: Map<MemberId, T[]>, member: MemberId): T[] {
  const queue = queues.get(member) ?? [];
  queues.set(member, queue);
  return queue;
}

/** How often each move is made, of a thousand. */
const moves = [
  ['deliver', 400],
  ['beginWrite', 150],
  ['endWrite', 160],
  ['tick', 110],
  ['propose', 58],
  ['read', 30],
  ['setAside', 12],
  ['bringBack', 12],
  ['proposeConfChange', 7],
  ['crash', 5],
  ['isolate', 2],
  ['transfer', 8],
  ['reportUnreachable', 10],
  ['reportSnapshot', 10],
  ['forgetLeader', 3],
  ['campaign', 3],
  ['compact', 20],
] as const;

type Move = (typeof moves)[number][0];

function moveOf(dice: number): Move {
  let left = dice;
  for (const [move, weight] of moves) {
    if (left < weight) return move;
    left -= weight;
  }
  throw new Error('the moves are a thousand');
}

/**
 * A hostile world: slow disks, lossy, doubling, reordering links, messages that come back after ages, crashes with
 * writes half done, partitions, membership changes. Each step draws from a number of its own, so that a story stays
 * much the same when steps are left out.
 */
export class World {
  #random: (bound: number) => number;
  readonly witness: Witness;
  readonly #members: TestMember[];
  /** Readys whose disk write is under way. */
  readonly #writing = new Map<MemberId, Ready>();
  /** With asynchronous storage writes: what the two threads of each member have before them. */
  readonly #appends = new Map<MemberId, MsgStorageAppend[]>();
  readonly #applies = new Map<MemberId, MsgStorageApply[]>();
  readonly #async: boolean;
  #inFlight: Message[] = [];
  /** Forgotten in some queue; they arrive when nobody expects them any more. */
  readonly #aside: Message[] = [];
  #isolated: MemberId | undefined;
  #count = 0;
  /** What kind of world it is: how slow its disks are, how fast its time, how often members come and go. */
  readonly #stepsPerWrite: number;
  readonly #ticksPerTick: number;
  readonly #restless: boolean;
  /** Became leader, and what that rests on is still being written. */
  readonly #leading = new Set<MemberId>();

  constructor(seed: number) {
    this.#random = generator(seed);
    this.#async = this.#chance(2);
    this.#stepsPerWrite = this.#pick([1, 1, 4, 10]);
    this.#ticksPerTick = this.#pick([1, 1, 2, 5]);
    this.#restless = this.#chance(3);
    const founders = ids(...this.#pick([[1], [1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3, 4, 5]]));
    const maxSize = this.#chance(2) ? 60 : 1 << 20;
    const options = {
      electionTicks: 5,
      preVote: this.#chance(2),
      checkQuorum: this.#chance(2),
      maxSizePerMessageBytes: maxSize,
      inflightMessagesMax: this.#chance(2) ? 2 : 64,
      ...(this.#chance(3) && { inflightBytesMax: maxSize + 40 }),
      ...(this.#chance(3) && { committedBytesMax: 40 }),
      ...(this.#chance(3) && { uncommittedBytesMax: 20 }),
      stepDownOnRemoval: !this.#chance(4),
      disableProposalForwarding: this.#chance(5),
      asyncStorageWrites: this.#async,
      randomInteger: generator(seed + 1),
    };
    this.#members = ids(1, 2, 3, 4, 5, 6).map((member) =>
      founders.includes(member)
        ? new TestMember(member, { ...options, voters: founders, bootstrap: true })
        : new TestMember(member, options),
    );
    this.witness = new Witness(this.#members);
  }

  #chance(oneIn: number): boolean {
    return this.#random(oneIn) === 0;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random(values.length)]!;
  }

  step(dice: number): void {
    this.#random = generator(dice);
    this.#count++;
    const member = this.#pick(this.#members);
    this.#move(moveOf(this.#random(1000)), member);
    this.witness.look(member);
  }

  #move(move: Move, member: TestMember): void {
    const { node } = member;
    switch (move) {
      case 'deliver':
        return this.#deliverOne();
      case 'beginWrite':
        return this.#beginWrite(member);
      case 'endWrite':
        if (this.#chance(this.#stepsPerWrite)) this.#endWrite(member);
        return;
      case 'tick':
        for (let i = 0; i < this.#ticksPerTick; i++) node.tick();
        return;
      case 'propose':
        if (this.#restless && this.#chance(4)) this.#proposeConfChange(member);
        if (this.#chance(8)) node.proposeAll([encodeUtf8(`p${this.#count}`), encodeUtf8('and another')]);
        else member.propose(`p${this.#count}`);
        return;
      case 'read':
        this.witness.reads(`r${this.#count}`);
        node.readIndex(`r${this.#count}`);
        return;
      case 'setAside':
        if (this.#inFlight.length > 0) this.#aside.push(...this.#takeOne());
        return;
      case 'bringBack':
        if (this.#aside.length > 0) this.#inFlight.unshift(this.#pick(this.#aside));
        return;
      case 'proposeConfChange':
        return this.#proposeConfChange(member);
      case 'crash':
        return this.#crash(member);
      case 'isolate':
        this.#isolated = this.#chance(2) ? undefined : member.id;
        return;
      case 'transfer':
        return node.transferLeader(this.#pick(this.#members).id);
      case 'reportUnreachable':
        return node.reportUnreachable(this.#pick(this.#members).id);
      case 'reportSnapshot':
        return node.reportSnapshot(this.#pick(this.#members).id, this.#chance(2));
      case 'forgetLeader':
        return node.forgetLeader();
      case 'campaign':
        return node.campaign();
      case 'compact':
        if (this.#chance(2) && !this.#isWriting(member)) member.compact(this.#random(4));
        return;
    }
  }

  #isWriting({ id }: TestMember): boolean {
    return this.#writing.has(id) || queueOf(this.#appends, id).length > 0;
  }

  #takeOne(): Message[] {
    return this.#inFlight.splice(this.#random(Math.min(this.#inFlight.length, 8)), 1);
  }

  #deliverOne(): void {
    const [message] = this.#inFlight.length > 0 ? this.#takeOne() : [];
    if (message === undefined) return;
    // One in ten is delivered and stays in flight: it will come again, later.
    if (this.#chance(10)) this.#inFlight.push(message);
    if (this.#chance(10) || message.from === this.#isolated || message.to === this.#isolated) return;
    this.#deliver(message);
  }

  #deliver(message: Message): void {
    const member = this.#members.find(({ id }) => id === message.to);
    if (member === undefined) return;
    member.node.step(message);
    this.witness.look(member);
  }

  #beginWrite(member: TestMember): void {
    if (!member.node.hasReady()) return;
    const ready = member.node.ready();
    this.#inFlight.push(...ready.messagesBeforeSync);
    if (this.#async) {
      if (ready.append !== undefined) queueOf(this.#appends, member.id).push(ready.append);
      if (ready.apply !== undefined) queueOf(this.#applies, member.id).push(ready.apply);
      if (ready.softState?.role === 'leader') this.#leading.add(member.id);
      this.witness.serves(ready);
      return;
    }
    this.#writing.set(member.id, ready);
  }

  /** One of the two threads gets on, whichever. */
  #advanceThread(member: TestMember): void {
    const appends = queueOf(this.#appends, member.id);
    const applies = queueOf(this.#applies, member.id);
    // A snapshot replaces the state machine: nothing older may be applied to it afterwards.
    const applyFirst = appends[0]?.snapshot !== undefined || this.#chance(2);
    if (applies.length > 0 && (applyFirst || appends.length === 0)) {
      const apply = applies.shift()!;
      this.witness.applies(member, apply.entries);
      member.applyAsync(apply);
      return;
    }
    const append = appends.shift();
    if (append === undefined) return;
    this.witness.appends(member, append);
    this.#inFlight.push(...member.write(append));
    this.witness.changesOneByOne(member);
    if (appends.length === 0 && this.#leading.delete(member.id)) this.witness.completes(member);
  }

  #endWrite(member: TestMember): void {
    this.witness.look(member);
    if (this.#async) return this.#advanceThread(member);
    const ready = this.#writing.get(member.id);
    if (ready === undefined) return;
    this.#writing.delete(member.id);
    this.witness.appends(member, ready);
    member.persist(ready);
    this.witness.changesOneByOne(member);
    if (ready.softState?.role === 'leader') this.witness.completes(member);
    this.#inFlight.push(...ready.messages);
    this.witness.applies(member, ready.committedEntries);
    member.apply(ready);
    member.node.advance();
    this.witness.serves(ready);
  }

  #proposeConfChange(member: TestMember): void {
    const type = this.#pick<ConfChange['type']>(['add-voter', 'add-voter', 'add-learner', 'remove']);
    const step = { type, member: this.#pick(this.#members).id };
    if (this.#chance(2)) {
      member.node.proposeConfChange(step);
      return;
    }
    const transition = this.#pick<ConfChangeV2['transition']>(['auto', 'joint-implicit', 'joint-explicit']);
    const other = { type: this.#pick<ConfChange['type']>(['add-voter', 'add-learner', 'remove']) };
    const changes = [step, { ...other, member: this.#pick(this.#members).id }];
    member.node.proposeConfChange(this.#chance(3) ? leaveJointChange : { transition, changes });
  }

  /** What was being written is lost, or the first of it is durable and nobody was told. */
  #crash(member: TestMember): void {
    const { id } = member;
    const write = this.#async ? queueOf(this.#appends, id)[0] : this.#writing.get(id);
    const written = write !== undefined && this.#chance(2);
    if (written) {
      this.witness.appends(member, write);
      member.persist(write);
    }
    this.#writing.delete(id);
    this.#appends.delete(id);
    this.#applies.delete(id);
    this.#leading.delete(id);
    const replaced = written && write.snapshot !== undefined;
    if (!replaced && this.#chance(2)) member.restart();
    else member.restartFromSnapshot();
    this.witness.restarts(member);
  }

  /** The storm is over: a leader must be found, and all its members must catch up. */
  calm(): void {
    this.#isolated = undefined;
    this.#aside.length = 0;
    for (let round = 0; round < 2000; round++) {
      this.#random = generator(round);
      for (const member of this.#members) {
        // Its operator stops a leader that was removed and leads on (`stepDownOnRemoval`).
        if (member.node.role === 'leader' && !isVoter(member.confState, member.id)) this.#crash(member);
        member.node.tick();
        this.#endWrite(member);
        for (let i = 0; i < 5 && member.node.hasReady(); i++) {
          this.#beginWrite(member);
          for (let j = 0; j < (this.#async ? 4 : 1); j++) this.#endWrite(member);
        }
        this.witness.look(member);
      }
      for (const message of this.#inFlight.splice(0)) this.#deliver(message);
      if (this.#converged()) return;
    }
    throw new Error(`no convergence: ${JSON.stringify(this.#members.map((member) => member.node.status()))}`);
  }

  #converged(): boolean {
    // A removed member that has not heard of it may campaign for ever; it has no say.
    const leader = this.#members
      .filter((member) => member.node.role === 'leader' && isVoter(member.confState, member.id))
      .toSorted((a, b) => b.node.term - a.node.term)[0];
    if (leader === undefined) return false;
    const { confState } = leader;
    const all = this.#members.filter(({ id }) => isVoter(confState, id) || confState.learners.includes(id));
    if (all.every((member) => member.applied.at(-1)?.endsWith(' last') === true)) return true;
    if (leader.applied.at(-1)?.endsWith(' last') !== true) leader.propose('last');
    return false;
  }
}
