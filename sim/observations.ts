import type { ApiObject, WatchEvent } from '../src/api/types.ts';
import type { Request, RequestAuth } from '../src/etcd/request.ts';
import type { Event, KeyRange, LeaseId } from '../src/mvcc/types.ts';
import type { Message } from '../src/raft/messages.ts';
import type {
  ConfState,
  Entry,
  HardState,
  Index,
  MemberId,
  Role,
  SnapshotMetadata,
  Term,
} from '../src/raft/types.ts';
import type { KvOperation, KvOutcome } from './kv-history.ts';

/**
 * What the judges see of a run. The wiring of a cluster feeds them; whoever observes never changes anything.
 * `atMillis` is virtual time; observations come in the order in which things happened.
 */
export type Observation = { readonly atMillis: number } & Fact;

export type Fact = MemberFact | ClientFact | WatchFact | LeaseFact | ExclusionFact | ClusterFact;

/** What a member of the store does. */
export type MemberFact =
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
      readonly hardState?: HardState;
    }
  /** Entries of a member's log are durable; they replace what the log held from the first one's index on. */
  | { readonly type: 'entries-saved'; readonly member: MemberId; readonly entries: readonly Entry[] }
  /** Term, vote and commit are durable. */
  | { readonly type: 'hard-state-saved'; readonly member: MemberId; readonly hardState: HardState }
  /** A snapshot from the leader is durable; it replaces the whole log. */
  | { readonly type: 'snapshot-saved'; readonly member: MemberId; readonly metadata: SnapshotMetadata }
  /** A message of Raft leaves a member. */
  | { readonly type: 'message-sent'; readonly member: MemberId; readonly message: Message }
  /** An entry was applied; `revision` is the store's after it, `confState` who has a say after it. */
  | {
      readonly type: 'entry-applied';
      readonly member: MemberId;
      readonly entry: Entry;
      readonly revision: number;
      readonly confState?: ConfState;
    }
  /** The hash of a member's store, taken now and then after an entry. */
  | {
      readonly type: 'state-hashed';
      readonly member: MemberId;
      readonly index: Index;
      readonly hash: string;
      readonly revision: number;
    }
  /** etcd's HashKV of a member at its newest revision, taken now and then. */
  | {
      readonly type: 'kv-hashed';
      readonly member: MemberId;
      readonly revision: number;
      readonly compactRevision: number;
      readonly hash: number;
    }
  | {
      readonly type: 'snapshot-installed';
      readonly member: MemberId;
      readonly index: Index;
      readonly hash: string;
      readonly revision: number;
    }
  /** One revision of the store, told by the first member to apply it: the true history. */
  | {
      readonly type: 'revision-applied';
      readonly member: MemberId;
      readonly revision: number;
      readonly events: readonly Event[];
    }
  /** A request of the log, told once, by the first member to apply it. `events` is what it changed. */
  | {
      readonly type: 'request-applied';
      readonly member: MemberId;
      readonly index: Index;
      readonly request: Request;
      readonly auth: RequestAuth | undefined;
      readonly events: readonly Event[];
      readonly revision: number;
    };

/** What clients of the store are told. */
export type ClientFact =
  /** A client sent an operation; it has one outstanding at a time. */
  | {
      readonly type: 'client-call';
      readonly client: string;
      readonly operation: KvOperation;
      /** The member that it was sent to. */
      readonly node?: string;
      /** Names one connection to one member. */
      readonly connection?: string;
      /** Whom the client has said it is. */
      readonly user?: string;
    }
  | { readonly type: 'client-return'; readonly client: string; readonly outcome: KvOutcome }
  /** What a snapshot holds that a client took, at its revision. */
  | {
      readonly type: 'snapshot-taken';
      readonly client: string;
      readonly revision: number;
      readonly pairs: ReadonlyMap<string, { readonly value: string; readonly modRevision: number }>;
    };

export type WatchFact =
  /**
   * A watch stands; it will deliver changes of `range` with revisions > `afterRevision`. `prevKv`: with what was there
   * before. `stream` names what goes on over several watches, each where the one before ended.
   */
  | {
      readonly type: 'watch-started';
      readonly watch: string;
      readonly range: KeyRange;
      readonly afterRevision: number;
      readonly prevKv?: boolean;
      readonly filters?: readonly ('no-put' | 'no-delete')[];
      readonly stream?: string;
    }
  | {
      readonly type: 'watch-events';
      readonly watch: string;
      readonly events: readonly Event[];
      readonly revision: number;
    }
  | { readonly type: 'watch-progress'; readonly watch: string; readonly revision: number }
  /** `compactRevision`: what the watch wanted is gone up to there, and its owner goes on behind it. */
  | { readonly type: 'watch-ended'; readonly watch: string; readonly compactRevision?: number };

