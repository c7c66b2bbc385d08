import type { ApiObject, WatchEvent } from '../src/api/types.ts';
import type { Event, KeyRange } from '../src/mvcc/types.ts';
import type { Entry, Index, MemberId, Role, SnapshotMetadata, Term } from '../src/raft/types.ts';
import type { KvOperation, KvOutcome } from './kv-history.ts';

/**
 * What the judges see of a run. The wiring of a cluster feeds them; whoever observes never changes anything.
 * `atMillis` is virtual time; observations come in the order in which things happened.
 */
export type Observation = { readonly atMillis: number } & Fact;

export type Fact =
  /** A member's role or term changed. */
  | {
      readonly type: 'role-changed';
      readonly member: MemberId;
      readonly role: Role;
      readonly term: Term;
      readonly leader: MemberId;
    }
  /** A member starts with this log, read from its disk: it replaces all that was known of its log. */
  | {
      readonly type: 'log-opened';
      readonly member: MemberId;
      readonly snapshot: SnapshotMetadata;
      readonly entries: readonly Entry[];
    }
  /** Entries of a member's log are durable; they replace what the log held from the first one's index on. */
  | { readonly type: 'entries-saved'; readonly member: MemberId; readonly entries: readonly Entry[] }
  /** A snapshot from the leader is durable; it replaces the whole log. */
  | { readonly type: 'snapshot-saved'; readonly member: MemberId; readonly metadata: SnapshotMetadata }
  /** An entry was applied; `stateHash` and `revision` are the store's after it. */
  | {
      readonly type: 'entry-applied';
      readonly member: MemberId;
      readonly entry: Entry;
      readonly stateHash: string;
      readonly revision: number;
    }
  | {
      readonly type: 'snapshot-installed';
      readonly member: MemberId;
      readonly index: Index;
      readonly stateHash: string;
      readonly revision: number;
    }
  /** One revision of the store, as a member applied it. The first member to apply it makes the true history. */
  | {
      readonly type: 'revision-applied';
      readonly member: MemberId;
      readonly revision: number;
      readonly events: readonly Event[];
    }
  /** A client sent an operation; it has one outstanding at a time. */
  | { readonly type: 'client-call'; readonly client: string; readonly operation: KvOperation }
  | { readonly type: 'client-return'; readonly client: string; readonly outcome: KvOutcome }
  /** A watch stands; it will deliver changes of `range` with revisions > `afterRevision`. */
  | {
      readonly type: 'watch-started';
      readonly watch: string;
      readonly range: KeyRange;
      readonly afterRevision: number;
    }
  | {
      readonly type: 'watch-events';
      readonly watch: string;
      readonly events: readonly Event[];
      readonly revision: number;
    }
  | { readonly type: 'watch-progress'; readonly watch: string; readonly revision: number }
  | { readonly type: 'watch-ended'; readonly watch: string }
  /** An object of the API changed, in the store's order. */
  | {
      readonly type: 'object-changed';
      readonly change: Exclude<WatchEvent<ApiObject>['type'], 'BOOKMARK'>;
      readonly object: ApiObject;
      readonly revision: number;
    };

/** A broken promise, with what proves it. */
export interface Violation {
  readonly checker: string;
  /** Where it was seen, when at one place: a host, a client, or a member as Raft knows it. */
  readonly where?: string;
  readonly atMillis: number;
  readonly message: string;
}

/** A judge of one property. It keeps its own books, and says no more after its first violation. */
export interface Checker {
  readonly name: string;
  /** Sees everything that happens; returns a violation as soon as it is one. */
  observe(observation: Observation): Violation | undefined;
  /** Judges what can only be judged at the end. */
  finish(atMillis: number): Violation | undefined;
}

/** Hands every fact to every checker, and keeps what they find. */
export class ObservationBus {
  readonly #now: () => number;
  readonly #checkers: readonly Checker[];
  readonly #violations: Violation[] = [];
  readonly #silenced = new Set<Checker>();

  /** `now`: the world's virtual time. */
  constructor(now: () => number, checkers: readonly Checker[]) {
    this.#now = now;
    this.#checkers = checkers;
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  emit(fact: Fact): void {
    const observation: Observation = { atMillis: this.#now(), ...fact };
    for (const checker of this.#checkers) {
      if (!this.#silenced.has(checker))
        this.#keep(checker, checker.observe(observation), placeOf(observation));
    }
  }

  /** Asks for the final verdicts; returns all violations of the run. */
  finish(): readonly Violation[] {
    for (const checker of this.#checkers) {
      if (!this.#silenced.has(checker)) this.#keep(checker, checker.finish(this.#now()));
    }
    return this.#violations;
  }

  #keep(checker: Checker, violation: Violation | undefined, where?: string): void {
    if (violation === undefined) return;
    this.#violations.push(where === undefined ? violation : { where, ...violation });
    this.#silenced.add(checker);
  }
}

function placeOf(observation: Observation): string | undefined {
  if ('member' in observation) return observation.member;
  if ('client' in observation) return observation.client;
  return 'watch' in observation ? observation.watch : undefined;
}
