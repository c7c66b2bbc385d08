import type { Entry, Index, MemberId, Term } from '../../src/raft/types.ts';
import type { Checker, Observation, Violation } from '../observations.ts';

interface Log {
  readonly terms: Map<Index, Term>;
  readonly snapshotIndex: Index;
  lastIndex: Index;
}

/**
 * If an entry is committed in a term, it is in the logs of the leaders of all later terms (Raft, figure 3).
 * Asked whenever a member becomes leader, of its durable log.
 */
export class LeaderCompleteness implements Checker {
  readonly name = 'leader-completeness';
  readonly #logs = new Map<MemberId, Log>();
  /** Of each applied entry, which means committed: its term, and a term not before the one it was committed in. */
  readonly #committed = new Map<Index, { readonly term: Term; readonly by: Term }>();
  /** The newest term whose leader has shown itself, which it does before it commits anything. */
  #newestTerm = 0 as Term;

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'log-opened':
        this.#startAt(seen.member, seen.snapshot.index);
        this.#append(seen.member, seen.entries);
        return undefined;
      case 'snapshot-saved':
        this.#startAt(seen.member, seen.metadata.index);
        return undefined;
      case 'entries-saved':
        this.#append(seen.member, seen.entries);
        return undefined;
      case 'entry-applied':
        if (!this.#committed.has(seen.entry.index)) {
          const { index, term } = seen.entry;
          this.#committed.set(index, { term, by: Math.max(term, this.#newestTerm) as Term });
        }
        return undefined;
      case 'role-changed':
        if (seen.role !== 'leader') return undefined;
        this.#newestTerm = Math.max(this.#newestTerm, seen.term) as Term;
        return this.#judge(seen.member, seen.term, seen.atMillis);
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #judge(member: MemberId, term: Term, atMillis: number): Violation | undefined {
    const log = this.#logs.get(member) ?? this.#startAt(member, 0 as Index);
    for (const [index, { term: committedTerm, by }] of this.#committed) {
      // A leader with a slow disk shows itself late, when later ones have led and committed already.
      if (index <= log.snapshotIndex || by >= term) continue;
      const held = index <= log.lastIndex ? log.terms.get(index) : undefined;
      if (held === committedTerm) continue;
      const instead = held === undefined ? 'nothing' : `an entry of term ${held}`;
      const message = `${member} leads term ${term} with ${instead} at index ${index}, where term ${committedTerm} is committed`;
      return { checker: this.name, atMillis, message };
    }
    return undefined;
  }

  #append(member: MemberId, entries: readonly Entry[]): void {
    const log = this.#logs.get(member) ?? this.#startAt(member, 0 as Index);
    for (const { index, term } of entries) log.terms.set(index, term);
    log.lastIndex = entries.at(-1)?.index ?? log.lastIndex;
  }

  #startAt(member: MemberId, index: Index): Log {
    const log: Log = { terms: new Map(), snapshotIndex: index, lastIndex: index };
    this.#logs.set(member, log);
    return log;
  }
}
