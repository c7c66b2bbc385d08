import { describe, expect, it } from 'vitest';

import { Inflights } from '../../src/raft/inflights.ts';
import { Progress } from '../../src/raft/progress.ts';
import type { ProgressState } from '../../src/raft/progress.ts';
import { index } from '../../src/raft/types.ts';

/** A follower that holds `match`, and was sent all before `next`. */
function progress(state: ProgressState, match: number, next: number, inflightMax = 4): Progress {
  const progress = new Progress(index(next), inflightMax);
  progress.match = index(match);
  progress.state = state;
  return progress;
}

describe('a follower as its leader sees it', () => {
  it('begins with a probe, which waits for its answer', () => {
    const probe = new Progress(index(6), 4);
    expect([probe.state, probe.isPaused()]).toEqual(['StateProbe', false]);
    probe.sent(2, 0, index(5));
    expect([probe.next, probe.isPaused()]).toEqual([6, true]);
    expect(probe.accept(index(7), index(1))).toBe(true);
    expect(probe).toMatchObject({ state: 'StateReplicate', match: 7, next: 8, paused: false });
  });

  it('replicates ahead of the answers, as far as its window is wide', () => {
    const replicate = progress('StateReplicate', 3, 4, 2);
    replicate.sent(2, 0, index(3));
    expect([replicate.next, replicate.isPaused()]).toEqual([6, false]);
    replicate.sent(1, 0, index(3));
    expect([replicate.next, replicate.isPaused()], 'the window is full').toEqual([7, true]);
    expect(replicate.accept(index(5), index(1))).toBe(true);
    expect([replicate.inflights.count, replicate.isPaused()]).toEqual([1, false]);
    expect(replicate.accept(index(4), index(1)), 'an answer that comes late').toBe(false);
    replicate.sent(0, 0, index(5));
    expect(replicate.inflights.count, 'an empty append takes no room').toBe(1);
  });

  it('probes again from what matched when what was sent may be lost', () => {
    const replicate = progress('StateReplicate', 3, 9);
    replicate.sent(2, 0, index(3));
    replicate.becomeProbe();
    expect(replicate).toMatchObject({ state: 'StateProbe', match: 3, next: 4, paused: false });
    expect(replicate.inflights.count).toBe(0);
  });

  it('waits for a snapshot, and goes on behind it, or where it was', () => {
    const delivered = progress('StateReplicate', 3, 4);
    delivered.becomeSnapshot(index(10), 5);
    expect([delivered.isPaused(), delivered.next]).toEqual([true, 11]);
    delivered.becomeProbe();
    expect(delivered.next).toBe(11);
    const failed = progress('StateReplicate', 3, 4);
    failed.becomeSnapshot(index(10), 5);
    failed.snapshotFailed();
    expect(failed).toMatchObject({ state: 'StateProbe', next: 4, pendingSnapshot: 0 });
  });

  it('leaves the snapshot as soon as it can be served from the log, by whatever came', () => {
    const waiting = progress('StateProbe', 3, 4);
    waiting.becomeSnapshot(index(10), 5);
    expect(waiting.accept(index(6), index(9)), 'more than before, but 7 and 8 are compacted').toBe(true);
    expect(waiting.state).toBe('StateSnapshot');
    waiting.accept(index(8), index(9));
    expect(waiting).toMatchObject({ state: 'StateReplicate', match: 8, next: 9 });
  });

  it('a probe answered with what was known begins replication still', () => {
    const probe = progress('StateProbe', 3, 4);
    expect(probe.accept(index(3), index(1))).toBe(true);
    expect(probe.state).toBe('StateReplicate');
    expect(probe.accept(index(3), index(1))).toBe(false);
  });

  it.each<[string, ProgressState, number, number, number, number, boolean, number]>([
    ['replicating: a refusal of what matched is old', 'StateReplicate', 5, 10, 5, 5, false, 10],
    ['replicating: one below what matched is old', 'StateReplicate', 5, 10, 4, 4, false, 10],
    ['replicating: back to what matched, whatever the hint', 'StateReplicate', 5, 10, 9, 9, true, 6],
    ['probing: a refusal of another probe is old', 'StateProbe', 0, 0, 0, 0, false, 0],
    ['probing: one step back', 'StateProbe', 0, 10, 9, 9, true, 9],
    ['probing: to the hint', 'StateProbe', 0, 10, 9, 2, true, 3],
    ['probing: never below 1', 'StateProbe', 0, 10, 9, 0, true, 1],
    ['probing: never to what matched', 'StateProbe', 4, 10, 9, 2, true, 5],
    ['waiting for a snapshot: says nothing', 'StateSnapshot', 0, 10, 9, 2, false, 10],
  ])('%s', (_, state, match, next, rejected, hint, decreased, expected) => {
    const follower = progress(state, match, next);
    expect(follower.maybeDecrease(index(rejected), index(hint))).toBe(decreased);
    expect(follower.next).toBe(expected);
  });

  it('is told a commit index once, and only as far as it was sent entries', () => {
    const follower = progress('StateReplicate', 3, 4);
    expect(follower.canBumpCommit(index(3))).toBe(true);
    follower.sent(2, 0, index(3));
    expect(follower.canBumpCommit(index(3))).toBe(false);
    expect(follower.canBumpCommit(index(5))).toBe(true);
    follower.sent(0, 0, index(9));
    expect(follower.canBumpCommit(index(20)), 'it can commit no more than it was sent').toBe(false);
  });
});

describe('the window of appends under way', () => {
  it('frees what an answer covers, though it wraps around', () => {
    const inflights = new Inflights(10);
    for (let i = 0; i < 10; i++) inflights.add(index(i));
    expect(inflights.full).toBe(true);
    inflights.freeUpTo(index(4));
    expect([inflights.count, inflights.full]).toEqual([5, false]);
    for (let i = 10; i < 15; i++) inflights.add(index(i));
    inflights.freeUpTo(index(12));
    expect(inflights.count).toBe(2);
    inflights.freeUpTo(index(3));
    expect(inflights.count, 'an answer that comes late').toBe(2);
    inflights.reset();
    expect([inflights.count, inflights.full]).toEqual([0, false]);
  });

  it('is full by bytes too, behind the message that crosses the line', () => {
    const inflights = new Inflights(10, 100);
    inflights.add(index(1), 60);
    expect(inflights.full).toBe(false);
    inflights.add(index(2), 60);
    expect(inflights.full).toBe(true);
    expect(() => inflights.add(index(3), 1)).toThrow('inflight window is full');
    inflights.freeUpTo(index(1));
    expect([inflights.count, inflights.full]).toEqual([1, false]);
  });
});