/** Leases as their owners see them: one call outstanding at a time per client. */
export type LeaseFact =
  | {
      readonly type: 'lease-call';
      readonly client: string;
      readonly call: 'grant' | 'keep-alive' | 'revoke';
      /** Of a grant: what was asked for, 0n when the store chooses. */
      readonly lease: LeaseId;
    }
  | {
      readonly type: 'lease-return';
      readonly client: string;
      /** `ttlSeconds`: of a grant and of a renewal that succeeded; 0: told that there is no such lease. */
      readonly outcome:
        | { readonly type: 'granted'; readonly lease: LeaseId; readonly ttlSeconds: number }
        | { readonly type: 'renewed'; readonly ttlSeconds: number }
        | { readonly type: 'revoked' }
        | { readonly type: 'refused' }
        | { readonly type: 'unknown' };
    };

/** Mutual exclusion: locks, and elections, whose winner holds the election's name. */
export type ExclusionFact =
  /** `holder` was told that it holds `lock`; `fence` is the revision that names its turn. */
  | {
      readonly type: 'lock-acquired';
      readonly lock: string;
      readonly holder: string;
      readonly key: string;
      readonly fence: number;
    }
  /** The holder gives it up, before it asks the store to end it. */
  | { readonly type: 'lock-released'; readonly lock: string; readonly holder: string };

/** What happens above the store. */
export type ClusterFact =
  /** An object of the API changed, in the store's order. */
  | {
      readonly type: 'object-changed';
      readonly change: Exclude<WatchEvent<ApiObject>['type'], 'BOOKMARK'>;
      readonly object: ApiObject;
      readonly revision: number;
    }
  /** What somebody's cache is fed with got this version. `relisted`: it begins anew from a list. */
  | {
      readonly type: 'cache-moved';
      readonly cache: string;
      readonly resourceVersion: number;
      readonly relisted: boolean;
    }
  /** A controller under leader election was told that its write is this revision. `identity`: of the candidate's host. */
  | {
      readonly type: 'controller-wrote';
      readonly election: string;
      readonly identity: string;
      readonly revision: number;
      readonly what: string;
    }
  /** A container's process began or ended on a node; `pod` is the name of its pod. */
  | {
      readonly type: 'process-changed';
      readonly node: string;
      readonly pid: number;
      readonly pod: string;
      readonly change: 'started' | 'ended';
    };

/** A fact that gets its time. */
type Stamped = { atMillis: number } & Fact;

export type FactType = Fact['type'];

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
  /** What it wants to see, so that it costs nothing when other things happen. Absent: everything. */
  readonly sees?: readonly FactType[];
  /** Sees everything that happens; returns a violation as soon as it is one. */
  observe(observation: Observation): Violation | undefined;
  /** Judges what can only be judged at the end. */
  finish(atMillis: number): Violation | undefined;
}

/** Who is told what happens. */
export interface FactSink {
  emit(fact: Fact): void;
}

/** Hands every fact to every checker that wants to see it, and keeps what they find. */
export class ObservationBus implements FactSink {
  readonly #now: () => number;
  readonly #checkers: readonly Checker[];
  readonly #watching = new Map<FactType, readonly Checker[]>();
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

  /** Whether anybody wants to see facts of this type: else there is no need to find them out. */
  wants(type: FactType): boolean {
    return this.#watchersOf(type).length > 0;
  }

  /** `fact` is the bus's from here on: it becomes the observation. */
  emit(fact: Fact): void {
    const watching = this.#watchersOf(fact.type);
    if (watching.length === 0) return;
    // Its own object, stamped: a copy of each fact would cost more than most judges.
    const observation = fact as Stamped;
    observation.atMillis = this.#now();
    for (const checker of watching) {
      if (this.#silenced.has(checker)) continue;
      const violation = checker.observe(observation);
      if (violation !== undefined) this.#keep(checker, violation, placeOf(observation));
    }
  }

  /** Asks for the final verdicts; returns all violations of the run. */
  finish(): readonly Violation[] {
    for (const checker of this.#checkers) {
      if (!this.#silenced.has(checker)) this.#keep(checker, checker.finish(this.#now()));
    }
    return this.#violations;
  }

  #watchersOf(type: FactType): readonly Checker[] {
    let watching = this.#watching.get(type);
    if (watching === undefined) {
      watching = this.#checkers.filter(({ sees }) => sees === undefined || sees.includes(type));
      this.#watching.set(type, watching);
    }
    return watching;
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
