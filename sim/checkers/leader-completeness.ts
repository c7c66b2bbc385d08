import type { Index, MemberId, Term } from '../../src/raft/types.ts';
import type { Checker, Observation, Violation } from '../observations.ts';

/**
 * If an entry is committed in a term, it is in the logs of the leaders of all later terms (Raft, figure 3).
 * Asked whenever a member becomes leader, of its durable log.
 */
export class LeaderCompleteness implements Checker {
  readonly name = 'leader-completeness';
  readonly #logs = new Map<MemberId, { terms: Map<Index, Term>; snapshotIndex: number; lastIndex: number }>();
  /** The term of each applied entry: applied means committed. */
  readonly #committed = new Map<Index, Term>();

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'snapshot-saved':
        this.#logs.set(seen.member, {
          terms: new Map(),
          snapshotIndex: seen.metadata.index,
          lastIndex: seen.metadata.index,
        });
        return undefined;
      case 'entries-saved': {
        const log = this.#log(seen.member);
        for (const { index, term } of seen.entries) log.terms.set(index, term);
        const last = seen.entries.at(-1);
        if (last !== undefined) log.lastIndex = last.index;
        return undefined;
      }
      case 'entry-applied':
        this.#committed.set(seen.entry.index, seen.entry.term);
        return undefined;
      case 'role-changed':
        return seen.role === 'leader' ? this.#judge(seen.member, seen.term, seen.atMillis) : undefined;
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #judge(member: MemberId, term: Term, atMillis: number): Violation | undefined {
    const log = this.#log(member);
    for (const [index, committedTerm] of this.#committed) {
      if (index <= log.snapshotIndex) continue;
      const held = index <= log.lastIndex ? log.terms.get(index) : undefined;
      if (held === committedTerm) continue;
      const instead = held === undefined ? 'nothing' : `an entry of term ${held}`;
      const message = `${member} leads term ${term} with ${instead} at index ${index}, where term ${committedTerm} is committed`;
      return { checker: this.name, atMillis, message };
    }
    return undefined;
  }

  #log(member: MemberId) {
    let log = this.#logs.get(member);
    if (log === undefined) {
      log = { terms: new Map(), snapshotIndex: 0, lastIndex: 0 };
      this.#logs.set(member, log);
    }
    return log;
  }
}
