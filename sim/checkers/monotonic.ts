import type { HardState, MemberId } from '../../src/raft/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

interface Progress {
  index: number;
  term: number;
  revision: number;
}

/**
 * A member only goes forward: in one life its applied index, the term of what it applied, and its store's revision; and
 * the term and commit index that its disk holds, as long as that disk is the same.
 */
export class Monotonic implements Checker {
  readonly name = 'monotonic';
  readonly sees: readonly FactType[] = [
    'log-opened',
    'hard-state-saved',
    'entry-applied',
    'snapshot-installed',
  ];
  readonly #progress = new Map<MemberId, Progress>();
  readonly #durable = new Map<MemberId, HardState>();

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'log-opened':
        this.#progress.delete(seen.member);
        // A disk may have been taken away, or swapped: what is on it is the beginning.
        if (seen.hardState === undefined) this.#durable.delete(seen.member);
        else this.#durable.set(seen.member, seen.hardState);
        return undefined;
      case 'hard-state-saved': {
        const { member, hardState } = seen;
        const last = this.#durable.get(member);
        this.#durable.set(member, hardState);
        if (last === undefined) return undefined;
        return (
          this.#back(seen, 'the term on its disk', last.term, hardState.term) ??
          this.#back(seen, 'the commit index on its disk', last.commit, hardState.commit)
        );
      }
      case 'entry-applied':
        return this.#advance(seen, seen.entry.index, seen.entry.term, seen.revision);
      case 'snapshot-installed':
        return this.#advance(seen, seen.index, this.#progress.get(seen.member)?.term ?? 0, seen.revision);
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #advance(
    seen: Observation & { readonly member: MemberId },
    index: number,
    term: number,
    revision: number,
  ): Violation | undefined {
    const last = this.#progress.get(seen.member);
    if (last === undefined) {
      this.#progress.set(seen.member, { index, term, revision });
      return undefined;
    }
    const violation =
      this.#back(seen, 'its applied index', last.index, index) ??
      this.#back(seen, 'the term of what it applies', last.term, term) ??
      this.#back(seen, "its store's revision", last.revision, revision);
    last.index = index;
    last.term = term;
    last.revision = revision;
    return violation;
  }

  #back(
    { member, atMillis }: { readonly member: MemberId; readonly atMillis: number },
    what: string,
    from: number,
    to: number,
  ): Violation | undefined {
    if (to >= from) return undefined;
    return { checker: this.name, atMillis, message: `${member} went back: ${what} was ${from} and is ${to}` };
  }
}
