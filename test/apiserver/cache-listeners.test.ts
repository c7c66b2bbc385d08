import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ApiObject } from '../../src/api/types.ts';
import { CacheEvent } from '../../src/apiserver/cache-event.ts';
import { CacheListeners } from '../../src/apiserver/cache-listeners.ts';
import { EncodedObject } from '../../src/apiserver/encoded-object.ts';

const read = (object: ApiObject): string => object.metadata.labels?.['node'] ?? '';

function podOn(node: string): EncodedObject {
  return new EncodedObject({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels: { node } },
  } as ApiObject);
}

const node = fc.constantFrom('', 'a', 'b', 'c');
const state = fc.option(node.map(podOn), { nil: undefined });
const change = fc
  .tuple(state, state)
  .filter(([current, previous]) => current !== undefined || previous !== undefined);

describe('listeners of a watch cache', () => {
  it('with a pin hear what they would see if they heard everything', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), node, (changes, value) => {
        const listeners = new CacheListeners();
        const events = changes.map(([current, previous], i) => new CacheEvent(i + 1, current, previous));
        const seenBy = (heard: readonly CacheEvent[]): unknown[] =>
          heard.flatMap((event) => event.seenThrough((object) => read(object) === value) ?? []);
        const heard: CacheEvent[] = [];
        const pinned = { changed: (event: CacheEvent) => void heard.push(event), ended: () => {} };
        listeners.add(pinned, { field: 'node', value, read });
        for (const event of events) listeners.tell(event);
        expect(seenBy(heard)).toEqual(seenBy(events));
        expect(heard).toHaveLength(seenBy(heard).length);
      }),
    );
  });

  it('hear nothing once they are taken away, and of the end but once', () => {
    const listeners = new CacheListeners();
    const heard: string[] = [];
    const named = (name: string) => ({
      changed: () => void heard.push(`${name} changed`),
      ended: (why: string) => void heard.push(`${name} ${why}`),
    });
    const removeA = listeners.add(named('a'), { field: 'node', value: 'a', read });
    listeners.add(named('second a'), { field: 'node', value: 'a', read });
    const removeAll = listeners.add(named('all'));
    removeA();
    listeners.tell(new CacheEvent(1, podOn('a'), podOn('b')));
    expect(heard).toEqual(['all changed', 'second a changed']);
    removeAll();
    listeners.end('expired');
    listeners.end('stopped');
    listeners.tell(new CacheEvent(2, podOn('a'), undefined));
    expect(heard).toEqual(['all changed', 'second a changed', 'second a expired']);
  });
});
