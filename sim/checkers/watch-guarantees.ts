import { decodeUtf8, equalBytes } from '../../src/base/bytes.ts';
import type { Event, KeyRange, KeyValue } from '../../src/mvcc/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';
import { covers, describeEvent, sameChange, TrueHistory } from './true-history.ts';

interface Watch {
  readonly range: KeyRange;
  readonly prevKv: boolean;
  readonly filters: readonly ('no-put' | 'no-delete')[];
  /** Everything of the range up to here was delivered. */
  revision: number;
  /** Up to here nothing more may come. */
  bookmark: number;
  /** Whether anything was delivered. */
  begun: boolean;
}

/** What a watch promises (etcd's "KV API guarantees", and the nine checks of its robustness tests), in words. */
const promises = {
  filter: 'a watch delivers only what it asked for',
  ordered: 'a watch delivers changes in the order of their revisions',
  unique: 'a watch delivers no change twice',
  atomic: 'a watch delivers all changes of a revision in one piece',
  bookmarkable: 'a watch that tells of progress has delivered everything up to there',
  resumable: 'a watch begins with the first change behind the revision that it starts after',
  isCreate: 'a change tells rightly whether it created its key',
  reliable: 'a watch leaves no change out',
  prevKv: 'a change comes with what was there before it, when that was asked for',
} as const;

type Promise = keyof typeof promises;

/**
 * The nine guarantees of watches, judged at every delivery against what the store really did: Filter, Ordered, Unique,
 * Atomic, Bookmarkable, Resumable, IsCreate, Reliable and PrevKV.
 */
export class WatchGuarantees implements Checker {
  readonly name: string;
  readonly sees: readonly FactType[] = [
    'revision-applied',
    'request-applied',
    'watch-started',
    'watch-events',
    'watch-progress',
    'watch-ended',
  ];
  readonly #truth = new TrueHistory();
  readonly #watches = new Map<string, Watch>();
  #compacted = 0;

