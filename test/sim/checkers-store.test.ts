import { describe, expect, it } from 'vitest';

import { AuthRules } from '../../sim/checkers/auth-rules.ts';
import { LeaseRules } from '../../sim/checkers/lease-rules.ts';
import { MutualExclusion } from '../../sim/checkers/mutual-exclusion.ts';
import { SnapshotsTrue } from '../../sim/checkers/snapshots-true.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { LeaseId } from '../../src/etcd/client.ts';
import type { Request, RequestAuth } from '../../src/etcd/request.ts';
import type { AuthRequest } from '../../src/mvcc/auth/auth-request.ts';
import { permissionTypes } from '../../src/mvcc/auth/auth-types.ts';
import type { Event } from '../../src/mvcc/types.ts';
import { index } from '../../src/raft/types.ts';
import { a, applied, put, remove, verdict, type Fact } from './checkers-stories.ts';

let entries = 0;
function does(request: Request, events: Event[] = [], auth?: RequestAuth): Fact {
  const at = events[0]?.kv.modRevision ?? 1;
  return { type: 'request-applied', member: a, index: index(++entries), request, auth, events, revision: at };
}

describe('lease-rules', () => {
  const id = 7n as LeaseId;
  const call = (what: 'grant' | 'keep-alive' | 'revoke'): Fact => ({
    type: 'lease-call',
    client: 'c',
    call: what,
    lease: id,
  });
  const returns = (outcome: (Fact & { type: 'lease-return' })['outcome']): Fact => ({
    type: 'lease-return',
    client: 'c',
    outcome,
  });
  const granted = [call('grant'), 10, returns({ type: 'granted', lease: id, ttlSeconds: 6 })];
  const renewed = (ttlSeconds: number): Fact => returns({ type: 'renewed', ttlSeconds });
  const ends = (...events: Event[]): Fact => does({ type: 'lease-revoke', id }, events);
  const hung = [put('k1', 'x', 2, id), put('k2', 'x', 3, id)] as const;
  const judge = (...facts: (Fact | number)[]): string | undefined =>
    verdict(new LeaseRules(), [...granted, ...facts]);

  it('no lease ends before the time that its owner was promised', () => {
    expect(judge(5000, ends())).toBeUndefined();
    expect(judge(4900, ends())).toBe(
      'lease 7 ended at 4900 ms though nobody revoked it, but it was granted to c at 0 ms for 6 s: it may not end before 5000 ms',
    );
    expect(judge(4000, call('keep-alive'), 4100, renewed(6), 6000, ends())).toContain(
      'renewed by c at 4000 ms for 6 s',
    );
    expect(judge(4000, call('keep-alive'), 4100, renewed(6), 9000, ends())).toBeUndefined();
    expect(judge(1000, call('revoke'), ends())).toBeUndefined();
  });

  it('with the end of a lease all its keys go, at once and for good', () => {
    const told = [applied(2, hung[0]), applied(3, hung[1]), 9000];
    const gone = [remove('k1', 4), remove('k2', 4)];
    expect(judge(...told, applied(4, ...gone), ends(...gone))).toBeUndefined();
    expect(judge(...told, applied(4, remove('k1', 4)), ends(remove('k1', 4)))).toBe(
      'lease 7 ended at revision 4, which deletes 1 keys, but k2, which hangs on it, is still there',
    );
    expect(judge(...told, applied(4, ...gone), ends(...gone), applied(5, put('k1', 'y', 5, id)))).toContain(
      'k1 was put with lease 7 at revision 5, but the lease had ended at 9000 ms',
    );
    // A key that was put again without the lease stays.
    expect(
      judge(...told, applied(4, put('k2', 'y', 4)), applied(5, remove('k1', 5)), ends(remove('k1', 5))),
    ).toBeUndefined();
  });

  it('a lease may be over before its owner hears that it was granted', () => {
    const late = [call('grant'), 7000, ends(), 8000, returns({ type: 'granted', lease: id, ttlSeconds: 6 })];
    expect(verdict(new LeaseRules(), [...late, call('keep-alive'), renewed(0)])).toBeUndefined();
  });

  it('no renewal brings a lease back, and none fails while it stands', () => {
    expect(judge(6000, ends(), 6100, call('keep-alive'), renewed(0))).toBeUndefined();
    expect(judge(5900, call('keep-alive'), 6000, ends(), 6100, renewed(6))).toBeUndefined();
    expect(judge(6000, ends(), 6100, call('keep-alive'), renewed(6))).toBe(
      'c renewed lease 7 at 6100 ms, but it had ended at 6000 ms: an ended lease does not come back',
    );
    expect(judge(1000, call('keep-alive'), renewed(0))).toBe(
      'c was told at 1000 ms that lease 7 is gone, but it stands: no end of it was applied',
    );
  });
});

