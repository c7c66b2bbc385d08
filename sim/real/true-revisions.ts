import type { EtcdClient, Watch } from '../../src/etcd/client.ts';
import type { Event } from '../../src/mvcc/types.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { differenceOf } from '../checkers/true-history.ts';

const everything = { key: '\0', rangeEnd: '\0' };
const againMillis = 200;

/**
 * What a real store did: a watch of every member from the first revision on, from before anybody compacts. What one has lost
 * to a compaction another has read; and what two have read must be the same.
 */
export class TrueRevisions {
  readonly revisions = new Map<number, readonly Event[]>();
  readonly #clock: Clock;
  readonly #differs: (message: string) => void;
  readonly #watches = new Map<string, Watch>();
  #closed = false;

  /** `differs`: two members tell the same revision differently. */
  constructor(clock: Clock, differs: (message: string) => void) {
    this.#clock = clock;
    this.#differs = differs;
  }

  follow(member: string, etcd: EtcdClient, after = 0): void {
    let seen = after;
    const watch = etcd.watch(
      { ...everything, startRevision: seen + 1 },
      {
        created: () => {},
        events: (events) => {
          for (const [revision, changes] of byRevision(events)) {
            this.#add(member, revision, changes);
            seen = revision;
          }
        },
        progress: () => {},
        closed: ({ compactRevision }) => {
          const from = Math.max(seen, (compactRevision ?? 1) - 1);
          this.#clock.setTimer(againMillis, () => {
            if (!this.#closed) this.follow(member, etcd, from);
          });
        },
      },
    );
    this.#watches.set(member, watch);
  }

  close(): void {
    this.#closed = true;
    for (const watch of this.#watches.values()) watch.cancel();
  }

  #add(member: string, revision: number, events: readonly Event[]): void {
    const first = this.revisions.get(revision);
    if (first === undefined) {
      this.revisions.set(revision, events);
      return;
    }
    const difference = differenceOf(first, events);
    if (difference !== undefined) this.#differs(`${member} holds ${difference} in revision ${revision}`);
  }
}

function byRevision(events: readonly Event[]): ReadonlyMap<number, readonly Event[]> {
  const revisions = new Map<number, Event[]>();
  for (const event of events) {
    const found = revisions.get(event.kv.modRevision);
    if (found === undefined) revisions.set(event.kv.modRevision, [event]);
    else found.push(event);
  }
  return revisions;
}
