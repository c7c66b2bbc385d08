import { array, assert, constant, integer, nat, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBytes } from '../../src/base/bytes.ts';
import { emptyConfState } from '../../src/raft/storage.ts';
import { index, term } from '../../src/raft/types.ts';
import type { Entry, Snapshot } from '../../src/raft/types.ts';
import { Unstable } from '../../src/raft/unstable.ts';

function entries(from: number, terms: readonly number[]): Entry[] {
  return terms.map((value, i) => ({
    index: index(from + i),
    term: term(value),
    type: 'normal',
    data: emptyBytes,
  }));
}

function snapshot(at: number, ofTerm: number): Snapshot {
  return {
    metadata: { index: index(at), term: term(ofTerm), confState: emptyConfState },
    data: emptyBytes,
  };
}

/** Behind five stable entries. */
function unstable(terms: readonly number[]): Unstable {
  const unstable = new Unstable(index(5));
  unstable.truncateAndAppend(entries(5, terms));
  return unstable;
}

const handedOut = (unstable: Unstable): (readonly [number, number])[] =>
  unstable.nextEntries().map(({ index, term }) => [index, term]);

describe('what is not durable yet', () => {
  it('hands out each entry once, and again when it was replaced meanwhile', () => {
    const log = unstable([1, 1]);
    expect(handedOut(log)).toEqual([
      [5, 1],
      [6, 1],
    ]);
    log.acceptInProgress();
    expect([log.hasNext, handedOut(log)]).toEqual([false, []]);
    log.truncateAndAppend(entries(7, [1]));
    expect(handedOut(log)).toEqual([[7, 1]]);
    log.acceptInProgress();
    log.truncateAndAppend(entries(6, [2]));
    expect(handedOut(log)).toEqual([[6, 2]]);
    expect(log.length).toBe(2);
  });

  it('begins anew below what it held, when that was stable and is replaced', () => {
    const log = unstable([1, 1]);
    log.truncateAndAppend(entries(3, [2]));
    expect([log.offset, log.length]).toEqual([3, 1]);
    expect(handedOut(log)).toEqual([[3, 2]]);
  });

  it('refuses a gap', () => {
    expect(() => unstable([1]).truncateAndAppend(entries(7, [1]))).toThrow('gap');
  });

  it('forgets what was written, unless another leader replaced it meanwhile', () => {
    const log = unstable([1, 1, 1]);
    log.acceptInProgress();
    log.stableTo(index(4), term(1));
    log.stableTo(index(6), term(2));
    log.stableTo(index(9), term(1));
    expect([log.offset, log.length]).toEqual([5, 3]);
    log.stableTo(index(6), term(1));
    expect([log.offset, log.length, log.hasNext]).toEqual([7, 1, false]);
  });

  it('restores a snapshot in the place of all entries, hands it out once, and keeps it until it is stable', () => {
    const log = unstable([1, 1]);
    log.restore(snapshot(8, 2));
    expect([log.offset, log.length, log.term(index(8))]).toEqual([9, 0, 2]);
    expect(log.nextSnapshot()).toEqual(snapshot(8, 2));
    log.acceptInProgress();
    expect([log.hasNext, log.nextSnapshot(), log.snapshot]).toEqual([false, undefined, snapshot(8, 2)]);
    log.restore(snapshot(10, 2));
    expect(log.nextSnapshot(), 'a newer one is written too').toEqual(snapshot(10, 2));
    log.acceptInProgress();
    log.stableSnapshotTo(index(8));
    expect(log.snapshot, 'an older one is stable').toEqual(snapshot(10, 2));
    log.stableSnapshotTo(index(10));
    expect(log.snapshot).toBeUndefined();
  });

  it('takes entries behind a snapshot that is not stable', () => {
    const log = new Unstable(index(1));
    log.restore(snapshot(8, 2));
    log.truncateAndAppend(entries(9, [2, 3]));
    expect([log.term(index(8)), log.term(index(10)), log.term(index(11))]).toEqual([2, 3, undefined]);
  });

  it('behaves as a list of entries, each waiting, being written or gone', () => {
    const command = oneof(
      record({ name: constant('append' as const), back: nat(4), terms: array(integer({ min: 1, max: 3 })) }),
      record({ name: constant('accept' as const) }),
      record({ name: constant('stable' as const), at: nat(12), ofTerm: integer({ min: 1, max: 3 }) }),
    );
    assert(
      property(array(command, { maxLength: 40 }), (commands) => {
        const log = new Unstable(index(5));
        let offset = 5;
        let model: { readonly term: number; readonly written: boolean }[] = [];
        for (const command of commands) {
          if (command.name === 'append') {
            if (command.terms.length === 0) continue;
            const from = Math.max(1, offset + model.length - command.back);
            log.truncateAndAppend(entries(from, command.terms));
            const kept = model.slice(0, Math.max(0, from - offset));
            offset = Math.min(offset, from);
            model = [...kept, ...command.terms.map((term) => ({ term, written: false }))];
          } else if (command.name === 'accept') {
            log.acceptInProgress();
            model = model.map(({ term }) => ({ term, written: true }));
          } else {
            log.stableTo(index(command.at), term(command.ofTerm));
            if (command.at < offset || model[command.at - offset]?.term !== command.ofTerm) continue;
            model = model.slice(command.at - offset + 1);
            offset = command.at + 1;
          }
          const waiting = model.flatMap(({ term, written }, i) => (written ? [] : [[offset + i, term]]));
          expect(handedOut(log)).toEqual(waiting);
          expect([log.offset, log.length, log.hasNext]).toEqual([offset, model.length, waiting.length > 0]);
          model.forEach(({ term }, i) => expect(log.term(index(offset + i))).toBe(term));
        }
      }),
    );
  });
});
