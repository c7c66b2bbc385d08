import { describe, expect, it } from 'vitest';

import { type Call, type Change, History, type Outcome } from '../../bench/soak/history.ts';

const never = (): number => 0;

function put(key: string, value: string, at: number, more: Partial<Change> = {}): Change {
  const fresh = { createRevision: at, version: 1, lease: 0n };
  return { type: 'put', key, value, modRevision: at, ...fresh, ...more };
}

function gone(key: string, at: number): Change {
  return { type: 'delete', key, value: '', lease: 0n, modRevision: at, createRevision: 0, version: 0 };
}

const writing = (key: string, value: string, lease = 0n): Call => ({
  effects: [{ type: 'put', key, value, lease }],
});
const deleting = (key: string): Call => ({ effects: [{ type: 'delete', key }] });
const reading: Call = { effects: [] };
const written = (revision: number, succeeded = true): Outcome => ({ type: 'written', revision, succeeded });
const unknown: Outcome = { type: 'unknown' };

/** Calls one after another, each with its outcome. */
function historyOf(...calls: readonly (readonly [Call, Outcome])[]): History {
  const history = new History();
  for (const [call, outcome] of calls) history.begin(call)(outcome);
  return history;
}

describe('the judge of a soak', () => {
  it('is content with what clients were told and the store did', () => {
    const history = historyOf(
      [writing('a', '1'), written(2)],
      [{ ...writing('a', '2'), compare: { key: 'a', modRevision: 2 } }, written(3)],
      [{ ...writing('a', '3'), compare: { key: 'a', modRevision: 2 } }, written(3, false)],
      [reading, { type: 'read', revision: 3, key: 'a', value: '2' }],
      [deleting('b'), written(3, false)],
      [deleting('a'), written(4)],
      [writing('c', 'maybe'), unknown],
      [writing('c', 'maybe not'), unknown],
      [deleting('c'), unknown],
    );
    const second = { createRevision: 2, version: 2 };
    history.extend(
      [put('a', '1', 2), put('a', '2', 3, second), gone('a', 4), put('c', 'maybe', 5), gone('c', 6)],
      6,
      never,
    );
    expect(history.state.size).toBe(0);
    expect(history.unknownDone).toBe(2);
    // Of a cycle before: nobody may tell it otherwise.
    history.compare('a member', [gone('a', 4), put('c', 'maybe', 5), gone('c', 6)], 3);
    expect(() => history.compare('a member', [gone('a', 4), put('c', 'maybe', 5)], 3)).toThrow(/revision 6/);
    expect(() => history.compare('a watch', [gone('c', 6), gone('c', 6)], 5)).toThrow(/tells of revision 6/);
  });

  it('misses an acknowledged write, at the end or in between', () => {
    const calls = [
      [writing('a', '1'), written(2)],
      [writing('a', '2'), written(3)],
    ] as const;
    expect(() => historyOf(...calls).extend([put('a', '1', 2)], 2, never)).toThrow(
      /acknowledged at revision 3/,
    );
    expect(() =>
      historyOf(...calls).extend([put('a', '2', 3, { createRevision: 3, version: 1 })], 3, never),
    ).toThrow(/revision 2: it is lost/);
    const other = historyOf(...calls, [writing('a', 'other'), unknown]);
    expect(() => other.extend([put('a', 'other', 2)], 2, never)).toThrow(/is "put a other"/);
  });

  it('finds what was done twice, refused, or asked for by nobody', () => {
    const twice = historyOf([writing('a', '1'), unknown]);
    const again = put('a', '1', 3, { createRevision: 2, version: 2 });
    expect(() => twice.extend([put('a', '1', 2), again], 3, never)).toThrow(/done twice/);
    const refused = historyOf([writing('a', '1'), { type: 'refused' }]);
    expect(() => refused.extend([put('a', '1', 2)], 2, never)).toThrow(/done at revision 2/);
    expect(() => new History().extend([put('a', '1', 2)], 2, never)).toThrow(/nobody wrote/);
    const deleted = historyOf([writing('a', '1'), written(2)]);
    expect(() => deleted.extend([put('a', '1', 2), gone('a', 3)], 3, never)).toThrow(/nobody deleted/);
  });

  it('finds half a transaction', () => {
    const call: Call = { effects: [...writing('a', '1').effects, ...writing('b', '2').effects] };
    expect(() => historyOf([call, unknown]).extend([put('a', '1', 2)], 2, never)).toThrow(/asked to be/);
    historyOf([call, unknown]).extend([put('a', '1', 2), put('b', '2', 2)], 2, never);
  });

  it('finds reads and comparisons of another time', () => {
    const first = [writing('a', '1'), written(2)] as const;
    const stale = historyOf(first, [reading, { type: 'read', revision: 1, key: 'a' }]);
    expect(() => stale.extend([put('a', '1', 2)], 2, never)).toThrow(/begun when 2 was known/);
    const wrong = historyOf(first, [reading, { type: 'read', revision: 2, key: 'a' }]);
    expect(() => wrong.extend([put('a', '1', 2)], 2, never)).toThrow(/at revision 2 a is 1/);
    const compare = { key: 'a', modRevision: 2 };
    const failed = historyOf(first, [{ ...writing('a', '2'), compare }, written(2, false)]);
    expect(() => failed.extend([put('a', '1', 2)], 2, never)).toThrow(/comparison of a with 2 failed/);
    const late = historyOf(first, [reading, { type: 'read', revision: 2, key: 'a', value: '1' }]);
    late.extend([put('a', '1', 2)], 2, never);
  });

  it('lets leases end after their time or when they are revoked, with all that is attached', () => {
    const leased = (): History => {
      const history = new History();
      history.promise(7n, 1000);
      history.begin(writing('a', '1', 7n))(written(2));
      history.begin(writing('b', '2', 7n))(written(3));
      return history;
    };
    const held = [put('a', '1', 2, { lease: 7n }), put('b', '2', 3, { lease: 7n })];
    const ended = [...held, gone('a', 4), gone('b', 4)];
    leased().extend(ended, 4, () => 1001);
    expect(() => leased().extend(ended, 4, () => 900)).toThrow(/100 ms before its time/);
    expect(() => leased().extend([...held, gone('a', 4)], 4, () => 1001)).toThrow(/revision 4 ends a/);
    const revoked = leased();
    revoked.revoking(7n);
    revoked.revoked(7n);
    expect(() => revoked.leaseAlive(7n)).toThrow(/was revoked/);
    expect(() => revoked.extend(held, 3, () => 0)).toThrow(/outlives its lease/);
    expect(() => leased().leaseMissing(7n, 500)).toThrow(/not found 500 ms before/);
  });
});
