import type { MemberId, Term } from '../../src/raft/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** At most one leader can be elected in a given term (Raft, figure 3). */
export class ElectionSafety implements Checker {
  readonly name = 'election-safety';
  readonly sees: readonly FactType[] = ['role-changed'];
  readonly #leaders = new Map<Term, MemberId>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'role-changed' || seen.role !== 'leader') return undefined;
    const leader = this.#leaders.get(seen.term);
    this.#leaders.set(seen.term, leader ?? seen.member);
    if (leader === undefined || leader === seen.member) return undefined;
    const message = `term ${seen.term} has two leaders: ${leader} and ${seen.member}`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
