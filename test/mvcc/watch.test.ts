import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import { Store } from '../../src/mvcc/store.ts';
import { type Event, noLease, prefixEnd } from '../../src/mvcc/types.ts';
import type { WatchSink } from '../../src/mvcc/watcher.ts';

const everything = { key: '\0', rangeEnd: '\0' };

/** Writes down what it is told: `2 +a -b` is a delivery up to revision 2, `compacted 5` the end. */
class Diary implements WatchSink {
  readonly lines: string[] = [];
  readonly all: Event[] = [];

  events(events: readonly Event[], revision: number): void {
    this.all.push(...events);
    this.lines.push(
      `${revision} ${events.map(({ type, kv }) => (type === 'put' ? '+' : '-') + kv.key).join(' ')}`,
    );
  }

  compacted(compactRevision: number): void {
    this.lines.push(`compacted ${compactRevision}`);
  }
}

function put(store: Store, ...keys: string[]): void {
  for (const key of keys) store.put({ key, value: encodeUtf8(`${key}${store.revision}`) });
}

describe('a synced watcher', () => {
  it('gets the next changes, each transaction whole, at once', () => {
    const store = new Store();
    put(store, 'a');
    const diary = new Diary();
    const watcher = store.watch(everything, diary);
    expect(watcher.synced).toBe(true);
    put(store, 'b');
    store.txn({
      compare: [],
      success: [
        { type: 'put', request: { key: 'd', value: emptyBytes } },
        { type: 'delete-range', request: { key: 'a', rangeEnd: 'c' } },
      ],
      failure: [],
    });
    expect(diary.lines).toEqual(['3 +b', '4 +d -a -b']);
    store.checkInvariants();
  });

  it.each([
    ['one key', { key: 'b' }, ['+b']],
    ['an interval', { key: 'b', rangeEnd: 'd' }, ['+b', '+c']],
    ['from a key on', { key: 'c', rangeEnd: '\0' }, ['+c', '+d']],
    ['a prefix', { key: 'b', rangeEnd: prefixEnd('b') }, ['+b']],
    ['an empty key, which is the least key', { key: '', rangeEnd: '\0' }, ['+a', '+b', '+c', '+d']],
    ['an empty interval', { key: 'c', rangeEnd: 'b' }, []],
  ])('of %s sees only that', (_, range, changes) => {
    const store = new Store();
    const diary = new Diary();
    store.watch(range, diary);
    put(store, 'a', 'b', 'c', 'd');
    expect(diary.lines.map((line) => line.split(' ')[1])).toEqual(changes);
  });

  it('with a start in the future stays silent until then', () => {
    const store = new Store();
    const diary = new Diary();
    expect(store.watch({ ...everything, startRevision: 4 }, diary).synced).toBe(true);
    put(store, 'a', 'b', 'c', 'd');
    expect(diary.lines).toEqual(['4 +c', '5 +d']);
  });

  it('hears nothing after it was cancelled, not even what another sink cancelled in the same delivery', () => {
    const store = new Store();
    const second = new Diary();
    const first = new Diary();
    const later = store.watch(everything, {
      events: () => victim.cancel(),
      compacted: () => {},
    });
    const victim = store.watch(everything, second);
    const bystander = store.watch(everything, first);
    put(store, 'a');
    expect(second.lines).toEqual([]);
    expect(first.lines).toEqual(['2 +a']);
    for (const watcher of [later, victim, bystander, bystander]) watcher.cancel();
    expect(victim.synced).toBe(false);
    put(store, 'b');
    expect(first.lines).toEqual(['2 +a']);
    expect(store.watcherCount).toBe(0);
  });

  it('may start a watch from its sink, but not write', () => {
    const store = new Store();
    const diary = new Diary();
    const watcher = store.watch(
      { key: 'a' },
      {
        events: () => {
          watcher.cancel();
          store.watch(everything, diary);
        },
        compacted: () => {},
      },
    );
    put(store, 'a', 'b');
    expect(diary.lines).toEqual(['3 +b']);
    store.watch({ key: 'c' }, { events: () => put(store, 'd'), compacted: () => {} });
    expect(() => put(store, 'c')).toThrow(AssertionError);
  });

  it('leaves out what it filters', () => {
    const store = new Store();
    const puts = new Diary();
    const deletes = new Diary();
    store.watch({ ...everything, filters: ['no-delete'] }, puts);
    store.watch({ ...everything, filters: ['no-put'] }, deletes);
    put(store, 'a');
    store.deleteRange({ key: 'a' });
    expect(puts.lines).toEqual(['2 +a']);
    expect(deletes.lines).toEqual(['3 -a']);
  });

  it('gets the previous kv of updates and deletes, not of creates', () => {
    const store = new Store();
    const diary = new Diary();
    store.watch({ ...everything, prevKv: true }, diary);
    put(store, 'a', 'a');
    store.deleteRange({ key: 'a' });
    put(store, 'a');
    expect(diary.all.map(({ prevKv }) => prevKv?.modRevision)).toEqual([undefined, 2, 3, undefined]);
    expect(diary.all[2]?.kv).toEqual({
      key: 'a',
      value: emptyBytes,
      createRevision: 0,
      modRevision: 4,
      version: 0,
      lease: noLease,
    });
  });
});

