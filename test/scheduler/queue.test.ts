import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { SchedulingQueue, type QueuedPod } from '../../src/scheduler/queue.ts';
import { view } from './objects.ts';

const start = 1_000_000;

function popNames(queue: SchedulingQueue, nowMillis: number): string[] {
  const names: string[] = [];
  for (let entry = queue.pop(nowMillis); entry !== undefined; entry = queue.pop(nowMillis)) {
    names.push(entry.pod.name);
  }
  return names;
}

function queueWith(...names: string[]): SchedulingQueue {
  const queue = new SchedulingQueue();
  for (const name of names) queue.add(view(name), start);
  return queue;
}

describe('the scheduling queue', () => {
  it('gives the highest priority first, and within one the oldest', () => {
    const queue = new SchedulingQueue();
    queue.add(view('low', { priority: -5 }), start);
    queue.add(view('late'), start + 2);
    queue.add(view('early'), start + 1);
    queue.add(view('early-too'), start + 1);
    queue.add(view('high', { priority: 1000 }), start + 3);
    expect(popNames(queue, start + 3)).toEqual(['high', 'early', 'early-too', 'late', 'low']);
    expect(queue.size).toBe(0);
  });

  it('backs off 1 s, 2 s, 4 s, 8 s, then 10 s each time', () => {
    const queue = queueWith('p');
    let now = start;
    for (const [i, backoffMillis] of [1000, 2000, 4000, 8000, 10_000, 10_000].entries()) {
      const entry = must(queue.pop(now));
      expect(entry.attempts).toBe(i + 1);
      queue.returnFailed(entry, now);
      expect(queue.nextWakeMillis()).toBe(now + backoffMillis);
      expect(queue.pop(now + backoffMillis - 1)).toBeUndefined();
      now += backoffMillis;
    }
    expect(queue.pop(now)).toMatchObject({ queuedAtMillis: start, attempts: 7 });
  });

  it('leaves a pod that suits no node until something changes, and until its back-off ends', () => {
    const queue = queueWith('p');
    queue.returnUnschedulable(must(queue.pop(start)), start);
    expect(queue.pop(start + 60_000)).toBeUndefined();
    queue.moveAll(start + 60_000);
    expect(popNames(queue, start + 60_000)).toEqual(['p']);

    const early = queueWith('p');
    early.returnUnschedulable(must(early.pop(start)), start);
    early.moveAll(start + 10);
    expect(early.pop(start + 999)).toBeUndefined();
    expect(early.nextWakeMillis()).toBe(start + 1000);
    expect(popNames(early, start + 1000)).toEqual(['p']);
  });

  it('tries a pod again after five minutes in which nothing changed', () => {
    const queue = queueWith('p', 'q');
    queue.returnUnschedulable(must(queue.pop(start)), start);
    queue.returnUnschedulable(must(queue.pop(start)), start + 10);
    expect(queue.nextWakeMillis()).toBe(start + 300_000);
    expect(popNames(queue, start + 299_999)).toEqual([]);
    expect(popNames(queue, start + 300_000)).toEqual(['p']);
    expect(queue.nextWakeMillis()).toBe(start + 300_010);
  });

  it('lets a pod that changed be tried at once, in its old place', () => {
    const queue = queueWith('p', 'q');
    queue.returnUnschedulable(must(queue.pop(start)), start);
    expect(queue.holds(view('p'))).toBe(true);
    const changed = view('p', { nodeSelector: { zone: 'a' } });
    expect(queue.holds(changed)).toBe(false);
    queue.add(view('r'), start + 5);
    queue.add(changed, start + 5);
    expect(popNames(queue, start + 5)).toEqual(['q', 'p', 'r']);
  });

  it('drops a pod that is removed, wherever it is', () => {
    const queue = queueWith('active', 'backoff', 'unschedulable');
    const [active, backoff, unschedulable] = [1, 2, 3].map(() => must(queue.pop(start)));
    queue.add(must(active).pod, start);
    queue.returnFailed(must(backoff), start);
    queue.returnUnschedulable(must(unschedulable), start);
    for (const name of ['active', 'backoff', 'unschedulable']) queue.remove(`uid-of-${name}`);
    queue.moveAll(start);
    expect([queue.size, queue.nextWakeMillis()]).toEqual([0, undefined]);
    expect(popNames(queue, start + 600_000)).toEqual([]);
  });

  it('never loses nor doubles a pod, whatever happens to it', () => {
    const uid = fc.constantFrom('p', 'q', 'r', 's');
    const step = fc.tuple(
      fc.constantFrom('add', 'remove', 'pop', 'fail', 'reject', 'move'),
      uid,
      fc.nat(4000),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new SchedulingQueue();
        const waiting = new Set<string>();
        const taken = new Map<string, QueuedPod>();
        let now = start;
        for (const [what, name, elapsed] of steps) {
          now += elapsed;
          const held = taken.get(name);
          if (what === 'add' && held === undefined) {
            queue.add(view(name), now);
            waiting.add(name);
          } else if (what === 'remove') {
            queue.remove(`uid-of-${name}`);
            waiting.delete(name);
          } else if (what === 'pop') {
            const entry = queue.pop(now);
            if (entry === undefined) continue;
            expect(waiting.delete(entry.pod.name)).toBe(true);
            taken.set(entry.pod.name, entry);
          } else if ((what === 'fail' || what === 'reject') && held !== undefined) {
            if (what === 'fail') queue.returnFailed(held, now);
            else queue.returnUnschedulable(held, now);
            taken.delete(name);
            waiting.add(name);
          } else if (what === 'move') {
            queue.moveAll(now);
          }
          expect(queue.size).toBe(waiting.size);
        }
        expect(popNames(queue, now + 300_000).toSorted()).toEqual([...waiting].toSorted());
      }),
    );
  });
});
