import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import { decodeKey } from '../../src/mvcc/key-value-codec.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import { checkTxn, isReadOnly, txnOpsMax } from '../../src/mvcc/request-check.ts';
import { Store } from '../../src/mvcc/store.ts';
import type {
  Compare,
  LeaseId,
  MvccErrorCode,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../src/mvcc/types.ts';

/** etcd's behaviour, case by case, as probed on the real one. */

const bytes = encodeUtf8;
const leaseId = (n: bigint): LeaseId => n as LeaseId;
const everything = { key: '\0', rangeEnd: '\0' };

function storeWith(...keys: string[]): Store {
  const store = new Store();
  for (const key of keys) store.put({ key, value: bytes(`${key}!`) });
  return store;
}

function keysOf(store: Store, request: RangeRequest): string[] {
  const result = store.range(request);
  if (!result.ok) throw new Error(result.error.code);
  return result.value.kvs.map(({ key }) => key);
}

const put = (key: string, text = ''): RequestOp => ({ type: 'put', request: { key, value: bytes(text) } });
const del = (key: string, rangeEnd = ''): RequestOp => ({ type: 'delete-range', request: { key, rangeEnd } });
const get = (key: string, revision = 0): RequestOp => ({ type: 'range', request: { key, revision } });
const nested = (success: RequestOp[], failure: RequestOp[] = [], compare: Compare[] = []): RequestOp => ({
  type: 'txn',
  request: { compare, success, failure },
});
const txnOf = (...success: RequestOp[]): TxnRequest => ({ compare: [], success, failure: [] });
const refusal = (code: MvccErrorCode) => ({ ok: false, error: { code } });

describe('Range', () => {
  it('reads a new store at revision 1: legal and empty', () => {
    const store = new Store();
    expect(store.range({ ...everything, revision: 1 })).toEqual({
      ok: true,
      value: { kvs: [], count: 0, more: false },
    });
    expect(store.revision).toBe(1);
    expect(store.compactRevision).toBe(0);
  });

  it.each([
    [{ key: 'b' }, ['b']],
    [{ key: 'b', rangeEnd: '' }, ['b']],
    [{ key: 'b', rangeEnd: '\0' }, ['b', 'c', 'd']],
    [everything, ['a', 'b', 'c', 'd']],
    [{ key: 'b', rangeEnd: 'd' }, ['b', 'c']],
    [{ key: 'b', rangeEnd: 'b' }, []],
    [{ key: 'c', rangeEnd: 'b' }, []],
    [{ key: 'x' }, []],
  ])('finds the keys of %j', (request, keys) => {
    expect(keysOf(storeWith('b', 'd', 'a', 'c'), request)).toEqual(keys);
  });

  it('counts all matching keys whatever the limit and the filters say', () => {
    const store = storeWith('a', 'b', 'c', 'd');
    expect(store.range({ ...everything, limit: 2 })).toMatchObject({ value: { count: 4, more: true } });
    expect(store.range({ ...everything, limit: 4 })).toMatchObject({ value: { count: 4, more: false } });
    expect(store.range({ ...everything, limit: -1 })).toMatchObject({ value: { count: 4, more: false } });
    expect(store.range({ ...everything, limit: 1, countOnly: true })).toEqual({
      ok: true,
      value: { kvs: [], count: 4, more: false },
    });
    expect(store.range({ ...everything, minModRevision: 4 })).toMatchObject({
      value: { count: 4, more: false },
    });
    expect(keysOf(store, { ...everything, minModRevision: 3, maxModRevision: 4 })).toEqual(['b', 'c']);
    expect(store.range({ ...everything, minModRevision: 3, limit: 3 })).toMatchObject({
      value: { more: false },
    });
    expect(store.range({ ...everything, minModRevision: 3, limit: 2 })).toMatchObject({
      value: { more: true },
    });
  });

  it('sorts by any target, and by value even if only keys are wanted', () => {
    const store = new Store();
    for (const [key, text] of [
      ['a', '3'],
      ['b', '1'],
      ['c', '2'],
      ['a', '9'],
    ] as const) {
      store.put({ key, value: bytes(text) });
    }
    const sorted = (target: 'key' | 'version' | 'create' | 'mod' | 'value', order: 'ascend' | 'descend') =>
      keysOf(store, { ...everything, keysOnly: true, sort: { target, order } }).join('');
    expect(sorted('value', 'ascend')).toBe('bca');
    expect(sorted('key', 'descend')).toBe('cba');
    expect(sorted('mod', 'ascend')).toBe('bca');
    expect(sorted('create', 'descend')).toBe('cba');
    expect(sorted('version', 'descend')).toBe('abc');
    expect(keysOf(store, { ...everything, limit: 1, sort: { target: 'key', order: 'descend' } })).toEqual([
      'c',
    ]);
    // Without an order, the limit and one more are looked at, and of these the least come first.
    const unordered = { ...everything, sort: { target: 'value', order: 'none' } } as const;
    expect(keysOf(store, unordered).join('')).toBe('bca');
    expect(keysOf(store, { ...unordered, limit: 1 }).join('')).toBe('b');
    store.put({ key: 'd', value: bytes('0') });
    expect(keysOf(store, { ...unordered, limit: 2 }).join('')).toBe('bc');
    const result = store.range({ key: 'a', keysOnly: true });
    expect(result.ok && result.value.kvs[0]?.value).toEqual(emptyBytes);
  });

  it('reads the past down to the compacted revision itself', () => {
    const store = storeWith('a', 'b', 'c'); // 2, 3, 4
    store.compact(3);
    expect(keysOf(store, { ...everything, revision: 3 })).toEqual(['a', 'b']);
    expect(store.range({ ...everything, revision: 2 })).toEqual(refusal('compacted'));
    expect(store.range({ ...everything, revision: 5 })).toEqual(refusal('future-revision'));
    expect(store.range({ key: '' })).toEqual(refusal('key-not-provided'));
    expect(keysOf(store, { ...everything, revision: -5 })).toEqual(['a', 'b', 'c']);
  });
});

describe('Put', () => {
  it('counts versions, and starts again after a delete', () => {
    const store = storeWith('a', 'a');
    expect(store.range({ key: 'a' })).toMatchObject({
      value: { kvs: [{ createRevision: 2, modRevision: 3, version: 2 }] },
    });
    store.deleteRange({ key: 'a' });
    store.put({ key: 'a', value: emptyBytes });
    expect(store.range({ key: 'a' })).toMatchObject({
      value: { kvs: [{ createRevision: 5, modRevision: 5, version: 1 }] },
    });
  });

  it('refuses what makes no sense, and spends no revision on it', () => {
    const store = storeWith('a');
    const cases: [Parameters<Store['put']>[0], MvccErrorCode][] = [
      [{ key: '', value: emptyBytes }, 'key-not-provided'],
      [{ key: 'x', value: emptyBytes, ignoreValue: true }, 'key-not-found'],
      [{ key: 'x', value: emptyBytes, ignoreLease: true }, 'key-not-found'],
      [{ key: 'a', value: bytes('v'), ignoreValue: true }, 'value-provided'],
      [{ key: 'a', value: emptyBytes, ignoreLease: true, lease: leaseId(1n) }, 'lease-provided'],
      [{ key: 'a', value: emptyBytes, lease: leaseId(1n) }, 'lease-not-found'],
    ];
    for (const [request, code] of cases) expect(store.put(request)).toEqual(refusal(code));
    expect(store.revision).toBe(2);
  });

  it('keeps the value or the lease when asked to, and returns the previous kv', () => {
    const store = storeWith('a');
    store.leaseGrant(leaseId(5n), 60);
    store.put({ key: 'a', value: emptyBytes, ignoreValue: true, lease: leaseId(5n) });
    expect(store.range({ key: 'a' })).toMatchObject({ value: { kvs: [{ value: bytes('a!'), lease: 5n }] } });
    const result = store.put({ key: 'a', value: bytes('new'), ignoreLease: true, prevKv: true });
    expect(result).toMatchObject({ value: { prevKv: { value: bytes('a!'), version: 2 } } });
    expect(store.leaseOf('a')).toBe(5n);
  });
});

describe('DeleteRange', () => {
  it('spends no revision on nothing', () => {
    const store = storeWith('a');
    expect(store.deleteRange({ key: 'x' })).toEqual({ ok: true, value: { deleted: 0, prevKvs: [] } });
    expect(store.deleteRange({ key: 'c', rangeEnd: 'b' })).toMatchObject({ value: { deleted: 0 } });
    expect(store.deleteRange({ key: '' })).toEqual(refusal('key-not-provided'));
    expect(store.revision).toBe(2);
  });

  it('deletes a range in one revision and returns it in key order', () => {
    const store = storeWith('c', 'a', 'b');
    const result = store.deleteRange({ key: 'a', rangeEnd: '\0', prevKv: true });
    expect(result.ok && result.value.deleted).toBe(3);
    expect(result.ok && result.value.prevKvs.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(store.revision).toBe(5);
  });
});

describe('Txn', () => {
  it('shares one revision among its ops, and each sees the ones before', () => {
    const store = new Store();
    const result = store.txn(txnOf(get('a'), put('a', '1'), get('a'), put('b'), del('c')));
    expect(result).toMatchObject({
      value: {
        succeeded: true,
        responses: [
          { response: { count: 0 } },
          {},
          { response: { kvs: [{ modRevision: 2, version: 1 }] } },
          {},
          { response: { deleted: 0 } },
        ],
      },
    });
    expect(store.revision).toBe(2);
  });

  it('spends no revision when nothing changes', () => {
    const store = storeWith('a');
    expect(store.txn(txnOf())).toEqual({ ok: true, value: { succeeded: true, responses: [] } });
    store.txn(txnOf(get('a'), del('x')));
    expect(store.revision).toBe(2);
  });

  it.each<[string, TxnRequest, MvccErrorCode | undefined]>([
    ['the same key put twice', txnOf(put('a'), put('a')), 'duplicate-key'],
    ['a put in a deleted range', txnOf(put('b'), del('a', 'c')), 'duplicate-key'],
    ['a put before a deleted range', txnOf(del('b', '\0'), put('a')), undefined],
    ['two deletes of one key', txnOf(del('a'), del('a')), undefined],
    ['a nested put of the same key', txnOf(put('a'), nested([put('a')])), 'duplicate-key'],
    ['a nested put on the branch not taken', txnOf(put('a'), nested([], [put('a')])), 'duplicate-key'],
    ['a nested delete of a put key', txnOf(nested([del('a', 'c')]), put('b')), 'duplicate-key'],
    ['a put before all that follow are deleted', txnOf(put('b'), del('a', '\0')), undefined],
    ['a put after all that follow are deleted', txnOf(del('a', '\0'), put('b')), undefined],
    ['an end before the key', txnOf(put('b'), del('c', 'a')), undefined],
    ['two nested siblings', txnOf(nested([put('a')]), nested([put('a')])), 'duplicate-key'],
    ['a nested put that a later sibling deletes', txnOf(nested([put('a')]), nested([del('a')])), undefined],
    [
      'a nested put that an earlier sibling deletes',
      txnOf(nested([del('a')]), nested([put('a')])),
      'duplicate-key',
    ],
    ['a nested put that a later op deletes', txnOf(nested([put('a')]), del('a')), 'duplicate-key'],
    ['both branches of one child', txnOf(nested([put('a')], [put('a'), put('b')])), undefined],
    ['both branches of the txn', { compare: [], success: [put('a')], failure: [put('a')] }, undefined],
    ['the failure branch', { compare: [], success: [], failure: [put('a'), put('a')] }, 'duplicate-key'],
    [
      'an empty key in a compare',
      { ...txnOf(), compare: [{ key: '', result: 'equal', target: 'mod', modRevision: 0 }] },
      'key-not-provided',
    ],
    [
      'an empty key on the branch not taken',
      { compare: [], success: [], failure: [get('')] },
      'key-not-provided',
    ],
  ])('judges %s', (_, request, code) => {
    const store = storeWith('a');
    expect(store.txn(request)).toMatchObject(code === undefined ? { ok: true } : refusal(code));
    if (code !== undefined) expect(store.revision).toBe(2);
  });

  it('counts its ops at the door, and gives a nested one what is left', () => {
    const puts = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => put(`k${from + i}`));
    expect(checkTxn(txnOf(...puts(0, txnOpsMax)))).toBeUndefined();
    expect(checkTxn(txnOf(...puts(0, txnOpsMax + 1)))).toBe('too-many-ops');
    const fill = puts(0, 27);
    expect(checkTxn(txnOf(...fill, nested(puts(100, 100))))).toBeUndefined();
    expect(checkTxn(txnOf(...fill, nested(puts(100, 101))))).toBe('too-many-ops');
    // The store itself takes what the door let in: members may have been told different limits.
    expect(new Store().txn(txnOf(...puts(0, txnOpsMax + 1)))).toMatchObject({ ok: true });
  });

  it('checks everything that would run before it writes anything', () => {
    const store = storeWith('a', 'b');
    store.compact(3);
    // The revision it would get itself is the future too.
    expect(store.txn(txnOf(put('x'), get('a', 4)))).toEqual(refusal('future-revision'));
    const cases: [RequestOp, MvccErrorCode][] = [
      [get('a', 99), 'future-revision'],
      [get('a', 2), 'compacted'],
      [{ type: 'put', request: { key: 'z', value: emptyBytes, lease: leaseId(4n) } }, 'lease-not-found'],
      [{ type: 'put', request: { key: 'z', value: emptyBytes, ignoreValue: true } }, 'key-not-found'],
      [nested([get('a', 99)]), 'future-revision'],
    ];
    for (const [op, code] of cases) {
      expect(store.txn(txnOf(put('x'), op))).toEqual(refusal(code));
      expect(store.txn({ compare: [], success: [put('x')], failure: [op] })).toMatchObject({ ok: true });
      store.deleteRange({ key: 'x' });
    }
    expect(keysOf(store, everything)).toEqual(['a', 'b']);
    expect(store.revision).toBe(3 + 2 * cases.length);
    store.checkInvariants();
  });

  const compares = (compare: Compare, ...keys: string[]): boolean => {
    const result = storeWith(...keys).txn({ compare: [compare], success: [], failure: [] });
    return result.ok && result.value.succeeded;
  };

  it('compares a missing key as 0, and its value never', () => {
    expect(compares({ key: 'x', result: 'equal', target: 'version', version: 0 })).toBe(true);
    expect(compares({ key: 'x', result: 'less', target: 'create', createRevision: 1 })).toBe(true);
    expect(compares({ key: 'x', result: 'equal', target: 'mod', modRevision: 0 })).toBe(true);
    expect(compares({ key: 'x', result: 'equal', target: 'lease', lease: leaseId(0n) })).toBe(true);
    for (const result of ['equal', 'not-equal', 'less', 'greater'] as const) {
      expect(compares({ key: 'x', result, target: 'value', value: emptyBytes })).toBe(false);
      expect(compares({ key: 'x', result, target: 'value', value: bytes('q') })).toBe(false);
    }
  });

  it('compares a range only as a whole', () => {
    const compare = { ...everything, result: 'greater', target: 'mod', modRevision: 2 } as const;
    expect(compares(compare, 'a', 'b')).toBe(false);
    expect(compares({ ...compare, key: 'b' }, 'a', 'b')).toBe(true);
    expect(compares({ ...compare, key: 'x' }, 'a', 'b')).toBe(false);
  });

  it('takes all its decisions on the state before the first op', () => {
    const store = new Store();
    const missing: Compare = { key: 'a', result: 'equal', target: 'version', version: 0 };
    const result = store.txn(txnOf(put('a'), nested([put('b')], [put('c')], [missing])));
    expect(result.ok && result.value.responses[1]).toMatchObject({ response: { succeeded: true } });
    expect(keysOf(store, everything)).toEqual(['a', 'b']);
  });

  it('knows which transactions cannot write', () => {
    expect(isReadOnly(txnOf(get('a'), nested([get('b')])))).toBe(true);
    expect(isReadOnly({ compare: [], success: [], failure: [put('a')] })).toBe(false);
    expect(isReadOnly(txnOf(nested([], [del('a')])))).toBe(false);
  });
});

describe('Compact', () => {
  it('refuses the future, the past and the same again', () => {
    const store = storeWith('a', 'b');
    expect(store.compact(4)).toEqual(refusal('future-revision'));
    expect(store.compact(0)).toMatchObject({ ok: true });
    expect(store.compact(0)).toEqual(refusal('compacted'));
    expect(store.compact(3)).toMatchObject({ ok: true });
    expect(store.compact(3)).toEqual(refusal('compacted'));
    expect(store.compact(2)).toEqual(refusal('compacted'));
    expect(store.compactRevision).toBe(3);
  });

  it('keeps what is in force, and a tombstone only at the compacted revision', () => {
    const backend = new MemoryBackend();
    const store = new Store(backend);
    for (const key of ['a', 'a', 'b']) store.put({ key, value: emptyBytes }); // 2, 3, 4
    store.deleteRange({ key: 'b' }); // 5
    store.compact(5);
    expect(recordsIn(backend)).toEqual(['a2', 'a3', 'b4', 'b5']);
    expect(store.scrub(100)).toBe(false);
    expect(recordsIn(backend)).toEqual(['a3', 'b5']);
    store.put({ key: 'c', value: emptyBytes }); // 6
    store.compact(6);
    // First it hashes what the one before has left.
    expect(store.scrub(100)).toBe(true);
    expect(recordsIn(backend)).toEqual(['a3', 'b5', 'c6']);
    expect(store.scrub(100)).toBe(false);
    expect(recordsIn(backend)).toEqual(['a3', 'c6']);
    store.checkInvariants();
  });

  it('removes in slices, however often one key has changed', () => {
    const backend = new MemoryBackend();
    const store = new Store(backend);
    for (let i = 0; i < 1000; i++) store.put({ key: 'hot', value: emptyBytes });
    store.compact(store.revision);
    let slices = 1;
    for (let before = backend.recordCount; store.scrub(10); slices++) {
      expect(before - backend.recordCount).toBeLessThanOrEqual(20);
      before = backend.recordCount;
      store.checkInvariants();
    }
    expect(slices).toBe(100);
    expect(recordsIn(backend)).toEqual(['hot1001']);
    store.put({ key: 'hot', value: emptyBytes });
    expect(keysOf(store, { key: 'hot', revision: 1001 })).toEqual(['hot']);
  });

  it('does not lower the revision when the newest change is compacted away', () => {
    const backend = new MemoryBackend();
    const store = new Store(backend);
    store.put({ key: 'a', value: emptyBytes });
    store.deleteRange({ key: 'a' });
    store.compact(3);
    store.scrub(100);
    expect(new Store(backend).revision).toBe(3);
  });

  it('goes on after a restart in the middle of the removal', () => {
    const backend = new MemoryBackend();
    const store = new Store(backend);
    for (const key of ['a', 'b', 'a', 'b', 'a']) store.put({ key, value: emptyBytes });
    store.deleteRange({ key: 'a' }); // 7
    store.put({ key: 'c', value: emptyBytes }); // 8
    store.compact(8);
    expect(store.scrub(3)).toBe(true);
    const reopened = new Store(backend);
    expect(reopened.compactRevision).toBe(8);
    reopened.checkInvariants();
    expect(reopened.scrub(100)).toBe(false);
    expect(recordsIn(backend)).toEqual(['b5', 'c8']);
    expect(new Store(backend).scrub(100)).toBe(false);
  });
});

function recordsIn(backend: MemoryBackend): string[] {
  const found: string[] = [];
  backend.scan(0, Infinity, (main, _sub, record) => void found.push(`${decodeKey(record)}${main}`));
  return found;
}

describe('Lease', () => {
  it('refuses a duplicate, a time too long, and an unknown one to revoke', () => {
    const store = new Store();
    expect(store.leaseGrant(leaseId(1n), 9_000_000_000)).toMatchObject({ ok: true });
    expect(store.leaseGrant(leaseId(1n), 5)).toEqual(refusal('lease-exists'));
    expect(store.leaseGrant(leaseId(2n), 9_000_000_001)).toEqual(refusal('lease-ttl-too-large'));
    expect(store.leaseRevoke(leaseId(2n))).toEqual(refusal('lease-not-found'));
    expect(store.leaseRevoke(leaseId(1n))).toMatchObject({ ok: true });
    expect(store.revision).toBe(1);
    expect(() => store.leaseGrant(leaseId(0n), 5)).toThrow(AssertionError);
  });

  it('moves with puts: attached, moved, detached', () => {
    const store = new Store();
    store.leaseGrant(leaseId(2n), 60);
    store.leaseGrant(leaseId(1n), 60);
    store.put({ key: 'a', value: emptyBytes, lease: leaseId(1n) });
    store.put({ key: 'a', value: emptyBytes, lease: leaseId(2n) });
    expect(store.leaseKeys(leaseId(1n))).toEqual([]);
    expect(store.leaseKeys(leaseId(2n))).toEqual(['a']);
    store.put({ key: 'a', value: emptyBytes });
    expect(store.leaseKeys(leaseId(2n))).toEqual([]);
    expect(store.leaseOf('a')).toBe(0n);
    expect(store.leases()).toEqual([
      { id: 1n, ttlSeconds: 60, remainingTtlSeconds: 0 },
      { id: 2n, ttlSeconds: 60, remainingTtlSeconds: 0 },
    ]);
    store.checkInvariants();
  });

  it('takes its keys along in one revision, in key order', () => {
    const store = new Store();
    store.leaseGrant(leaseId(1n), 60);
    for (const key of ['c', 'a', 'b']) store.put({ key, value: emptyBytes, lease: leaseId(1n) });
    const seen: string[] = [];
    store.watch(everything, {
      events: (events, revision) => seen.push(`${revision}:${events.map(({ kv }) => kv.key).join('')}`),
      compacted: () => {},
    });
    store.leaseRevoke(leaseId(1n));
    expect(seen).toEqual(['5:abc']);
    expect(store.leaseKeys(leaseId(1n))).toBeUndefined();
    store.checkInvariants();
  });
});

describe('hash', () => {
  it('is that of the state, however it came about', () => {
    const one = storeWith('a', 'b');
    const other = storeWith('a', 'b');
    expect(other.hash()).toEqual(one.hash());
    one.put({ key: 'c', value: bytes('1') });
    other.put({ key: 'c', value: bytes('2') });
    expect(other.hash()).not.toEqual(one.hash());
    expect(other.hash(3)).toEqual(one.hash(3));
    one.compact(3);
    expect(other.hash(3)).toEqual(one.hash(3));
    expect(one.hash(2)).toEqual(refusal('compacted'));
    expect(one.hash(9)).toEqual(refusal('future-revision'));
  });

  it('is the same for the newest revision whether kept or computed', () => {
    const store = storeWith('a', 'b');
    const kept = store.hash();
    store.put({ key: 'z', value: emptyBytes });
    expect(store.hash(3)).toEqual(kept);
  });
});
