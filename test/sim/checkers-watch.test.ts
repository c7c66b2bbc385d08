import { describe, expect, it } from 'vitest';

import { WatchGuarantees } from '../../sim/checkers/watch-guarantees.ts';
import { index } from '../../src/raft/types.ts';
import { revision, type Event } from '../../src/mvcc/types.ts';
import { a, applied, put, remove, verdict, type Fact } from './checkers-stories.ts';

const truth = [
  applied(2, put('k', '1', 2)),
  applied(3, put('x', '1', 3)),
  applied(4, again(put('k', '2', 4), 2, put('k', '1', 2)), put('k2', '3', 4)),
  applied(5, { ...remove('k', 5), prevKv: again(put('k', '2', 4), 2).kv }),
];

/** The event as it is for a key that was created before. */
function again(event: Event, createdAt: number, before?: Event): Event {
  const kv = { ...event.kv, createRevision: revision(createdAt), version: 2 };
  return { ...event, kv, ...(before === undefined ? {} : { prevKv: before.kv }) };
}

const two = again(put('k', '2', 4), 2);
const three = put('k2', '3', 4);

function started(options: Partial<Fact & { type: 'watch-started' }> = {}): Fact {
  return {
    type: 'watch-started',
    watch: 'w',
    range: { key: 'k', rangeEnd: 'l' },
    afterRevision: 1,
    ...options,
  };
}
const got = (at: number, ...events: Event[]): Fact => ({
  type: 'watch-events',
  watch: 'w',
  events,
  revision: at,
});
const progress = (at: number): Fact => ({ type: 'watch-progress', watch: 'w', revision: at });

function judge(first: Fact, ...facts: Fact[]): string | undefined {
  return verdict(new WatchGuarantees(), [...truth, first, ...facts]);
}

describe('watch-guarantees', () => {
  it('is content with every change, once, in order, whole, one delivery or many', () => {
    expect(
      judge(started(), got(2, put('k', '1', 2)), got(4, two, three), got(5, remove('k', 5))),
    ).toBeUndefined();
    expect(judge(started(), got(5, put('k', '1', 2), two, three, remove('k', 5)))).toBeUndefined();
    expect(judge(started(), got(2, put('k', '1', 2)), progress(3), got(4, two, three))).toBeUndefined();
    expect(judge(started({ afterRevision: 4 }), got(5, remove('k', 5)), progress(9))).toBeUndefined();
  });

  it('filter: nothing that was not asked for', () => {
    const other =
      'watch w delivered the put of x at 3, but it watches k to l; filter: a watch delivers only what it asked for';
    expect(judge(started(), got(2, put('k', '1', 2)), got(3, put('x', '1', 3)))).toBe(other);
    const noDelete = started({ filters: ['no-delete'] });
    expect(judge(noDelete, got(4, put('k', '1', 2), two, three), progress(5))).toBeUndefined();
    expect(judge(noDelete, got(4, put('k', '1', 2), two, three), got(5, remove('k', 5)))).toContain(
      'no-delete; filter',
    );
    expect(judge(started(), got(2, put('k', 'never', 2)))).toBe(
      'watch w delivered the put of k at 2 as "never", but revision 2 is the put of k at 2 as "1"; filter: a watch delivers only what it asked for',
    );
    expect(judge(started(), got(9, put('k', '9', 9)))).toContain('which nobody has applied');
  });

  it('ordered: by revision', () => {
    expect(judge(started(), got(5, put('k', '1', 2), remove('k', 5), two, three))).toBe(
      'watch w delivered the delete of k at 5, but the put of k at 4 comes before it and was delivered behind it; ordered: a watch delivers changes in the order of their revisions',
    );
    expect(judge(started(), got(4, put('k', '1', 2), three, two))).toContain('ordered');
    expect(judge(started(), got(4, put('k', '1', 2), two, three, put('k', '1', 2)))).toContain('unique');
  });

  it('unique: nothing twice', () => {
    expect(judge(started(), got(2, put('k', '1', 2)), got(2, put('k', '1', 2)))).toBe(
      'watch w delivered the put of k at 2, but it had delivered everything up to 2 before; unique: a watch delivers no change twice',
    );
  });

  it('atomic: all of a revision in one piece', () => {
    expect(judge(started(), got(2, put('k', '1', 2)), got(4, two))).toBe(
      'watch w, which stood at revision 2, went on, but the put of k2 at 4 was not delivered; atomic: a watch delivers all changes of a revision in one piece',
    );
  });

  it('bookmarkable: progress says that all is delivered', () => {
    expect(judge(started(), progress(4))).toBe(
      'watch w says that it is at revision 4, but the put of k at 2 was not delivered; bookmarkable: a watch that tells of progress has delivered everything up to there',
    );
    expect(judge(started(), got(2, put('k', '1', 2)), progress(3), got(3, put('k', '1', 2)))).toContain(
      'bookmarkable',
    );
  });

  it('resumable: begins right behind where it was asked to', () => {
    expect(judge(started(), got(4, two, three))).toBe(
      'watch w, which stood at revision 1, went on, but the put of k at 2 was not delivered; resumable: a watch begins with the first change behind the revision that it starts after',
    );
    expect(judge(started({ afterRevision: 2 }), got(4, two, three))).toBeUndefined();
  });

  it('reliable: leaves nothing out', () => {
    expect(judge(started(), got(2, put('k', '1', 2)), got(5, remove('k', 5)))).toBe(
      'watch w, which stood at revision 2, went on, but the put of k at 4 was not delivered; reliable: a watch leaves no change out',
    );
  });

  it('isCreate: tells rightly what created a key', () => {
    const first = got(2, put('k', '1', 2));
    expect(judge(started(), first, got(4, put('k', '2', 4), three))).toBe(
      'watch w delivered the put of k at 4 as version 1 of a key created at 4, but it is version 2 of one created at 2; isCreate: a change tells rightly whether it created its key',
    );
  });

  it('prevKv: tells what was there before, if that is not compacted', () => {
    const withPrevious = started({ prevKv: true });
    const first = got(2, put('k', '1', 2));
    const right = got(4, { ...two, prevKv: put('k', '1', 2).kv }, three);
    expect(judge(withPrevious, first, right)).toBeUndefined();
    expect(judge(withPrevious, first, got(4, two, three))).toContain(
      'with nothing before it, but that was "1" of revision 2; prevKv',
    );
    expect(judge(withPrevious, first, got(4, { ...two, prevKv: put('k', '0', 2).kv }, three))).toContain(
      'with "0" of revision 2 before it',
    );
    const compacted: Fact = {
      type: 'request-applied',
      member: a,
      index: index(9),
      request: { type: 'compact', revision: 4 },
      auth: undefined,
      events: [],
      revision: 5,
    };
    expect(judge(withPrevious, first, compacted, got(4, two, three))).toBeUndefined();
  });

  it('says nothing after its end', () => {
    expect(judge(started(), { type: 'watch-ended', watch: 'w' }, got(2, put('k', '1', 2)))).toContain(
      'watch w speaks after its end',
    );
  });
});
