import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { concatBytes, emptyBytes } from '../../src/base/bytes.ts';
import { ProtoWriter } from '../../src/base/protobuf.ts';
import { KeyHistory, KeyIndex } from '../../src/mvcc/key-index.ts';
import { unboundedEnd } from '../../src/mvcc/key-range.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import { RecordCache } from '../../src/mvcc/record-cache.ts';
import { Store } from '../../src/mvcc/store.ts';
import { noLease, type RangeRuns } from '../../src/mvcc/types.ts';

const keyOf = (i: number): string => `k${String(i).padStart(4, '0')}`;
const everything = { key: '\0', rangeEnd: '\0' };

/** Counts what is read from it. */
class CountingBackend extends MemoryBackend {
  gets = 0;

  override get(main: number, sub: number): Uint8Array | undefined {
    this.gets++;
    return super.get(main, sub);
  }
}

/** `toEqual` takes minutes for megabytes. */
function expectBytes(runs: readonly Uint8Array[], expected: Uint8Array): void {
  expect(Buffer.compare(concatBytes([emptyBytes, ...runs]), expected)).toBe(0);
}

function runsOf(store: Store, request: object): RangeRuns {
  const answer = store.rangeRuns({ ...everything, ...request });
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}

/** The same by the plain writer, from records one by one. */
function expectedOf(store: Store, request: object): Uint8Array {
  const answer = store.range({ ...everything, ...request });
  if (!answer.ok) throw new Error(answer.error.code);
  const writer = new ProtoWriter();
  for (const { key } of answer.value.kvs) {
    const single = store.rangeRecords({ key });
    if (!single.ok) throw new Error(single.error.code);
    writer.elementBytes(2, must(single.value.records[0]));
  }
  return writer.finish();
}

function filled(count: number, backend = new CountingBackend(), cacheBytesMax?: number): Store {
  const store = new Store(backend, cacheBytesMax === undefined ? {} : { cacheBytesMax });
  for (let i = 0; i < count; i++) store.put({ key: keyOf(i), value: new Uint8Array(20).fill(i) });
  return store;
}

describe('runs of records', () => {
  it('are what the records are, through any writes and reads, whatever fits into the cache', () => {
    const key = fc.nat(299);
    const step = fc.oneof(
      fc.record({ type: fc.constant('put' as const), key, bytes: fc.constantFrom(0, 5, 130, 9_000) }),
      fc.record({ type: fc.constant('delete' as const), key, span: fc.constantFrom(1, 2, 40) }),
      fc.record({ type: fc.constant('get' as const), key }),
      fc.record({ type: fc.constant('list' as const), key, end: key, limit: fc.constantFrom(0, 1, 7, 100) }),
    );
    const caches = fc.constantFrom(0, 3_000, 40_000, 1 << 20);
    fc.assert(
      fc.property(caches, fc.array(step, { maxLength: 60, size: 'max' }), (cacheBytesMax, steps) => {
        const store = filled(200, new CountingBackend(), cacheBytesMax);
        for (const [i, one] of steps.entries()) {
          if (one.type === 'put')
            store.put({ key: keyOf(one.key), value: new Uint8Array(one.bytes).fill(i) });
          else if (one.type === 'delete')
            store.deleteRange({ key: keyOf(one.key), rangeEnd: keyOf(one.key + one.span) });
          else if (one.type === 'get') store.rangeRecords({ key: keyOf(one.key) });
          else {
            const request = { key: keyOf(one.key), rangeEnd: keyOf(one.end), limit: one.limit };
            const { runs } = runsOf(store, request);
            expectBytes(runs, expectedOf(store, request));
          }
        }
        const { runs, kvCount, lastKey } = runsOf(store, {});
        expectBytes(runs, expectedOf(store, {}));
        expect(kvCount).toBe(store.keyCount);
        const last = store.range({ ...everything, sort: { target: 'key', order: 'descend' }, limit: 1 });
        expect(lastKey).toBe(last.ok ? (last.value.kvs[0]?.key ?? '') : undefined);
        store.checkInvariants();
      }),
      { numRuns: 200 },
    );
  });

  it('are the same arrays again while nothing is written, and all but one after a write', () => {
    const store = filled(1_000);
    const first = runsOf(store, {}).runs;
    expect(first.length).toBeLessThan(1_000 / 20);
    const again = (runs: readonly Uint8Array[]): number => runs.filter((run, i) => run === first[i]).length;
    expect(again(runsOf(store, {}).runs)).toBe(first.length);
    store.put({ key: keyOf(500), value: emptyBytes });
    expect(again(runsOf(store, {}).runs)).toBe(first.length - 1);
  });

  it('read again only what was written: the rest is taken from the run before', () => {
    const backend = new CountingBackend();
    const store = filled(1_000, backend);
    runsOf(store, {});
    const before = backend.gets;
    store.put({ key: keyOf(500), value: emptyBytes });
    store.put({ key: `${keyOf(700)}x`, value: emptyBytes });
    store.deleteRange({ key: keyOf(100) });
    runsOf(store, {});
    expect(backend.gets - before).toBe(2);
    store.rangeRecords({ key: keyOf(3) });
    expect(backend.gets - before).toBe(2);
  });

  it('are not made for a few of their records', () => {
    const backend = new CountingBackend();
    const store = filled(1_000, backend);
    runsOf(store, { limit: 3 });
    expect(backend.gets).toBe(3);
  });

  it('are not made of long records', () => {
    const store = filled(100);
    for (let i = 0; i < 100; i++) store.put({ key: keyOf(i), value: new Uint8Array(100_000) });
    const { runs } = runsOf(store, {});
    expectBytes(runs, expectedOf(store, {}));
    expect(runsOf(store, {}).runs[0] === runs[0]).toBe(false);
  });
});

