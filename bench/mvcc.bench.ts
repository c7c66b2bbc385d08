import { crc32c } from '../src/base/crc32c.ts';
import { MemoryBackend } from '../src/mvcc/memory-backend.ts';
import { digestOf } from '../src/mvcc/state-hash.ts';
import { Store } from '../src/mvcc/store.ts';
import { prefixEnd, type RangeRequest } from '../src/mvcc/types.ts';

export const name = 'mvcc';

const keyCount = 10_000;
const prefix = '/registry/pods/default/';
const rangeEnd = prefixEnd(prefix);
const all = { key: prefix, rangeEnd };
const value = new Uint8Array(256).fill(0x61);

function keyOf(i: number): string {
  return `${prefix}pod-${String(i % keyCount).padStart(5, '0')}`;
}

function filledStore(backend = new MemoryBackend(), rounds = 1): Store {
  const store = new Store(backend);
  for (let i = 0; i < rounds * keyCount; i++) store.put({ key: keyOf(i), value });
  return store;
}

/** Overwrites keys in turn; compacts now and then, as a cluster does, so that memory stays bounded. */
function overwrite(store: Store): () => void {
  let i = 0;
  return () => {
    store.put({ key: keyOf(i++), value });
    if (i % keyCount !== 0) return;
    store.compact(store.revision);
    while (store.scrub(keyCount));
  };
}

export function cases(): { name: string; run: () => void }[] {
  const store = filledStore();
  const read = filledStore();
  const past = read.revision;
  for (let i = 0; i < 1000; i++) read.put({ key: keyOf(i * 7), value });
  const watched = filledStore();
  let bytes = 0;
  for (let i = 0; i < 100; i++) {
    watched.watch(all, {
      // As the wire does: the bytes of the event, once for each watcher.
      events: (batch) => {
        for (const event of batch) bytes += event.encoded.length;
      },
      compacted: () => {},
    });
  }
  const backend = new MemoryBackend();
  const hashed = filledStore(backend, 10);
  const megabyte = new Uint8Array(1 << 20).fill(7);
  const record = new Uint8Array(320).fill(7);
  let i = 0;
  const list = (request: Partial<RangeRequest> = {}) => {
    return () => void read.rangeRecords({ ...all, ...request });
  };
  const runs = (request: Partial<RangeRequest> = {}) => {
    return () => void read.rangeRuns({ ...all, ...request });
  };
  return [
    { name: 'put 256 B', run: overwrite(store) },
    { name: 'range one key of 10 000, decoded', run: () => void read.range({ key: keyOf(i++) }) },
    { name: 'range one key of 10 000, as a record', run: () => void read.rangeRecords({ key: keyOf(i++) }) },
    { name: 'list 10 000, decoded', run: () => void read.range(all) },
    { name: 'list 10 000, as records', run: list() },
    { name: 'page of 500 of 10 000, as records', run: list({ limit: 500 }) },
    { name: 'list 10 000, in runs', run: runs() },
    { name: 'page of 500 of 10 000, in runs', run: runs({ limit: 500 }) },
    {
      name: 'put 256 B, and page of 500 with it, in runs',
      run: () => {
        read.put({ key: keyOf(i++ % 500), value });
        runs({ limit: 500 })();
      },
    },
    { name: 'page of 500 of 10 000, 1000 revisions ago', run: list({ limit: 500, revision: past }) },
    { name: 'count 10 000', run: list({ countOnly: true }) },
    { name: 'put 256 B with 100 watchers', run: overwrite(watched) },
    { name: 'open 100 000 records of 10 000 keys', run: () => void new Store(backend) },
    {
      name: 'HashKV of 100 000 records',
      run: () => {
        const begun = hashed.hashKv();
        if (!begun.ok) throw new Error(begun.error.code);
        while (begun.value.step(10_000));
        begun.value.close();
      },
    },
    { name: 'CRC-32C of 1 MiB', run: () => void crc32c(megabyte) },
    { name: 'digest of a record of 320 B', run: () => void digestOf(record) },
  ];
}
