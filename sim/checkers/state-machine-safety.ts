import type { Entry, Index, MemberId, Term } from '../../src/raft/types.ts';
import { hashBytes, RollingHash } from '../hash.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** A link of the cluster's one chain. */
interface Link {
  /** Who applied the index first. */
  readonly member: MemberId;
  readonly term: Term;
  readonly dataHash: number;
  readonly revision: number;
  /** Of everything up to here. */
  readonly chain: string;
}

interface State {
  readonly member: MemberId;
  readonly hash: string;
  readonly revision: number;
}

/**
 * No two members ever apply different entries at an index (Raft, figure 3): all applied entries of a cluster are one
 * hash chain, and each member's next entry must be the chain's next link. Now and then, and at each installed
 * snapshot, the stores are compared as well: same revision, same hash of all keys.
 */
export class StateMachineSafety implements Checker {
  readonly name = 'state-machine-safety';
  readonly sees: readonly FactType[] = ['entry-applied', 'state-hashed', 'snapshot-installed', 'log-opened'];
  readonly #chain = new Map<Index, Link>();
  readonly #states = new Map<Index, State>();
  /** The last index that each member applied in this life; absent before its first. */
  readonly #applied = new Map<MemberId, Index>();
  readonly #hash = new RollingHash();
  #newest = 0 as Index;

  /** The chain's hash and where it ends: equal for two runs that applied the same. */
  get head(): { readonly index: Index; readonly chain: string } {
    return { index: this.#newest, chain: this.#chain.get(this.#newest)?.chain ?? '' };
  }

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'log-opened':
        this.#applied.delete(seen.member);
        return undefined;
      case 'entry-applied':
        return this.#violation(seen.atMillis, this.#apply(seen.member, seen.entry, seen.revision));
      case 'state-hashed':
        return this.#violation(seen.atMillis, this.#compare(seen.member, seen.index, seen));
      case 'snapshot-installed':
        this.#applied.set(seen.member, seen.index);
        return this.#violation(
          seen.atMillis,
          this.#installed(seen.member, seen.index, seen.revision) ??
            this.#compare(seen.member, seen.index, seen),
        );
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #apply(member: MemberId, { index, term, data }: Entry, revision: number): string | undefined {
    const last = this.#applied.get(member);
    this.#applied.set(member, index);
    if (last !== undefined && index !== last + 1) {
      return `${member} applied entry ${index} right after entry ${last}: each entry is applied once, in order`;
    }
    const link = this.#chain.get(index);
    if (link === undefined) {
      this.#append({ member, term, dataHash: hashBytes(data), revision }, index);
      return undefined;
    }
    const difference =
      link.term !== term
        ? `different entries, of terms ${link.term} and ${term},`
        : link.dataHash !== hashBytes(data)
          ? `different entries of term ${term}`
          : link.revision !== revision
            ? `the same entry with different results, revisions ${link.revision} and ${revision},`
            : undefined;
    return difference && `${link.member} and ${member} applied ${difference} at index ${index}`;
  }

  #append(link: Omit<Link, 'chain'>, index: Index): void {
    const { term, dataHash, revision } = link;
    for (const part of [index, term, dataHash, revision]) this.#hash.mix(part);
    this.#chain.set(index, { ...link, chain: this.#hash.digest() });
    this.#newest = Math.max(this.#newest, index) as Index;
  }

  #installed(member: MemberId, index: Index, revision: number): string | undefined {
    const link = this.#chain.get(index);
    if (link === undefined || link.revision === revision) return undefined;
    return (
      `the snapshot that ${member} installed at index ${index} is revision ${revision}, ` +
      `where ${link.member} was at revision ${link.revision}`
    );
  }

  /** Compares a member's store with that of the first member that was hashed there. */
  #compare(member: MemberId, index: Index, { hash, revision }: Omit<State, 'member'>): string | undefined {
    const first = this.#states.get(index);
    if (first === undefined) {
      this.#states.set(index, { member, hash, revision });
      return undefined;
    }
    if (first.hash === hash && first.revision === revision) return undefined;
    return (
      `${first.member} and ${member} hold different things after the same ${index} entries: ` +
      `${first.hash} of revision ${first.revision} and ${hash} of revision ${revision}`
    );
  }

  #violation(atMillis: number, message: string | undefined): Violation | undefined {
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }
}