describe('RecordCache', () => {
  const recordBytes = 300;

  function fullOf(bytesMax: number, count: number) {
    const index = new KeyIndex();
    const cache = new RecordCache(index, bytesMax);
    for (let i = 0; i < count; i++) {
      index.put(index.open(keyOf(i)), { main: i + 2, sub: 0 }, i + 2, 1, noLease);
    }
    const read = ({ key }: KeyHistory): Uint8Array => new Uint8Array(recordBytes).fill(Number(key.slice(1)));
    const list = (): void => {
      const leaf = index.existingLeaves('', unboundedEnd);
      while (leaf.next()) cache.run(leaf, leaf.to, read);
    };
    return { index, cache, read, list };
  }

  it('stays within its bound, with records and runs', () => {
    const bytesMax = 100_000;
    const { index, cache, read, list } = fullOf(bytesMax, 2_000);
    for (let round = 0; round < 3; round++) {
      list();
      expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
      for (let i = 0; i < 2_000; i++) {
        const history = must(index.get(keyOf(i)));
        if (cache.get(history) === undefined) cache.add(history, read(history));
        expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
      }
    }
    expect(cache.bytes).toBeGreaterThan(bytesMax / 2);
  });

  it('counts nothing for what is gone', () => {
    const { index, cache, list } = fullOf(1 << 20, 500);
    list();
    expect(cache.bytes).toBeGreaterThan(500 * recordBytes);
    for (let i = 0; i < 500; i++) cache.drop(must(index.get(keyOf(i))));
    expect(cache.bytes).toBe(0);
  });

  it('keeps a record once: the run takes over those that were read one by one', () => {
    const { index, cache, read, list } = fullOf(1 << 20, 500);
    for (let i = 0; i < 500; i++) cache.add(must(index.get(keyOf(i))), read(must(index.get(keyOf(i)))));
    list();
    expect(cache.bytes).toBeLessThan(500 * (recordBytes + 40));
    for (let i = 0; i < 500; i++) {
      expectBytes([must(cache.get(must(index.get(keyOf(i)))))], read(must(index.get(keyOf(i)))));
    }
  });
});
