import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { emptyBytes } from '../../src/base/bytes.ts';
import { MemoryBackend } from '../../src/mvcc/backend.ts';
import { type KeyValue, noLease, revision } from '../../src/mvcc/types.ts';

function kv(main: number, sub: number): KeyValue {
  const at = revision(main);
  return {
    key: `${main}.${sub}`,
    value: emptyBytes,
    createRevision: at,
    modRevision: at,
    version: 1,
    lease: noLease,
  };
}

function backendWith(...revisions: [number, number][]): MemoryBackend {
  const backend = new MemoryBackend();
  for (const [main, sub] of revisions) backend.put(main, sub, kv(main, sub));
  return backend;
}

function scanned(backend: MemoryBackend, from: number, end: number): string[] {
  const keys: string[] = [];
  backend.scan(from, end, ({ key }, sub) => keys.push(`${key}/${sub}`));
  return keys;
}

describe('MemoryBackend', () => {
  it('scans by (main, sub), from within and to within, where revisions are dense', () => {
    const backend = backendWith([2, 0], [2, 1], [3, 0], [4, 0], [5, 0]);
    expect(scanned(backend, 2, 4)).toEqual(['2.0/0', '2.1/1', '3.0/0']);
    expect(scanned(backend, 4, 4)).toEqual([]);
  });

  it('scans the same where compaction has left few', () => {
    const backend = backendWith([2, 3], [500, 0], [501, 0], [502, 0]);
    expect(scanned(backend, 0, 502)).toEqual(['2.3/3', '500.0/0', '501.0/0']);
    expect(scanned(backend, 3, 600)).toEqual(['500.0/0', '501.0/0', '502.0/0']);
  });

  it('deletes one record and forgets a revision that has none left', () => {
    const backend = backendWith([2, 0], [2, 1], [3, 0]);
    backend.delete(2, 0);
    expect(backend.get(2, 0)).toBeUndefined();
    expect(backend.get(2, 1)?.key).toBe('2.1');
    expect(scanned(backend, 0, 9)).toEqual(['2.1/1', '3.0/0']);
    backend.delete(2, 1);
    expect(backend.size).toBe(1);
    expect(() => backend.delete(2, 1)).toThrow(AssertionError);
  });

  it('takes revisions only in ascending order', () => {
    const backend = backendWith([3, 1]);
    expect(() => backend.put(3, 1, kv(3, 1))).toThrow(AssertionError);
    expect(() => backend.put(2, 0, kv(2, 0))).toThrow(AssertionError);
  });
});
