import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SchedulerCache } from '../../src/scheduler/cache.ts';
import { node, view, type PodWords } from './objects.ts';

const requests = { cpu: '1', memory: '1Gi' };
const bound = (name: string, nodeName: string, words: PodWords = {}) =>
  view(name, { requests, nodeName, ...words });

function cpuOf(cache: SchedulerCache, nodeName: string): number | undefined {
  return cache.snapshot().nodes.find(({ name }) => name === nodeName)?.requested.milliCpu;
}

function cacheWith(...names: string[]): SchedulerCache {
  const cache = new SchedulerCache();
  for (const name of names) cache.setNode(node(name));
  return cache;
}

describe('the scheduler cache', () => {
  it('lists nodes in name order, whichever came first', () => {
    const cache = cacheWith('c', 'a', 'b');
    expect(cache.snapshot().nodes.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('counts an assumed pod at once, and once only when it is confirmed', () => {
    const cache = cacheWith('a');
    cache.assume(view('p', { requests }), 'a');
    expect(cpuOf(cache, 'a')).toBe(1000);
    cache.confirm(bound('p', 'a'));
    cache.confirm(bound('p', 'a'));
    expect(cpuOf(cache, 'a')).toBe(1000);
  });

  it('forgets what was assumed, but not what was confirmed', () => {
    const cache = cacheWith('a');
    cache.assume(view('p', { requests }), 'a');
    cache.forget('uid-of-p');
    expect(cpuOf(cache, 'a')).toBe(0);
    expect(cache.has('uid-of-p')).toBe(false);
    cache.assume(view('p', { requests }), 'a');
    cache.confirm(bound('p', 'a'));
    cache.forget('uid-of-p');
    expect(cpuOf(cache, 'a')).toBe(1000);
  });

  it('believes the API when it shows an assumed pod on another node', () => {
    const cache = cacheWith('a', 'b');
    cache.assume(view('p', { requests }), 'a');
    expect(cache.nodeOf('uid-of-p')).toBe('a');
    cache.confirm(bound('p', 'b'));
    expect([cpuOf(cache, 'a'), cpuOf(cache, 'b'), cache.nodeOf('uid-of-p')]).toEqual([0, 1000, 'b']);
  });

  it('takes back as much as it added when a pod changed meanwhile', () => {
    const cache = cacheWith('a');
    cache.confirm(bound('p', 'a', { requests: { cpu: '3', 'example.com/gpu': '2' } }));
    cache.confirm(bound('p', 'a'));
    cache.remove('uid-of-p');
    expect(cache.snapshot().nodes[0]).toMatchObject({
      requested: { milliCpu: 0, memoryBytes: 0, others: { 'example.com/gpu': 0 } },
      podCount: 0,
    });
  });

  it('keeps assuming until it hears: there is no expiry', () => {
    const cache = cacheWith('a');
    cache.assume(view('p', { requests }), 'a');
    for (let i = 0; i < 100; i++) cache.setNode(node('a'));
    expect(cpuOf(cache, 'a')).toBe(1000);
  });

  it('refuses to place a pod twice', () => {
    const cache = cacheWith('a');
    cache.assume(view('p'), 'a');
    expect(() => cache.assume(view('p'), 'a')).toThrow('has a node already');
  });

  it('counts pods whose node it hears of later', () => {
    const cache = new SchedulerCache();
    cache.confirm(bound('p', 'a'));
    expect(cache.snapshot().nodes).toEqual([]);
    cache.setNode(node('a'));
    expect(cpuOf(cache, 'a')).toBe(1000);
  });

  it('remembers the pods of a node that goes and comes back', () => {
    const cache = cacheWith('a', 'b');
    cache.confirm(bound('p', 'a'));
    cache.removeNode('a');
    expect(cache.snapshot().nodes.map(({ name }) => name)).toEqual(['b']);
    cache.setNode(node('a'));
    expect(cpuOf(cache, 'a')).toBe(1000);
    cache.removeNode('a');
    cache.remove('uid-of-p');
    cache.setNode(node('a'));
    expect(cpuOf(cache, 'a')).toBe(0);
  });

  it('equals a cache made anew from what is left, after any history', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const uid = fc.constantFrom('p', 'q', 'r', 's');
    const step = fc.tuple(
      fc.constantFrom('setNode', 'removeNode', 'assume', 'confirm', 'forget', 'remove'),
      name,
      uid,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new SchedulerCache();
        const nodes = new Set<string>();
        const pods = new Map<string, { on: string; assumed: boolean }>();
        for (const [what, on, pod] of steps) {
          const id = `uid-of-${pod}`;
          if (what === 'setNode') {
            cache.setNode(node(on));
            nodes.add(on);
          } else if (what === 'removeNode') {
            cache.removeNode(on);
            nodes.delete(on);
          } else if (what === 'assume' && !pods.has(pod)) {
            cache.assume(view(pod, { requests }), on);
            pods.set(pod, { on, assumed: true });
          } else if (what === 'confirm') {
            cache.confirm(bound(pod, on));
            pods.set(pod, { on, assumed: false });
          } else if (what === 'forget') {
            cache.forget(id);
            if (pods.get(pod)?.assumed === true) pods.delete(pod);
          } else if (what === 'remove') {
            cache.remove(id);
            pods.delete(pod);
          }
          const seen = cache.snapshot().nodes.map((each) => [each.name, each.requested.milliCpu]);
          const expected = [...nodes]
            .toSorted()
            .map((each) => [each, [...pods.values()].filter(({ on }) => on === each).length * 1000]);
          expect(seen).toEqual(expected);
        }
      }),
    );
  });
});
