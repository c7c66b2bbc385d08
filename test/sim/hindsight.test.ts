import { describe, expect, it } from 'vitest';

import type { EtcdClient, WatchEvents, WatchRequest } from '../../src/etcd/client.ts';
import { revision, type Event, type LeaseId } from '../../src/mvcc/types.ts';
import { LeaseRules } from '../../sim/checkers/lease-rules.ts';
import { MutualExclusion } from '../../sim/checkers/mutual-exclusion.ts';
import { NoLostAck } from '../../sim/checkers/no-lost-ack.ts';
import type { Checker, Fact, Observation } from '../../sim/observations.ts';
import { Hindsight } from '../../sim/real/hindsight.ts';
import { judgesForReal } from '../../sim/real/judges.ts';
import { TrueRevisions } from '../../sim/real/true-revisions.ts';
import { applied, put, remove } from './checkers-stories.ts';

const puts = (client: string, value: string): Fact => ({
  type: 'client-call',
  client,
  operation: { type: 'put', key: 'k', value },
});
const told = (client: string, at: number): Fact => ({
  type: 'client-return',
  client,
  outcome: { type: 'put', revision: at },
});

/** Facts at moments 1, 2, … */
function written(...facts: readonly Fact[]): Hindsight {
  let now = 0;
  const hindsight = new Hindsight(() => ++now);
  for (const fact of facts) hindsight.emit(fact);
  return hindsight;
}

function seenBy(hindsight: Hindsight, truth: ReadonlyMap<number, readonly Event[]>): readonly Observation[] {
  const seen: Observation[] = [];
  const all: Checker = {
    name: 'all',
    observe: (one) => void seen.push(one),
    finish: () => undefined,
  };
  hindsight.judge([all], truth);
  return seen;
}

describe('hindsight', () => {
  const truth = new Map([
    [3, [put('k', 'b', 3)]],
    [2, [put('k', 'a', 2)]],
    [4, [remove('k', 4)]],
  ]);

  it('shows revisions before whoever was told of them, in order, each once', () => {
    const seen = seenBy(written(puts('x', 'a'), told('x', 2), puts('y', 'b'), told('y', 3)), truth);
    const order = seen.map((one) => (one.type === 'revision-applied' ? one.revision : one.type));
    expect(order).toEqual(['client-call', 2, 'client-return', 'client-call', 3, 'client-return', 4]);
    expect(seen.map(({ atMillis }) => atMillis)).toEqual([1, 2, 2, 3, 4, 4, 4]);
  });

  it('shows a revision that an answer told of before what followed from it', () => {
    const hindsight = written();
    hindsight.know(3);
    hindsight.emit({ type: 'lock-acquired', lock: '/lock/l/', holder: 'h', key: '/lock/l/h', fence: 2 });
    expect(seenBy(hindsight, truth).map(({ type }) => type)).toEqual([
      'revision-applied',
      'revision-applied',
      'lock-acquired',
      'revision-applied',
    ]);
  });

  it('says what was there before each change, though nobody was told', () => {
    const befores = seenBy(written(), truth).map((one) =>
      one.type === 'revision-applied' ? one.events[0]!.prevKv?.modRevision : undefined,
    );
    expect(befores).toEqual([undefined, 2, 3]);
  });

  it('misses revisions that nobody could read', () => {
    const hindsight = written(puts('x', 'a'), told('x', 4));
    expect(hindsight.missing(truth)).toBeUndefined();
    expect(hindsight.missing(new Map([...truth].filter(([at]) => at !== 3)))).toBe(3);
    expect(hindsight.missing(new Map())).toBe(2);
  });

  it('finds what was acknowledged and is not there', () => {
    const [found] = written(puts('x', 'lost'), told('x', 3)).judge([new NoLostAck()], truth);
    expect(found).toMatchObject({ checker: 'no-lost-ack', where: 'x', atMillis: 2 });
  });

  it('forgets what is told when all is over', () => {
    const hindsight = written(puts('x', 'lost'));
    hindsight.close();
    hindsight.emit(told('x', 3));
    expect(hindsight.count).toBe(1);
  });

  it('finds two who were told that they hold a lock', () => {
    const standing = new Map([
      [2, [put('/lock/l/a', 'a', 2)]],
      [3, [put('/lock/l/b', 'b', 3)]],
    ]);
    const acquired = (holder: string, fence: number): Fact => ({
      type: 'lock-acquired',
      lock: '/lock/l/',
      holder,
      key: `/lock/l/${holder}`,
      fence,
    });
    const found = written(acquired('a', 2), acquired('b', 3)).judge([new MutualExclusion()], standing);
    expect(found[0]?.message).toContain('b was told that it holds /lock/l/');
  });
});

