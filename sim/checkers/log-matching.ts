import type { Entry, Index, MemberId, Term } from '../../src/raft/types.ts';
import { hashBytes } from '../hash.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

interface Known {
  readonly member: MemberId;
  readonly dataHash: number;
  /** The term of the entry before; undefined where no log showed it yet. */
  previousTerm: Term | undefined;
}

/**
 * If two logs hold an entry with the same index and term, they are identical up to it (Raft, figure 3). By
 * induction it is enough that such entries have the same data and the same term before them.
 */
export class LogMatching implements Checker {
  readonly name = 'log-matching';
  readonly sees: readonly FactType[] = ['log-opened', 'entries-saved', 'snapshot-saved'];
  readonly #known = new Map<number, Known>();
  /** Terms by index, of each member's log. */
  readonly #logs = new Map<MemberId, Map<Index, Term>>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type === 'snapshot-saved') {
      this.#logs.set(seen.member, new Map([[seen.metadata.index, seen.metadata.term]]));
      return undefined;
    }
    if (seen.type === 'log-opened') {
      this.#logs.set(seen.member, new Map([[seen.snapshot.index, seen.snapshot.term]]));
    } else if (seen.type !== 'entries-saved') return undefined;
    const log = this.#logs.get(seen.member) ?? new Map<Index, Term>();
    this.#logs.set(seen.member, log);
    for (const entry of seen.entries) {
      const previousTerm = log.get((entry.index - 1) as Index);
      const message = this.#compare(seen.member, entry, previousTerm);
      if (message !== undefined) return { checker: this.name, atMillis: seen.atMillis, message };
      log.set(entry.index, entry.term);
    }
    return undefined;
  }

  finish(): undefined {
    return undefined;
  }

  #compare(
    member: MemberId,
    { index, term, data }: Entry,
    previousTerm: Term | undefined,
  ): string | undefined {
    const name = term * 2 ** 32 + index;
    const dataHash = hashBytes(data);
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#known.set(name, { member, dataHash, previousTerm });
      return undefined;
    }
    if (known.dataHash !== dataHash) {
      return `entry ${index} of term ${term} differs between ${known.member} and ${member}`;
    }
    if (known.previousTerm === undefined) known.previousTerm = previousTerm;
    else if (previousTerm !== undefined && known.previousTerm !== previousTerm) {
      return (
        `${known.member} and ${member} hold entry ${index} of term ${term}, ` +
        `but before it terms ${known.previousTerm} and ${previousTerm}`
      );
    }
    return undefined;
  }
}
