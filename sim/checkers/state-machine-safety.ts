import type { Index, MemberId } from '../../src/raft/types.ts';
import { hashBytes } from '../hash.ts';
import type { Checker, Observation, Violation } from '../observations.ts';

interface Applied {
  readonly member: MemberId;
  readonly term: number;
  readonly dataHash: number;
  readonly stateHash: string;
  readonly revision: number;
}

/**
 * No two members ever apply different entries at an index (Raft, figure 3), and after it their stores are the
 * same: same revision, same hash of all keys.
 */
export class StateMachineSafety implements Checker {
  readonly name = 'state-machine-safety';
  /** What the first member that applied an index did. */
  readonly #applied = new Map<Index, Applied>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type === 'snapshot-installed') {
      const first = this.#applied.get(seen.index);
      if (first === undefined || (first.stateHash === seen.stateHash && first.revision === seen.revision))
        return undefined;
      const message =
        `the snapshot that ${seen.member} installed at index ${seen.index} (revision ${seen.revision}, ${seen.stateHash}) ` +
        `is not the state of ${first.member} there (revision ${first.revision}, ${first.stateHash})`;
      return { checker: this.name, atMillis: seen.atMillis, message };
    }
    if (seen.type !== 'entry-applied') return undefined;
    const { member, entry, stateHash, revision } = seen;
    const mine: Applied = { member, term: entry.term, dataHash: hashBytes(entry.data), stateHash, revision };
    const first = this.#applied.get(entry.index);
    if (first === undefined) {
      this.#applied.set(entry.index, mine);
      return undefined;
    }
    const difference =
      first.term !== mine.term || first.dataHash !== mine.dataHash
        ? `different entries (terms ${first.term} and ${mine.term})`
        : first.revision !== revision || first.stateHash !== stateHash
          ? `the same entry with different results (revisions ${first.revision} and ${revision})`
          : undefined;
    if (difference === undefined) return undefined;
    const message = `${first.member} and ${member} applied ${difference} at index ${entry.index}`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
