import { expect } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { applyToConfState, decodeConfChangeV2 } from '../../src/raft/conf-change.ts';
import type { Config } from '../../src/raft/config.ts';
import type { Message, MsgStorageAppend, MsgStorageApply } from '../../src/raft/messages.ts';
import { RawNode } from '../../src/raft/raw-node.ts';
import type { ReadState, Ready } from '../../src/raft/ready.ts';
import { MemoryStorage, bootstrapSnapshot, emptySnapshot } from '../../src/raft/storage.ts';
import type { TraceEvent } from '../../src/raft/trace.ts';
import { index, memberId, term } from '../../src/raft/types.ts';
import type { ConfState, Entry, HardState, Index, MemberId, Snapshot } from '../../src/raft/types.ts';

export const id = (value: number): MemberId => memberId(value.toString(16));

export const ids = (...values: number[]): MemberId[] => values.map(id);

/** A small generator for tests: mulberry32. */
export function generator(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

export interface MemberOptions extends Partial<Config> {
  readonly voters?: readonly MemberId[];
  readonly learners?: readonly MemberId[];
  /** Found the cluster at index 1, so that others can join; else the log begins at 1, as in the paper. */
  readonly bootstrap?: boolean;
}

/** A member with the smallest driver that keeps the four duties: its state machine is the list of entries. */
export class TestMember {
  readonly id: MemberId;
  readonly storage: MemoryStorage;
  /** Applied entries, in order, as `index/term data`; a snapshot carries the list. */
  applied: string[] = [];
  appliedIndex = index(0);
  confState: ConfState;
  readonly reads: ReadState[] = [];
  readonly trace: TraceEvent[] = [];
  node: RawNode;
  readonly #options: MemberOptions;

  constructor(id: MemberId, options: MemberOptions = {}) {
    this.id = id;
    this.#options = options;
    this.confState = { voters: options.voters ?? [], learners: options.learners ?? [] };
    const metadata = { ...emptySnapshot.metadata, confState: this.confState };
    this.storage = new MemoryStorage(
      options.bootstrap === true
        ? bootstrapSnapshot(this.confState, encodeState([]))
        : { metadata, data: encodeState([]) },
    );
    this.appliedIndex = index(this.storage.firstIndex() - 1);
    this.node = this.#start();
  }

  #start(): RawNode {
    return new RawNode({
      id: this.id,
      electionTicks: 10,
      heartbeatTicks: 1,
      preVote: false,
      checkQuorum: false,
      maxSizePerMessageBytes: 1 << 20,
      inflightMessagesMax: 64,
      uncommittedBytesMax: 1 << 30,
      randomInteger: () => 0,
      trace: (event) => this.trace.push(event),
      ...this.#options,
      storage: this.storage,
      applied: this.appliedIndex,
    });
  }

  /** As `restart`, with a state machine that is only as durable as its snapshot. */
  restartFromSnapshot(): void {
    const snapshot = this.storage.snapshot();
    if (!snapshot.ok) throw new Error(snapshot.error);
    this.#restoreState(snapshot.value);
    this.restart();
  }

  #restoreState({ metadata, data }: Snapshot): void {
    this.applied = JSON.parse(decodeUtf8(data)) as string[];
    this.appliedIndex = metadata.index;
    this.confState = metadata.confState;
  }

  /** A crash: what Storage holds is what was durable, the state machine is durable with its index. */
  restart(): void {
    this.storage.setConfState(this.confState);
    this.node = this.#start();
  }

  /** Duty 1. */
  persist(ready: Pick<Ready, 'snapshot' | 'entries' | 'hardState'>): void {
    if (ready.snapshot !== undefined) this.storage.applySnapshot(ready.snapshot);
    this.storage.append(ready.entries);
    if (ready.hardState !== undefined) this.storage.setHardState(ready.hardState);
  }

  /** Duty 3. */
  apply(ready: Pick<Ready, 'snapshot' | 'committedEntries' | 'readStates'>): void {
    if (ready.snapshot !== undefined) this.#restoreState(ready.snapshot);
    for (const entry of ready.committedEntries) this.#applyEntry(entry);
    this.reads.push(...ready.readStates);
  }

  #applyEntry(entry: Entry): void {
    expect(entry.index).toBe(this.appliedIndex + 1);
    this.appliedIndex = entry.index;
    this.applied.push(describeEntry(entry));
    if (entry.type !== 'conf-change') return;
    const change = decodeConfChangeV2(entry.data);
    const expected = applyToConfState(this.confState, change);
    this.confState = this.node.applyConfChange(change);
    expect(this.confState).toEqual(expected);
  }

  /** All four duties at once. Returns what to send. */
  handleReady(): Message[] {
    const ready = this.node.ready();
    if (this.#options.asyncStorageWrites === true) return this.#handleAsync(ready);
    this.persist(ready);
    this.apply(ready);
    this.node.advance();
    return [...ready.messagesBeforeSync, ...ready.messages];
  }

  #handleAsync(ready: Ready): Message[] {
    const out = [...ready.messagesBeforeSync];
    if (ready.append !== undefined) out.push(...this.write(ready.append));
    this.reads.push(...ready.readStates);
    if (ready.apply !== undefined) this.applyAsync(ready.apply);
    return out;
  }

  /** The append thread. Returns what goes to others. */
  write(append: MsgStorageAppend): Message[] {
    this.persist(append);
    if (append.snapshot !== undefined) this.#restoreState(append.snapshot);
    const out: Message[] = [];
    for (const response of append.responses) {
      if (response.type === 'MsgStorageAppendResp') this.node.step(response);
      else out.push(response);
    }
    return out;
  }

  /** The apply thread. */
  applyAsync(apply: MsgStorageApply): void {
    for (const entry of apply.entries) this.#applyEntry(entry);
    for (const response of apply.responses) this.node.step(response);
  }

  /** Snapshots the state machine and compacts the log up to it, keeping `trailing` entries. */
  compact(trailing = 0): void {
    this.storage.createSnapshot(this.appliedIndex, this.confState, encodeUtf8(JSON.stringify(this.applied)));
    this.storage.compact(index(Math.max(0, this.appliedIndex - trailing)));
  }

  propose(text: string): 'accepted' | 'dropped' {
    return this.node.propose(encodeUtf8(text));
  }

  /** The stored log as `index/term data`. */
  log(): string[] {
    const lo = this.storage.firstIndex();
    const stored = this.storage.entries(lo, index(this.storage.lastIndex() + 1), Infinity);
    if (!stored.ok) throw new Error(stored.error);
    return stored.value.map(describeEntry);
  }

  /** Puts the member where a history left it, before it hears anything. */
  seed(terms: readonly number[], hardState: Partial<HardState> = {}): void {
    const first = this.storage.lastIndex() + 1;
    this.storage.append(
      terms.map((value, i) => ({
        index: index(first + i),
        term: term(value),
        type: 'normal' as const,
        data: encodeUtf8(''),
      })),
    );
    const current = this.storage.initialState().hardState;
    this.storage.setHardState({ ...current, term: term(terms.at(-1) ?? 0), ...hardState });
    this.restart();
  }
}