describe('a watcher from the past', () => {
  it('catches up in windows, and then goes on', () => {
    const store = new Store();
    put(store, 'a', 'b', 'c', 'd', 'e'); // 2..6
    const diary = new Diary();
    const watcher = store.watch({ ...everything, startRevision: 2 }, diary);
    expect(watcher.synced).toBe(false);
    expect(store.syncWatchers(2)).toBe(true);
    put(store, 'f');
    expect(diary.lines).toEqual(['3 +a +b']);
    expect(store.syncWatchers(2)).toBe(true);
    expect(store.syncWatchers(2)).toBe(false);
    expect(watcher.synced).toBe(true);
    put(store, 'g');
    expect(diary.lines).toEqual(['3 +a +b', '5 +c +d', '7 +e +f', '8 +g']);
    expect(store.syncWatchers()).toBe(false);
  });

  it('advances over what it filters out or does not watch', () => {
    const store = new Store();
    put(store, 'a', 'b', 'c');
    const filtered = new Diary();
    const elsewhere = new Diary();
    const first = store.watch({ ...everything, startRevision: 1, filters: ['no-put'] }, filtered);
    const second = store.watch({ key: 'x', startRevision: 1 }, elsewhere);
    expect(store.syncWatchers()).toBe(false);
    expect([first.synced, second.synced]).toEqual([true, true]);
    expect([filtered.lines, elsewhere.lines]).toEqual([[], []]);
  });

  it('takes turns with the others: one far behind does not hold up one that is close', () => {
    const store = new Store();
    for (let i = 0; i < 100; i++) put(store, 'a');
    const far = store.watch({ key: 'a', startRevision: 2 }, new Diary());
    const near = store.watch({ key: 'a', startRevision: 100 }, new Diary());
    store.syncWatchers(10);
    store.syncWatchers(10);
    expect([far.synced, near.synced]).toEqual([false, true]);
  });

  it('sees a delete at the compacted revision itself', () => {
    const store = new Store();
    put(store, 'a', 'b');
    store.deleteRange({ key: 'a' }); // 4
    store.compact(4);
    const diary = new Diary();
    store.watch({ ...everything, startRevision: 4, prevKv: true }, diary);
    store.syncWatchers();
    expect(diary.lines).toEqual(['4 -a']);
    // Revision 3 is gone, and with it what was there.
    expect(diary.all[0]?.prevKv).toBeUndefined();
  });

  it('is told once when its next revision is compacted away, and only by syncWatchers', () => {
    const store = new Store();
    put(store, 'a', 'b', 'c');
    const diary = new Diary();
    const watcher = store.watch({ ...everything, startRevision: 2 }, diary);
    store.compact(3);
    expect(diary.lines).toEqual([]);
    expect(store.syncWatchers()).toBe(false);
    expect(watcher.synced).toBe(false);
    store.syncWatchers();
    put(store, 'd');
    watcher.cancel();
    expect(diary.lines).toEqual(['compacted 3']);
    expect(store.watcherCount).toBe(0);
  });

  it('is not told of a compaction behind it', () => {
    const store = new Store();
    put(store, 'a', 'b', 'c', 'd');
    const diary = new Diary();
    store.watch({ ...everything, startRevision: 2 }, diary);
    store.syncWatchers(2);
    store.compact(4);
    store.syncWatchers();
    expect(diary.lines).toEqual(['3 +a +b', '5 +c +d']);
  });
});

describe('watchers of a store that is replaced by a snapshot', () => {
  it('go on where they were: no gap, no repetition', () => {
    const backend = new MemoryBackend();
    put(new Store(backend), 'a', 'b', 'c', 'd');
    const lagging = new Store();
    put(lagging, 'a', 'b');
    const diary = new Diary();
    lagging.watch(everything, diary);
    const restored = new Store(backend);
    restored.adoptWatchers(lagging);
    expect(restored.syncWatchers()).toBe(false);
    put(restored, 'e');
    put(lagging, 'x');
    expect(diary.lines).toEqual(['5 +c +d', '6 +e']);
  });

  it('that were ahead stay silent until it is reached', () => {
    const ahead = new Store();
    put(ahead, 'a', 'b', 'c');
    const diary = new Diary();
    const watcher = ahead.watch(everything, diary);
    const restored = new Store();
    restored.adoptWatchers(ahead);
    expect(watcher.synced).toBe(true);
    put(restored, 'a', 'b', 'c', 'd');
    expect(diary.lines).toEqual(['5 +d']);
    watcher.cancel();
    expect(restored.watcherCount).toBe(0);
  });
});
