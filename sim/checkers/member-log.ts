import type { Entry, Index, MemberId, SnapshotMetadata, Term } from '../../src/raft/types.ts';
import type { FactType, Observation } from '../observations.ts';

/** What a member's disk holds of the log, as far as it has told. */
export class MemberLog {
  /** Terms of the entries behind the snapshot. */
  readonly #terms = new Map<Index, Term>();
  readonly snapshot: Pick<SnapshotMetadata, 'index' | 'term'>;
  #lastIndex: Index;

  constructor(snapshot: Pick<SnapshotMetadata, 'index' | 'term'>, entries: readonly Entry[] = []) {
    this.snapshot = snapshot;
    this.#lastIndex = snapshot.index;
    this.append(entries);
  }

  get lastIndex(): Index {
    return this.#lastIndex;
  }

  /** undefined: nothing is there. What the snapshot covers is `covered`: it had its place in a log once. */
  at(index: Index): Term | 'covered' | undefined {
    if (index === this.snapshot.index) return this.snapshot.term;
    if (index < this.snapshot.index) return 'covered';
    return index <= this.#lastIndex ? this.#terms.get(index) : undefined;
  }

  /** Whether the entry is there, or was when the snapshot was made. */
  holds(index: Index, term: Term): boolean {
    const held = this.at(index);
    return held === 'covered' || held === term;
  }

  /** Replaces everything from the first one's index on. */
  append(entries: readonly Entry[]): void {
    for (const { index, term } of entries) this.#terms.set(index, term);
    this.#lastIndex = entries.at(-1)?.index ?? this.#lastIndex;
  }
}

const nothing = new MemberLog({ index: 0 as Index, term: 0 as Term });

/** The durable logs of all members. */
export class MemberLogs {
  static readonly sees: readonly FactType[] = ['log-opened', 'snapshot-saved', 'entries-saved'];
  readonly #logs = new Map<MemberId, MemberLog>();

  observe(seen: Observation): void {
    switch (seen.type) {
      case 'log-opened':
        this.#logs.set(seen.member, new MemberLog(seen.snapshot, seen.entries));
        return;
      case 'snapshot-saved':
        this.#logs.set(seen.member, new MemberLog(seen.metadata));
        return;
      case 'entries-saved': {
        const log = this.#logs.get(seen.member);
        if (log !== undefined) log.append(seen.entries);
        else this.#logs.set(seen.member, new MemberLog(nothing.snapshot, seen.entries));
        return;
      }
      default:
    }
  }

  of(member: MemberId): MemberLog {
    return this.#logs.get(member) ?? nothing;
  }
}