describe('judges for real', () => {
  it('are those who need not look inside members; the others are named', () => {
    const { judges, notJudged } = judgesForReal(['linearizable', 'log-matching', 'no-lost-ack', 'monotonic']);
    expect(judges.map(({ name }) => name)).toEqual(['linearizable', 'no-lost-ack']);
    expect(notJudged).toEqual(['log-matching', 'monotonic']);
  });

  describe('of leases, whose ends nobody sees', () => {
    const id = 7n as LeaseId;
    const call = (what: 'grant' | 'keep-alive' | 'revoke'): Fact => ({
      type: 'lease-call',
      client: 'c',
      call: what,
      lease: id,
    });
    const returns = (outcome: (Fact & { type: 'lease-return' })['outcome']): Fact => ({
      type: 'lease-return',
      client: 'c',
      outcome,
    });
    const granted = [call('grant'), returns({ type: 'granted', lease: id, ttlSeconds: 6 })] as const;
    const gone = [call('keep-alive'), returns({ type: 'renewed', ttlSeconds: 0 })] as const;
    const renewed = [call('keep-alive'), returns({ type: 'renewed', ttlSeconds: 6 })] as const;

    function judged(...story: readonly (Fact | number)[]): string | undefined {
      const judge = new LeaseRules({ ends: 'told' });
      let atMillis = 0;
      for (const one of story) {
        if (typeof one === 'number') atMillis += one;
        else {
          const found = judge.observe({ ...one, atMillis });
          if (found !== undefined) return found.message;
        }
      }
      return judge.finish(atMillis)?.message;
    }

    it('are content with a life in good order', () => {
      expect(judged(...granted, applied(2, put('k', 'v', 2, id)), 1000, ...renewed)).toBeUndefined();
      expect(judged(...granted, 7000, ...gone)).toBeUndefined();
      expect(judged(...granted, call('revoke'), returns({ type: 'revoked' }), ...gone)).toBeUndefined();
      const dies = [applied(2, put('k', 'v', 2, id)), 7000, ...gone, applied(3, remove('k', 3))];
      expect(judged(...granted, ...dies)).toBeUndefined();
    });

    it('find one that ended early', () => {
      expect(judged(...granted, 3000, ...gone)).toContain('it may not end before 5000 ms');
    });

    it('find one that comes back', () => {
      expect(judged(...granted, 7000, ...gone, 10, ...renewed)).toContain('does not come back');
    });

    it('find a key that outlives its lease', () => {
      const story = [...granted, applied(2, put('k', 'v', 2, id)), 7000, ...gone];
      expect(judged(...story)).toBe(
        'lease 7 had ended at 7000 ms, as its owner was told, but k, which hangs on it, is still there',
      );
    });
  });
});

describe('true revisions', () => {
  /** A member whose watches the test speaks for. */
  function member() {
    const watches: { readonly request: WatchRequest; readonly events: WatchEvents }[] = [];
    const etcd = {
      watch: (request: WatchRequest, events: WatchEvents) => {
        watches.push({ request, events });
        return { cancel: () => {}, pause: () => {}, resume: () => {}, requestProgress: () => {} };
      },
    } as unknown as EtcdClient;
    return { etcd, watches };
  }

  const now = {
    wallMillis: () => 0,
    monotonicMillis: () => 0,
    sleep: async () => true,
    setTimer: (_delay: number, fire: () => void) => {
      fire();
      return { cancel: () => {} };
    },
  };

  it('are what any member tells, and go on behind a compaction', () => {
    const found: string[] = [];
    const truth = new TrueRevisions(now, (message) => found.push(message));
    const [one, other] = [member(), member()];
    truth.follow('one', one.etcd);
    truth.follow('other', other.etcd);
    expect(one.watches[0]!.request.startRevision).toBe(1);
    one.watches[0]!.events.events([put('k', 'a', 2), put('l', 'a', 2), put('k', 'b', 3)], revision(3));
    one.watches[0]!.events.closed({ compactRevision: revision(6), reason: 'compacted' });
    expect(one.watches[1]!.request.startRevision).toBe(6);
    other.watches[0]!.events.events([put('k', 'a', 2), put('l', 'a', 2)], revision(2));
    other.watches[0]!.events.closed({ reason: 'gone' });
    expect(other.watches[1]!.request.startRevision).toBe(3);
    other.watches[1]!.events.events([put('k', 'b', 3), put('k', 'c', 4)], revision(4));
    expect([...truth.revisions.keys()]).toEqual([2, 3, 4]);
    expect(truth.revisions.get(2)).toHaveLength(2);
    expect(found).toEqual([]);
    other.watches[1]!.events.events([put('k', 'd', 5)], revision(5));
    one.watches[1]!.events.events([put('other', 'd', 5)], revision(5));
    expect(found).toEqual(['one holds the put of other at 5 instead of the put of k at 5 in revision 5']);
  });
});
