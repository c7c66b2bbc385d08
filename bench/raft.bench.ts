import { assert } from '../src/base/assert.ts';
import type { Message } from '../src/raft/messages.ts';
import { RawNode } from '../src/raft/raw-node.ts';
import { MemoryStorage, bootstrapSnapshot } from '../src/raft/storage.ts';
import { index, memberId, term } from '../src/raft/types.ts';
import type { Entry, Index, MemberId } from '../src/raft/types.ts';

export const name = 'raft';

const from = memberId('1');
const to = memberId('2');
const voters = [from, to, memberId('3')];
const data = new Uint8Array(256).fill(0x61);
/** Logs are cut back at this length, as a member does, so that a long run measures a steady state. */
const logLengthMax = 10_000;

/** The least a driver can do: storage in memory, a state machine that only counts. */
class Member {
  readonly id: MemberId;
  readonly storage = new MemoryStorage(bootstrapSnapshot({ voters, learners: [] }));
  readonly node: RawNode;
  #applied: Index = index(1);

  constructor(id: MemberId) {
    this.id = id;
    this.node = new RawNode({
      id,
      electionTicks: 10,
      heartbeatTicks: 1,
      preVote: true,
      checkQuorum: true,
      maxSizePerMessageBytes: 1 << 20,
      inflightMessagesMax: 512,
      uncommittedBytesMax: 1 << 30,
      storage: this.storage,
      applied: this.#applied,
      randomInteger: () => 0,
    });
  }

  handleReady(outbox: Message[]): void {
    const ready = this.node.ready();
    for (const message of ready.messagesBeforeSync) outbox.push(message);
    this.storage.append(ready.entries);
    if (ready.hardState !== undefined) this.storage.setHardState(ready.hardState);
    for (const message of ready.messages) outbox.push(message);
    this.#applied = ready.committedEntries.at(-1)?.index ?? this.#applied;
    this.node.advance();
    if (this.#applied - this.storage.firstIndex() < logLengthMax) return;
    this.storage.createSnapshot(this.#applied, { voters, learners: [] }, data);
    this.storage.compact(index(this.#applied - 100));
  }
}

class Cluster {
  readonly members = voters.map((voter) => new Member(voter));
  readonly leader = this.members[0]!;

  constructor() {
    this.leader.node.campaign();
    this.settle();
    assert(this.leader.node.role === 'leader', 'the first member leads');
  }

  settle(): void {
    for (;;) {
      const outbox: Message[] = [];
      for (const member of this.members) while (member.node.hasReady()) member.handleReady(outbox);
      if (outbox.length === 0) return;
      for (const message of outbox) this.members[voters.indexOf(message.to)]!.node.step(message);
    }
  }

  commit(batch: number): void {
    for (let i = 0; i < batch; i++) this.leader.node.propose(data);
    this.settle();
  }
}

/** A follower fed by hand, in term 2. */
class Follower {
  readonly #member = new Member(to);
  #last = index(1);
  #lastTerm = term(0);

  tick(): void {
    this.#member.node.tick();
    this.#step({ type: 'MsgHeartbeat', from, to, term: term(2), commit: index(0), context: '' });
  }

  append(count: number): void {
    const previous = { index: this.#last, logTerm: this.#lastTerm };
    const entries: Entry[] = [];
    for (let i = 1; i <= count; i++) {
      entries.push({ index: index(this.#last + i), term: term(2), type: 'normal', data });
    }
    this.#last = index(this.#last + count);
    this.#lastTerm = term(2);
    this.#step({ type: 'MsgApp', from, to, term: term(2), ...previous, entries, commit: this.#last });
  }

  #step(message: Message): void {
    this.#member.node.step(message);
    while (this.#member.node.hasReady()) this.#member.handleReady([]);
  }
}

export function cases(): { name: string; run: () => void }[] {
  const cluster = new Cluster();
  const ticked = new Follower();
  const fed = new Follower();
  let context = 0;
  return [
    { name: 'propose+commit on 3 members in memory', run: () => cluster.commit(1) },
    { name: 'propose+commit on 3 members in memory, batch of 64', run: () => cluster.commit(64) },
    {
      name: 'read index on 3 members in memory',
      run: () => {
        cluster.leader.node.readIndex(String(context++));
        cluster.settle();
      },
    },
    { name: 'tick and heartbeat of a follower', run: () => ticked.tick() },
    { name: 'step MsgApp with 16 entries', run: () => fed.append(16) },
  ];
}
