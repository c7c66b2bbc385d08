import { assert } from '../../src/base/assert.ts';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import type { Ready } from '../../src/raft/ready.ts';
import { index } from '../../src/raft/types.ts';
import type { ConfState, Entry, Index, MemberId, Term } from '../../src/raft/types.ts';
import { describeEntry } from './network.ts';
import type { TestMember } from './network.ts';

/** What Raft's figure 3 promises, and what a driver relies on, watched from outside over the whole history. */
export class Witness {
  readonly #members: readonly TestMember[];
  readonly #leaders = new Map<Term, MemberId>();
  readonly #entries = new Map<string, string>();
  /** Every entry that any member applied, by index: committed for good. */
  readonly #committed = new Map<Index, string>();
  readonly #commits = new Map<MemberId, { readonly commit: Index; readonly leads: Term | undefined }>();
  readonly #reads = new Map<string, Index>();
  appliedMax = index(0);
  /** The highest that any member ever took for committed. */
  commitMax = index(0);
  readsServed = 0;

  constructor(members: readonly TestMember[]) {
    this.#members = members;
  }

  /** After every step of `member`. */
  look(member: TestMember): void {
    member.node.checkInvariants();
    const { role, term, commit, confState } = member.node.status();
    if (role === 'leader') this.#leads(member, term);
    const before = this.#commits.get(member.id);
    if (before !== undefined) {
      assert(commit >= before.commit, () => `${member.id} fell from commit ${before.commit} to ${commit}`);
      if (commit > before.commit && role === 'leader' && before.leads === term) {
        this.#holdsMajority(commit, term, confState);
      }
    }
    this.#commits.set(member.id, { commit, leads: role === 'leader' ? term : undefined });
    this.commitMax = index(Math.max(this.commitMax, commit));
  }

  /** Election safety: at most one leader per term. */
  #leads(member: TestMember, term: Term): void {
    const other = this.#leaders.get(term) ?? member.id;
    assert(other === member.id, () => `term ${term} has leaders ${other} and ${member.id}`);
    this.#leaders.set(term, member.id);
  }

  /** What a leader commits is durable on a majority (of both, while joint). */
  #holdsMajority(commit: Index, term: Term, { voters, votersOutgoing }: ConfState): void {
    const holds = (voter: MemberId): boolean => {
      const { storage } = this.#members.find(({ id }) => id === voter)!;
      if (storage.firstIndex() > commit) return true;
      const stored = storage.term(commit);
      return stored.ok && stored.value === term;
    };
    for (const majority of votersOutgoing === undefined ? [voters] : [voters, votersOutgoing]) {
      const count = majority.filter(holds).length;
      assert(
        count * 2 > majority.length,
        () => `${term}/${commit} is committed with ${count} of ${majority.length} copies`,
      );
    }
  }

  /** A crash: what was durable of the commit index stays. */
  restarts(member: TestMember): void {
    const { commit } = member.storage.initialState().hardState;
    const now = member.node.status().commit;
    assert(now >= commit, () => `${member.id} restarted with commit ${now}, ${commit} was durable`);
    this.#commits.delete(member.id);
  }

  /**
   * Log matching, inductively: (index, term) names one entry and one predecessor term. The ready's entries go
   * behind what `member` stores.
   */
  appends(member: TestMember, ready: Pick<Ready, 'snapshot' | 'entries'>): void {
    let previous: Term | undefined;
    for (const entry of ready.entries) {
      if (previous === undefined) {
        const before = index(entry.index - 1);
        const stored = member.storage.term(before);
        previous = ready.snapshot?.metadata.index === before ? ready.snapshot.metadata.term : undefined;
        previous ??= stored.ok ? stored.value : undefined;
        assert(previous !== undefined, () => `${member.id} appends ${entry.index} behind a gap`);
      }
      const key = `${entry.index}/${entry.term}`;
      const value = `after ${previous}: ${decodeUtf8(entry.data)}`;
      const known = this.#entries.get(key) ?? value;
      assert(known === value, () => `${key} is '${known}' here and '${value}' on ${member.id}`);
      this.#entries.set(key, value);
      previous = entry.term;
    }
  }

  /** State-machine safety: one entry per index is ever applied. */
  applies(member: TestMember, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const value = describeEntry(entry);
      const known = this.#committed.get(entry.index) ?? value;
      assert(known === value, () => `${member.id} applied '${value}' where '${known}' was`);
      this.#committed.set(entry.index, value);
      this.appliedMax = index(Math.max(this.appliedMax, entry.index));
    }
  }

  /** Leader completeness: what earlier terms committed is in a leader's log. */
  completes(leader: TestMember): void {
    const { role, term } = leader.node.status();
    if (role !== 'leader') return;
    for (let at = leader.storage.firstIndex(); at <= this.appliedMax; at = index(at + 1)) {
      const value = this.#committed.get(at);
      if (value === undefined) continue;
      const committedTerm = Number(value.split(/[/ ]/)[1]);
      if (committedTerm >= term) continue;
      const stored = leader.storage.term(at);
      assert(stored.ok, () => `leader ${leader.id} of term ${term} lacks committed entry ${at}`);
      assert(
        stored.value === committedTerm,
        () => `leader ${leader.id} of term ${term} has another entry ${at}`,
      );
    }
  }

  /** One membership change at a time: behind what is committed no log holds two (thesis §4.1). */
  changesOneByOne(member: TestMember): void {
    const { storage } = member;
    const from = index(Math.max(this.commitMax + 1, storage.firstIndex()));
    if (from > storage.lastIndex()) return;
    const stored = storage.entries(from, index(storage.lastIndex() + 1), Infinity);
    assert(stored.ok, 'the tail of the log is there');
    const changes = stored.value.filter(({ type }) => type === 'conf-change').length;
    assert(changes <= 1, () => `${member.id} has ${changes} membership changes in flight`);
  }

  reads(context: string): void {
    this.#reads.set(context, this.commitMax);
  }

  /** Linearizable reads: an index that covers all that was committed when the read was asked for (thesis §6.4). */
  serves({ readStates }: Pick<Ready, 'readStates'>): void {
    for (const { context, index } of readStates) {
      const needed = this.#reads.get(context)!;
      assert(index >= needed, () => `read ${context} got ${index}, but ${needed} was committed before it`);
      this.readsServed++;
    }
  }
}
