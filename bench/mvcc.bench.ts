import { Store } from '../src/mvcc/store.ts';
import { prefixEnd } from '../src/mvcc/types.ts';

export const name = 'mvcc';

const keyCount = 10_000;
const prefix = '/registry/pods/default/';
const rangeEnd = prefixEnd(prefix);
const value = new Uint8Array(256).fill(0x61);

function keyOf(i: number): string {
  return `${prefix}pod-${String(i % keyCount).padStart(5, '0')}`;
}

function filledStore(): Store {
  const store = new Store();
  for (let i = 0; i < keyCount; i++) store.put({ key: keyOf(i), value });
  return store;
}

/** Overwrites keys in turn; compacts now and then, as a cluster does, so that memory stays bounded. */
function overwrite(store: Store): () => void {
  let i = 0;
  return () => {
    store.put({ key: keyOf(i++), value });
    if (i % keyCount === 0) store.compact(store.revision);
  };
}

export function cases(): { name: string; run: () => void }[] {
  const store = filledStore();
  const watched = filledStore();
  let events = 0;
  for (let i = 0; i < 100; i++) {
    watched.watch(
      { key: prefix, rangeEnd },
      { events: (batch) => (events += batch.length), compacted: () => {} },
    );
  }
  let i = 0;
  return [
    { name: 'put 256 B', run: overwrite(store) },
    { name: 'range one key of 10 000', run: () => void store.range({ key: keyOf(i++) }) },
    { name: 'list 500 of 10 000', run: () => void store.range({ key: prefix, rangeEnd, limit: 500 }) },
    { name: 'list 5000 of 10 000', run: () => void store.range({ key: prefix, rangeEnd, limit: 5000 }) },
    { name: 'put 256 B with 100 watchers', run: overwrite(watched) },
  ];
}
