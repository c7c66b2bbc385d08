import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import { MemoryBackend } from '../../src/mvcc/backend.ts';
import type { StoreSnapshot } from '../../src/mvcc/snapshot.ts';
import { Store } from '../../src/mvcc/store.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';

describe('a snapshot', () => {
  it('survives msgpack: history, tombstones, leases of 64 bits, keys of any bytes', () => {
    const store = new Store();
    const lease = 0x7fff_ffff_ffff_ffffn as LeaseId;
    store.leaseGrant(lease, 60);
    store.leaseGrant(-5n as LeaseId, 60);
    store.put({ key: 'a\0\xff\x80', value: encodeUtf8('1'), lease });
    store.put({ key: 'b', value: new Uint8Array([0, 255]), lease: -5n as LeaseId });
    store.put({ key: 'a\0\xff\x80', value: encodeUtf8('2'), lease });
    store.deleteRange({ key: 'b' });
    store.compact(3);
    const restored = Store.restore(unpack(pack(store.snapshot())) as StoreSnapshot);
    restored.checkInvariants();
    for (const revision of [3, 4, 5]) expect(restored.hash(revision)).toEqual(store.hash(revision));
    expect(restored.compactRevision).toBe(3);
    expect(restored.leases()).toEqual(store.leases());
    expect(restored.leaseKeys(lease)).toEqual(['a\0\xff\x80']);
    expect(restored.compact(3)).toEqual(store.compact(3));
  });

  it('of an empty store restores an empty store', () => {
    const restored = Store.restore(new Store().snapshot());
    expect(restored.revision).toBe(1);
    expect(restored.compact(0)).toMatchObject({ ok: true });
  });

  it('does not move with the store', () => {
    const store = new Store();
    store.put({ key: 'a', value: emptyBytes });
    const snapshot = store.snapshot();
    store.put({ key: 'a', value: emptyBytes });
    store.compact(3);
    expect(snapshot.records).toHaveLength(1);
    expect(Store.restore(snapshot).revision).toBe(2);
  });

  it('at the end of the safe integers stops the store rather than letting it miscount', () => {
    const store = Store.restore({ ...new Store().snapshot(), revision: Number.MAX_SAFE_INTEGER - 1 });
    expect(store.put({ key: 'a', value: emptyBytes })).toMatchObject({ ok: true });
    expect(store.revision).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => store.put({ key: 'a', value: emptyBytes })).toThrow(AssertionError);
  });

  it('goes into an empty backend only', () => {
    const backend = new MemoryBackend();
    const store = new Store({ backend });
    store.put({ key: 'a', value: emptyBytes });
    expect(() => Store.restore(store.snapshot(), { backend })).toThrow(AssertionError);
  });
});
