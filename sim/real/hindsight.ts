import type { Event, KeyValue } from '../../src/mvcc/types.ts';
import { noMember } from '../../src/raft/types.ts';
import { index } from '../../src/raft/types.ts';
import { ObservationBus, type Checker, type Fact, type FactSink, type Violation } from '../observations.ts';

/**
 * sim/real/: the judges of the dock over real processes, which show no more than what their clients see.
 *
 * Boundary: pure; who starts processes, breaks connections and listens is src/cli/sim/real. What the store really did is read
 * by a watch from the first revision on, and comes later than what clients were told of it: so everything is written
 * down, and the judges see it behind the run, in an order in which it can have happened.
 *
 * Invariants
 *   H1  A fact is judged behind every revision that anybody had been told of when it was written down.
 *   H2  Revisions are judged in their order, each once, with what was there before each change.
 *   H3  A revision that nobody could read is said to be missing: it is never taken for one without changes.
 */
export class Hindsight implements FactSink {
  readonly #now: () => number;
  readonly #facts: Written[] = [];
  #known = 0;
  #over = false;

  /** `now`: milliseconds since the run began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The facts so far. */
  get count(): number {
    return this.#facts.length;
  }

  emit(fact: Fact): void {
    if (this.#over) return;
    this.know(revisionIn(fact));
    this.#facts.push({ fact, atMillis: this.#now(), known: this.#known });
  }

  /** Somebody was told of this revision. */
  know(revision: number): void {
    if (revision > this.#known) this.#known = revision;
  }

  /** What is told from now on is not judged. */
  close(): void {
    this.#over = true;
  }

  /** Shows all to the judges. `truth`: what the store really did, by revision. */
  judge(checkers: readonly Checker[], truth: ReadonlyMap<number, readonly Event[]>): readonly Violation[] {
    let atMillis = 0;
    const bus = new ObservationBus(() => atMillis, checkers);
    const history = completed(truth);
    let told = 1;
    const tellUpTo = (known: number): void => {
      while (told < known) {
        const events = history.get(++told);
        if (events !== undefined)
          bus.emit({ type: 'revision-applied', member: noMember, revision: told, events });
      }
    };
    for (const { fact, atMillis: at, known } of this.#facts) {
      atMillis = at;
      tellUpTo(known);
      bus.emit(fact);
    }
    tellUpTo(Math.max(0, ...truth.keys()));
    return bus.finish();
  }

  /** The first revision up to the last one known that `truth` lacks. */
  missing(truth: ReadonlyMap<number, readonly Event[]>): number | undefined {
    for (let revision = 2; revision <= this.#known; revision++) if (!truth.has(revision)) return revision;
    return undefined;
  }
}

interface Written {
  readonly fact: Fact;
  readonly atMillis: number;
  /** The newest revision that anybody had been told of. */
  readonly known: number;
}

/** A client asked for it: what watches are forgiven begins then, for when it was applied nobody sees. */
export function compactionAsked(revision: number): Fact {
  return {
    type: 'request-applied',
    member: noMember,
    index: index(0),
    request: { type: 'compact', revision },
    auth: undefined,
    events: [],
    revision,
  };
}

function revisionIn(fact: Fact): number {
  switch (fact.type) {
    case 'client-return':
      return 'revision' in fact.outcome ? fact.outcome.revision : 0;
    case 'watch-started':
      return fact.afterRevision;
    case 'watch-events':
    case 'watch-progress':
    case 'snapshot-taken':
      return fact.revision;
    case 'lock-acquired':
      return fact.fence;
    default:
      return 0;
  }
}

/** In order, and each change with what was there before: a watch is told that only while it is not compacted. */
function completed(truth: ReadonlyMap<number, readonly Event[]>): ReadonlyMap<number, readonly Event[]> {
  const standing = new Map<string, KeyValue>();
  const whole = new Map<number, readonly Event[]>();
  for (const revision of [...truth.keys()].toSorted((a, b) => a - b)) {
    const events = truth.get(revision)!.map(({ type, kv }): Event => {
      const before = standing.get(kv.key);
      if (type === 'put') standing.set(kv.key, kv);
      else standing.delete(kv.key);
      return before === undefined ? { type, kv } : { type, kv, prevKv: before };
    });
    whole.set(revision, events);
  }
  return whole;
}