function encodeState(applied: readonly string[]): Uint8Array {
  return encodeUtf8(JSON.stringify(applied));
}

export function describeEntry(entry: Entry): string {
  return `${entry.index}/${entry.term} ${decodeUtf8(entry.data)}`.trimEnd();
}

/** Members and the messages between them; what is cut loses messages. Deterministic: all in id order. */
export class TestNetwork {
  readonly members: TestMember[];
  inFlight: Message[] = [];
  readonly #cut = new Set<string>();

  constructor(members: readonly TestMember[]) {
    this.members = [...members];
  }

  /** `count` voters with ids from 1. */
  static of(count: number, options: MemberOptions = {}): TestNetwork {
    const voters = ids(...Array.from({ length: count }, (_, i) => i + 1));
    return new TestNetwork(voters.map((voter) => new TestMember(voter, { voters, ...options })));
  }

  member(number: number): TestMember {
    const found = this.members.find((member) => member.id === id(number));
    if (found === undefined) throw new Error(`no member ${number}`);
    return found;
  }

  node(number: number): RawNode {
    return this.member(number).node;
  }

  isolate(number: number): void {
    for (const { id: other } of this.members) {
      this.#cut.add(`${id(number)}>${other}`).add(`${other}>${id(number)}`);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  collect(): void {
    for (const member of this.members) {
      while (member.node.hasReady()) this.inFlight.push(...member.handleReady());
      member.node.checkInvariants();
    }
  }

  deliver(message: Message): void {
    if (this.#cut.has(`${message.from}>${message.to}`)) return;
    this.members.find((member) => member.id === message.to)?.node.step(message);
  }

  /** Handles Readys and delivers until nothing moves. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      this.collect();
      if (this.inFlight.length === 0) return;
      for (const message of this.inFlight.splice(0)) this.deliver(message);
    }
    throw new Error('the network does not settle');
  }

  tickAll(count = 1): void {
    for (let i = 0; i < count; i++) {
      for (const member of this.members) member.node.tick();
      this.settle();
    }
  }

  elect(number: number): void {
    this.node(number).campaign();
    this.settle();
    expect(this.node(number).status().role).toBe('leader');
  }

  commits(): Index[] {
    return this.members.map((member) => member.node.status().commit);
  }
}
