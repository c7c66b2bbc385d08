import type { Index, MemberId, Term } from '../../src/raft/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';
import { MemberLogs } from './member-log.ts';

interface Committed {
  readonly index: Index;
  readonly term: Term;
  /** A term not before the one that it was committed in; never less than that of an entry before. */
  readonly by: Term;
}

/**
 * If an entry is committed in a term, it is in the logs of the leaders of all later terms (Raft, figure 3).
 * Asked whenever a member becomes leader, of its durable log.
 */
export class LeaderCompleteness implements Checker {
  readonly name = 'leader-completeness';
  readonly sees: readonly FactType[] = [...MemberLogs.sees, 'entry-applied', 'role-changed'];
  readonly #logs = new MemberLogs();
  /** Every entry that was applied, which means committed, in order. */
  readonly #committed: Committed[] = [];
  /** The newest term whose leader has shown itself, which it does before it commits anything. */
  #newestTerm = 0 as Term;

  observe(seen: Observation): Violation | undefined {
    this.#logs.observe(seen);
    switch (seen.type) {
      case 'entry-applied': {
        const { index, term } = seen.entry;
        if (index <= (this.#committed.at(-1)?.index ?? 0)) return undefined;
        this.#committed.push({ index, term, by: Math.max(term, this.#newestTerm) as Term });
        return undefined;
      }
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
    const log = this.#logs.of(member);
    // From the newest back to what the snapshot covers. A leader with a slow disk shows itself late, when later
    // ones have led and committed already: their entries are not asked for.
    for (let i = this.#committed.length - 1; i >= 0; i--) {
      const committed = this.#committed[i]!;
      if (committed.index <= log.snapshot.index) break;
      if (committed.by >= term || log.holds(committed.index, committed.term)) continue;
      const held = log.at(committed.index);
      const instead = held === undefined ? 'nothing' : `an entry of term ${held}`;
      const message = `${member} leads term ${term} with ${instead} at index ${committed.index}, where term ${committed.term} is committed`;
      return { checker: this.name, atMillis, message };
    }
    return undefined;
  }
}