  constructor(name = 'watch-guarantees') {
    this.name = name;
  }

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'revision-applied':
        this.#truth.add(seen.revision, seen.events);
        return undefined;
      case 'request-applied':
        if (seen.request.type === 'compact') {
          this.#compacted = Math.max(this.#compacted, seen.request.revision);
        }
        return undefined;
      case 'watch-started': {
        const { range, afterRevision, prevKv = false, filters = [] } = seen;
        const watch = { range, prevKv, filters, revision: afterRevision, bookmark: 0, begun: false };
        this.#watches.set(seen.watch, watch);
        return undefined;
      }
      case 'watch-ended':
        this.#watches.delete(seen.watch);
        return undefined;
      case 'watch-events':
      case 'watch-progress': {
        const watch = this.#watches.get(seen.watch);
        const message =
          watch === undefined
            ? `watch ${seen.watch} speaks after its end`
            : seen.type === 'watch-events'
              ? this.#judge(seen.watch, watch, seen.events, seen.revision)
              : this.#judgeProgress(seen.watch, watch, seen.revision);
        return message === undefined ? undefined : { checker: this.name, atMillis: seen.atMillis, message };
      }
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #judge(name: string, watch: Watch, events: readonly Event[], upTo: number): string | undefined {
    if (upTo > this.#truth.newest) {
      return `watch ${name} tells of revision ${upTo}, which nobody has applied`;
    }
    const expected = this.#expected(watch, upTo);
    for (let i = 0; i < Math.max(expected.length, events.length); i++) {
      const got = events[i];
      const want = expected[i];
      if (got !== undefined && want !== undefined && sameChange(got, want)) {
        const problem = this.#judgeDetails(watch, got, want);
        if (problem !== undefined) return problem(name);
        continue;
      }
      return got === undefined
        ? this.#missing(name, watch, want!, events)
        : this.#unexpected(name, watch, got, want, events, i);
    }
    watch.begun ||= events.length > 0;
    watch.revision = Math.max(watch.revision, upTo);
    return undefined;
  }

  #judgeProgress(name: string, watch: Watch, upTo: number): string | undefined {
    const [left] = this.#expected(watch, upTo);
    if (left !== undefined) {
      return broken(
        'bookmarkable',
        `${name} says that it is at revision ${upTo}`,
        `${describeEvent(left)} was not delivered`,
      );
    }
    watch.revision = Math.max(watch.revision, upTo);
    watch.bookmark = Math.max(watch.bookmark, upTo);
    return undefined;
  }

  #expected({ range, filters, revision }: Watch, upTo: number): readonly Event[] {
    return this.#truth.changes(revision, upTo, (event) => wants({ range, filters }, event));
  }

  /** The change is the right one: is what it tells besides? */
  #judgeDetails(watch: Watch, got: Event, want: Event): ((name: string) => string) | undefined {
    const { createRevision, modRevision, version } = got.kv;
    if (got.type === 'put' && (createRevision !== want.kv.createRevision || version !== want.kv.version)) {
      const tells = `${describeEvent(got)} as version ${version} of a key created at ${createRevision}`;
      const truth = `it is version ${want.kv.version} of one created at ${want.kv.createRevision}`;
      return (name) => broken('isCreate', `${name} delivered ${tells}`, truth);
    }
    if (!watch.prevKv || sameValue(got.prevKv, want.prevKv)) return undefined;
    // What was there before may be gone for good.
    if (got.prevKv === undefined && modRevision - 1 <= this.#compacted) return undefined;
    return (name) =>
      broken(
        'prevKv',
        `${name} delivered ${describeEvent(got)} with ${showKv(got.prevKv)} before it`,
        `that was ${showKv(want.prevKv)}`,
      );
  }

  #missing(name: string, watch: Watch, want: Event, delivered: readonly Event[]): string {
    const whole = !delivered.some(({ kv }) => kv.modRevision === want.kv.modRevision);
    const promise = !whole ? 'atomic' : watch.begun || delivered.length > 0 ? 'reliable' : 'resumable';
    return broken(
      promise,
      `${name}, which stood at revision ${watch.revision}, went on`,
      `${describeEvent(want)} was not delivered`,
    );
  }

  /** `got` is not what comes next: which promise does that break? */
  #unexpected(
    name: string,
    watch: Watch,
    got: Event,
    want: Event | undefined,
    events: readonly Event[],
    at: number,
  ): string {
    const before = events.slice(0, at);
    const { kv } = got;
    const delivered = `${name} delivered ${describeEvent(got)}`;
    if (!wants(watch, got)) {
      const { key, rangeEnd } = watch.range;
      const filters = watch.filters.length === 0 ? '' : `, ${watch.filters.join(' and ')}`;
      return broken(
        'filter',
        delivered,
        `it watches ${key}${rangeEnd === undefined ? '' : ` to ${rangeEnd}`}${filters}`,
      );
    }
    const real = (this.#truth.at(kv.modRevision) ?? []).find((event) => sameChange(event, got));
    if (real === undefined) {
      const there = (this.#truth.at(kv.modRevision) ?? []).map(withValue).join(', ');
      return broken(
        'filter',
        `${name} delivered ${withValue(got)}`,
        `revision ${kv.modRevision} is ${there || 'no change at all'}`,
      );
    }
    if (kv.modRevision <= watch.bookmark) {
      return broken('bookmarkable', delivered, `it had said before that it is at revision ${watch.bookmark}`);
    }
    if (kv.modRevision <= watch.revision || before.some((event) => sameChange(event, got))) {
      return broken('unique', delivered, `it had delivered everything up to ${watch.revision} before`);
    }
    if (events.slice(at + 1).some((event) => sameChange(event, want!))) {
      return broken(
        'ordered',
        delivered,
        `${describeEvent(want)} comes before it and was delivered behind it`,
      );
    }
    return this.#missing(name, watch, want!, before);
  }
}

function wants({ range, filters }: Pick<Watch, 'range' | 'filters'>, { type, kv }: Event): boolean {
  return covers(range, kv.key) && !filters.includes(type === 'put' ? 'no-put' : 'no-delete');
}

function broken(promise: Promise, what: string, but: string): string {
  return `watch ${what}, but ${but}; ${promise}: ${promises[promise]}`;
}

function withValue(event: Event): string {
  const value = event.type === 'put' ? ` as "${decodeUtf8(event.kv.value)}"` : '';
  return `${describeEvent(event)}${value}`;
}

function sameValue(a: KeyValue | undefined, b: KeyValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.key === b.key && a.modRevision === b.modRevision && equalBytes(a.value, b.value);
}

function showKv(kv: KeyValue | undefined): string {
  return kv === undefined ? 'nothing' : `"${decodeUtf8(kv.value)}" of revision ${kv.modRevision}`;
}
