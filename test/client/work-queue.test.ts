import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { WorkQueue } from '../../src/client/work-queue.ts';
import { FakeClock, settle } from './fake-platform.ts';

describe('WorkQueue', () => {
  it('gives keys in the order of adding, each once', async () => {
    const queue = new WorkQueue(new FakeClock());
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c']);
    expect(queue.length).toBe(0);
  });

  it('C3: holds a key back while a worker has it', async () => {
    const queue = new WorkQueue(new FakeClock());
    queue.add('a');
    expect(await queue.get()).toBe('a');
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await queue.get()).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  it('wakes a waiting worker', async () => {
    const queue = new WorkQueue(new FakeClock());
    const taken = queue.get();
    queue.add('a');
    expect(await taken).toBe('a');
  });

  it('adds later, at the earliest of several times', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock);
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 70);
    await clock.advance(49);
    expect(queue.length).toBe(0);
    await clock.advance(1);
    expect(queue.length).toBe(1);
    await queue.get();
    queue.done('a');
    await clock.advance(1_000);
    expect(queue.length).toBe(0);
  });

  it('doubles the delay of a key that fails, up to the bound, until it is forgotten', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock, { baseDelayMillis: 5, maxDelayMillis: 30 });
    const delays: number[] = [];
    for (let failure = 0; failure < 5; failure++) {
      const from = clock.monotonicMillis();
      queue.addRateLimited('a');
      while (queue.length === 0) await clock.advance(1);
      delays.push(clock.monotonicMillis() - from);
      await queue.get();
      queue.done('a');
    }
    expect(delays).toEqual([5, 10, 20, 30, 30]);
    expect(queue.failures('a')).toBe(5);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
  });

  it('sends the workers home at shutdown', async () => {
    const queue = new WorkQueue(new FakeClock());
    const waiting = queue.get();
    queue.shutDown();
    queue.add('a');
    expect(await waiting).toBeUndefined();
    expect(await queue.get()).toBeUndefined();
  });

  it('refuses to be told that a key is done which nobody has', () => {
    expect(() => new WorkQueue(new FakeClock()).done('a')).toThrow(AssertionError);
  });

  it('C3 for any history: never two workers on a key, and no add is lost', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ do: fc.constant('later' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ do: fc.constant('get' as const) }),
      fc.record({ do: fc.constant('done' as const) }),
      fc.record({ do: fc.constant('advance' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new FakeClock();
        const queue = new WorkQueue(clock);
        const held: string[] = [];
        const owed = new Set<string>();
        const take = (key: string | undefined): void => {
          if (key === undefined) return;
          expect(held).not.toContain(key);
          held.push(key);
          owed.delete(key);
        };
        for (const each of steps) {
          if (each.do === 'add') owed.add(each.key);
          if (each.do === 'add') queue.add(each.key);
          if (each.do === 'later') owed.add(each.key);
          if (each.do === 'later') queue.addAfter(each.key, 3);
          if (each.do === 'get' && queue.length > 0) take(await queue.get());
          if (each.do === 'done' && held.length > 0) queue.done(held.shift()!);
          if (each.do === 'advance') await clock.advance(2);
        }
        await clock.advance(10);
        while (held.length > 0 || queue.length > 0) {
          if (held.length > 0) queue.done(held.shift()!);
          if (queue.length > 0) take(await queue.get());
        }
        expect([...owed]).toEqual([]);
      }),
      { numRuns: 100 },
    );
    await settle();
  });
});