describe('auth-rules', () => {
  const rules = (request: AuthRequest, auth?: RequestAuth): Fact => does({ type: 'auth', request }, [], auth);
  const root = { username: 'root', authRevision: 9 };
  const permission = { key: 'k', rangeEnd: 'l', type: permissionTypes.readWrite };
  /** Raises the revision to 7: six changes. */
  const set = [
    rules({ type: 'user-add', name: 'root', passwordHash: '', noPassword: false }),
    rules({ type: 'user-grant-role', name: 'root', role: 'root' }),
    rules({ type: 'role-add', name: 'writer' }),
    rules({ type: 'role-grant-permission', name: 'writer', permission }),
    rules({ type: 'user-add', name: 'u', passwordHash: '', noPassword: false }),
    rules({ type: 'user-grant-role', name: 'u', role: 'writer' }),
    rules({ type: 'enable' }),
  ];
  const writes = (key: string, at: number, auth?: RequestAuth): Fact =>
    does({ type: 'put', request: { key, value: encodeUtf8('x') } }, [put(key, 'x', at)], auth);
  const judge = (...facts: Fact[]): string | undefined => verdict(new AuthRules(), [...set, ...facts]);
  const user = { username: 'u', authRevision: 7 };

  it('a write by a user without permission is never applied', () => {
    expect(judge(writes('k1', 2, user), writes('z', 3, { ...root, authRevision: 7 }))).toBeUndefined();
    expect(judge(writes('z', 2, user))).toBe(
      'the put that made revision 2 was applied for u, who may not write z: their roles are writer',
    );
    expect(judge(writes('k1', 2))).toBe(
      'the put that made revision 2 was applied, but nobody said who asks for it',
    );
    expect(verdict(new AuthRules(), [...set.slice(0, 6), writes('z', 2)])).toBeUndefined();
    const takenAway = rules(
      { type: 'role-revoke-permission', name: 'writer', key: 'k', rangeEnd: 'l' },
      root,
    );
    expect(judge(takenAway, writes('k1', 2, { ...user, authRevision: 8 }))).toContain('may not write k1');
    // What nobody but root may ask for changes nothing when another one asks.
    const wish = rules({ type: 'user-grant-role', name: 'u', role: 'root' }, user);
    expect(judge(wish, writes('z', 2, user))).toContain('may not write z');
    // A refused request changes nothing, and is none of its business.
    expect(
      judge(does({ type: 'put', request: { key: 'z', value: encodeUtf8('x') } }, [], user)),
    ).toBeUndefined();
  });

  it('who was let in by older rules is refused', () => {
    const change = rules({ type: 'role-add', name: 'other' }, root);
    expect(judge(change, writes('k1', 2, { ...user, authRevision: 8 }))).toBeUndefined();
    expect(judge(change, writes('k1', 2, user))).toBe(
      'the put that made revision 2 was applied for u, who was let in by the rules of auth revision 7, but they are at 8',
    );
  });

  it('leases end by themselves, whoever holds them', () => {
    expect(judge(does({ type: 'lease-revoke', id: 1n as LeaseId }, [remove('z', 2)]))).toBeUndefined();
  });
});

describe('mutual-exclusion', () => {
  const acquired = (holder: string, fence: number): Fact => ({
    type: 'lock-acquired',
    lock: '/lock/0/',
    holder,
    key: `/lock/0/${holder}`,
    fence,
  });
  const stands = (holder: string, at: number): Fact => applied(at, put(`/lock/0/${holder}`, holder, at));
  const leaves = (holder: string, at: number): Fact => applied(at, remove(`/lock/0/${holder}`, at));
  const judge = (...facts: Fact[]): string | undefined => verdict(new MutualExclusion(), facts);

  it('nobody holds a lock while an older key stands', () => {
    const turns = [stands('a', 2), acquired('a', 2), stands('b', 3), leaves('a', 4), acquired('b', 3)];
    expect(judge(...turns)).toBeUndefined();
    expect(judge(stands('a', 2), acquired('a', 2), stands('b', 3), acquired('b', 3))).toBe(
      'b was told that it holds /lock/0/ with /lock/0/b of revision 3, but /lock/0/a of revision 2 comes before it and still stands',
    );
    // Who hears late is an old holder by then; its fence keeps it from harm.
    expect(judge(...turns, acquired('c', 2))).toBeUndefined();
  });

  it('no write of an older turn takes effect behind one of a newer', () => {
    const writes = (value: string, at: number): Fact => applied(at, put('/guarded/0', value, at));
    expect(judge(writes('2 x', 4), writes('2 y', 5), writes('3 x', 6))).toBeUndefined();
    expect(judge(writes('3 x', 4), writes('2 y', 5))).toBe(
      '"2 y" was written to /guarded/0 at revision 5 with fence 2, but "3 x" of fence 3 was there since revision 4: the older holder had lost the lock',
    );
  });
});

describe('snapshots-true', () => {
  const truth = [applied(2, put('k', '1', 2)), applied(3, put('x', '1', 3)), applied(4, remove('k', 4))];
  const taken = (at: number, pairs: readonly (readonly [string, string, number])[]): Fact => ({
    type: 'snapshot-taken',
    client: 'c',
    revision: at,
    pairs: new Map(pairs.map(([key, value, modRevision]) => [key, { value, modRevision }])),
  });
  const judge = (fact: Fact): string | undefined => verdict(new SnapshotsTrue(), [...truth, fact]);

  it('a snapshot is the whole store at its revision, and nothing else', () => {
    expect(
      judge(
        taken(3, [
          ['k', '1', 2],
          ['x', '1', 3],
        ]),
      ),
    ).toBeUndefined();
    expect(judge(taken(4, [['x', '1', 3]]))).toBeUndefined();
    expect(
      judge(
        taken(4, [
          ['k', '1', 2],
          ['x', '1', 3],
        ]),
      ),
    ).toBe(
      'the snapshot of revision 4 that c took holds "1" of revision 2 in k, where the store had nothing',
    );
    expect(judge(taken(3, [['x', '1', 3]]))).toContain(
      'holds nothing in k, where the store had "1" of revision 2',
    );
    expect(
      judge(
        taken(4, [
          ['x', '1', 3],
          ['y', '1', 3],
        ]),
      ),
    ).toContain('holds y, which was never written');
  });
});
