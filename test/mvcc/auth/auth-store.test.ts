import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { emptyBytes } from '../../../src/base/bytes.ts';
import type { AuthRequest } from '../../../src/mvcc/auth/auth-request.ts';
import { type AuthInfo, AuthStore } from '../../../src/mvcc/auth/auth-store.ts';
import { type Permission, permissionTypes } from '../../../src/mvcc/auth/auth-types.ts';
import type { LeaseKeys } from '../../../src/mvcc/auth/permission-check.ts';
import { MemoryBackend } from '../../../src/mvcc/memory-backend.ts';
import type { Key, KeyRange, LeaseId, RequestOp } from '../../../src/mvcc/types.ts';

const { read, write, readWrite } = permissionTypes;
const noLeases: LeaseKeys = { leaseKeys: () => undefined };

/** A store on a backend, with the short cuts of the tests. */
class World {
  readonly backend = new MemoryBackend();
  store = new AuthStore(this.backend);
  #index = 0;

  /** The refusal, or the token. */
  apply(request: AuthRequest): string {
    const result = this.store.apply(request, ++this.#index);
    return result.ok ? result.value.token : result.error;
  }

  /** Applies what must succeed. */
  all(...requests: readonly AuthRequest[]): void {
    for (const request of requests) expect(this.apply(request)).toBe('');
  }

  enable(): void {
    this.all(addUser('root'), { type: 'user-grant-role', name: 'root', role: 'root' }, { type: 'enable' });
  }

  as(username: string): AuthInfo {
    return { username, authRevision: this.store.revision };
  }

  reopen(): void {
    this.store = new AuthStore(this.backend);
  }
}

function addUser(name: string, noPassword = false): AuthRequest {
  return { type: 'user-add', name, passwordHash: `hash of ${name}`, noPassword };
}

function grant(name: string, type: number, key: Key, rangeEnd: Key = ''): AuthRequest {
  return { type: 'role-grant-permission', name, permission: { type, key, rangeEnd } };
}

describe('users, roles and the switch, as etcd 3.5 answers', () => {
  test('switching on needs the user root with the role root, and leaves the revision', () => {
    const world = new World();
    expect(world.store.revision).toBe(1);
    expect(world.apply({ type: 'enable' })).toBe('root-user-not-found');
    world.all(addUser('root'));
    expect(world.apply({ type: 'enable' })).toBe('root-role-not-granted');
    // The role need not exist to be granted.
    world.all({ type: 'user-grant-role', name: 'root', role: 'root' });
    expect(world.store.revision).toBe(3);
    world.all({ type: 'enable' }, { type: 'enable' });
    expect(world.store.enabled).toBe(true);
    expect(world.store.revision).toBe(3);
    world.all({ type: 'disable' });
    expect(world.store.revision).toBe(4);
    world.all({ type: 'disable' });
    expect(world.store.revision).toBe(4);
  });

  test('while it is on nobody can take root away', () => {
    const world = new World();
    world.enable();
    world.all({ type: 'role-add', name: 'root' });
    const takeAway: readonly AuthRequest[] = [
      { type: 'user-delete', name: 'root' },
      { type: 'role-delete', name: 'root' },
      { type: 'user-revoke-role', name: 'root', role: 'root' },
    ];
    for (const request of takeAway) expect(world.apply(request)).toBe('auth-management-invalid');
    world.all({ type: 'disable' }, ...takeAway.toReversed());
  });

  test('every refusal', () => {
    const world = new World();
    world.all(addUser('a'), { type: 'role-add', name: 'r' });
    const refusals: readonly (readonly [AuthRequest, string])[] = [
      [addUser(''), 'user-name-empty'],
      [addUser('a'), 'user-exists'],
      [{ type: 'user-delete', name: 'x' }, 'user-not-found'],
      [{ type: 'user-change-password', name: 'x', passwordHash: '' }, 'user-not-found'],
      [{ type: 'user-grant-role', name: 'x', role: 'x' }, 'user-not-found'],
      [{ type: 'user-grant-role', name: 'a', role: 'x' }, 'role-not-found'],
      [{ type: 'user-revoke-role', name: 'x', role: 'r' }, 'user-not-found'],
      [{ type: 'user-revoke-role', name: 'a', role: 'r' }, 'role-not-granted'],
      [{ type: 'role-add', name: '' }, 'role-name-empty'],
      [{ type: 'role-add', name: 'r' }, 'role-exists'],
      [{ type: 'role-delete', name: 'x' }, 'role-not-found'],
      [{ type: 'role-grant-permission', name: 'x', permission: undefined }, 'permission-not-given'],
      [grant('x', read, ''), 'auth-management-invalid'],
      [grant('r', read, 'b', 'a'), 'auth-management-invalid'],
      [grant('r', read, 'b', 'b'), 'auth-management-invalid'],
      [grant('x', read, 'a'), 'role-not-found'],
      [{ type: 'role-revoke-permission', name: 'x', key: 'a', rangeEnd: '' }, 'role-not-found'],
      [{ type: 'role-revoke-permission', name: 'r', key: 'a', rangeEnd: '' }, 'permission-not-granted'],
      [{ type: 'authenticate', name: 'a', tokenPrefix: 'p' }, 'auth-not-enabled'],
    ];
    const before = world.store.revision;
    for (const [request, refusal] of refusals)
      expect([request, world.apply(request)]).toEqual([request, refusal]);
    expect(world.store.revision, 'A1').toBe(before);
  });

  test('a deleted role is gone from its users, and roles stand in byte order', () => {
    const world = new World();
    for (const name of ['\u{1f600}', 'b', '\uff5e', 'a']) {
      world.all({ type: 'role-add', name }, ...(name === 'b' ? [addUser('u')] : []));
    }
    for (const role of ['b', '\u{1f600}', '\uff5e', 'a']) {
      world.all({ type: 'user-grant-role', name: 'u', role });
    }
    // U+FF5E is before U+1F600 in UTF-8, but not in UTF-16.
    expect(world.store.user('u')?.roles).toEqual(['a', 'b', '\uff5e', '\u{1f600}']);
    expect(world.store.roleNames()).toEqual(['a', 'b', '\uff5e', '\u{1f600}']);
    world.all({ type: 'role-delete', name: 'b' });
    expect(world.store.user('u')?.roles).toEqual(['a', '\uff5e', '\u{1f600}']);
    const before = world.store.revision;
    world.all({ type: 'user-grant-role', name: 'u', role: 'a' });
    expect(world.store.revision, 'granted before: nothing changes').toBe(before);
  });

  test('permissions: by key, a range granted again gets its new type when it is the first of its key', () => {
    const world = new World();
    world.all({ type: 'role-add', name: 'r' });
    world.all(grant('r', read, 'b', '\0'), grant('r', write, 'b', 'c'), grant('r', 7, 'a'));
    world.all(grant('r', readWrite, 'b', '\0'), grant('r', read, 'b', 'c'));
    expect(world.store.role('r')?.permissions).toEqual([
      { type: 7, key: 'a', rangeEnd: '' },
      { type: readWrite, key: 'b', rangeEnd: '\0' },
      { type: write, key: 'b', rangeEnd: 'c' },
      { type: read, key: 'b', rangeEnd: 'c' },
    ]);
    world.all({ type: 'role-revoke-permission', name: 'r', key: 'b', rangeEnd: 'c' });
    expect(world.store.role('r')?.permissions).toHaveLength(2);
  });

  test('a user without a password stays without, and cannot authenticate', () => {
    const world = new World();
    world.enable();
    world.all(addUser('cn', true), { type: 'user-change-password', name: 'cn', passwordHash: 'x' });
    expect(world.store.user('cn')).toEqual({ name: 'cn', passwordHash: '', noPassword: true, roles: [] });
    expect(world.apply({ type: 'authenticate', name: 'cn', tokenPrefix: 'p' })).toBe('authentication-failed');
  });

  test('tokens carry the index of their entry, and end with the password, the user and the switch', () => {
    const world = new World();
    const seen: string[] = [];
    world.store.observer = {
      assigned: (token, username) => seen.push(`${username} ${token}`),
      userChanged: (username) => seen.push(`changed ${username}`),
      disabled: () => seen.push('disabled'),
    };
    world.enable();
    expect(world.apply({ type: 'authenticate', name: 'root', tokenPrefix: 'abc' })).toBe('abc.4');
    expect(world.apply({ type: 'authenticate', name: 'root', tokenPrefix: '' })).toBe('');
    world.all({ type: 'user-change-password', name: 'root', passwordHash: 'x' }, { type: 'disable' });
    world.all({ type: 'user-delete', name: 'root' });
    expect(seen).toEqual(['root abc.4', 'changed root', 'disabled', 'changed root']);
  });
});

describe('who may do what', () => {
  /** u may read [b, d), write e, and everything with x. */
  function world(): World {
    const world = new World();
    world.enable();
    world.all(addUser('u'), { type: 'role-add', name: 'r' }, addUser('nobody'));
    world.all({ type: 'user-grant-role', name: 'u', role: 'r' });
    world.all(grant('r', read, 'b', 'd'), grant('r', write, 'e'), grant('r', readWrite, 'x'));
    return world;
  }
  const value = emptyBytes;

  test('without a name, with an unknown one, with one from before the last change', () => {
    const { store } = world();
    const request = { type: 'put', request: { key: 'e', value } } as const;
    expect(store.checkRequest(request, undefined, noLeases)).toBe('user-name-empty');
    expect(store.checkRequest(request, { username: 'x', authRevision: store.revision }, noLeases)).toBe(
      'permission-denied',
    );
    const old = { username: 'u', authRevision: store.revision - 1 };
    expect(store.checkRequest(request, old, noLeases)).toBe('auth-revision-old');
    expect(store.checkRequest(request, { ...old, authRevision: store.revision }, noLeases)).toBeUndefined();
  });

  test('puts and deletes need to write, and to read where they show what was', () => {
    const { store } = world();
    const info = { username: 'u', authRevision: store.revision };
    const put = (key: Key, prevKv: boolean): string | undefined =>
      store.checkRequest({ type: 'put', request: { key, value, prevKv } }, info, noLeases);
    expect([put('e', false), put('e', true), put('x', true), put('b', false)]).toEqual([
      undefined,
      'permission-denied',
      undefined,
      'permission-denied',
    ]);
    const remove = (range: KeyRange, prevKv: boolean): string | undefined =>
      store.checkRequest({ type: 'delete-range', request: { ...range, prevKv } }, info, noLeases);
    expect([remove({ key: 'e' }, false), remove({ key: 'e' }, true), remove({ key: 'x' }, true)]).toEqual([
      undefined,
      'permission-denied',
      undefined,
    ]);
    expect(remove({ key: 'e', rangeEnd: '\0' }, false)).toBe('permission-denied');
  });

  test('a transaction needs what all its parts need, however deep (GHSA-rfx7-8w68-q57q, GHSA-x35m-3gp4-4fh5)', () => {
    const { store } = world();
    const info = { username: 'u', authRevision: store.revision };
    const lease = 7n as LeaseId;
    const leases: LeaseKeys = { leaseKeys: (id) => (id === lease ? ['e', 'secret'] : undefined) };
    const nested = (op: RequestOp, depth: number): RequestOp =>
      depth === 0
        ? op
        : { type: 'txn', request: { compare: [], success: [], failure: [nested(op, depth - 1)] } };
    const denied: readonly RequestOp[] = [
      { type: 'range', request: { key: 'e' } },
      { type: 'put', request: { key: 'b', value } },
      { type: 'put', request: { key: 'e', value, prevKv: true } },
      { type: 'put', request: { key: 'e', value, lease } },
      { type: 'delete-range', request: { key: 'x', rangeEnd: 'z' } },
      { type: 'txn', request: { compare: [compare('e')], success: [], failure: [] } },
    ];
    const allowed: readonly RequestOp[] = [
      { type: 'range', request: { key: 'b', rangeEnd: 'd' } },
      { type: 'put', request: { key: 'x', value, prevKv: true, lease: 8n as LeaseId } },
      { type: 'delete-range', request: { key: 'e' } },
      { type: 'txn', request: { compare: [compare('c')], success: [], failure: [] } },
    ];
    for (const depth of [0, 1, 3]) {
      const check = (op: RequestOp): string | undefined =>
        store.checkRequest(
          { type: 'txn', request: { compare: [], success: [nested(op, depth)], failure: [] } },
          info,
          leases,
        );
      for (const op of denied) expect([op, check(op)]).toEqual([op, 'permission-denied']);
      for (const op of allowed) expect([op, check(op)]).toEqual([op, undefined]);
    }
  });

  test('leases: who may not write all the keys may not end them; root and the cluster itself may', () => {
    const { store } = world();
    const leases: LeaseKeys = {
      leaseKeys: (id) => (id === 1n ? ['e', 'x'] : id === 2n ? ['e', 'b'] : undefined),
    };
    const revoke = (id: bigint, info: AuthInfo | undefined): string | undefined =>
      store.checkRequest({ type: 'lease-revoke', id: id as LeaseId }, info, leases);
    const u = { username: 'u', authRevision: store.revision };
    expect([revoke(1n, u), revoke(2n, u), revoke(3n, u)]).toEqual([
      undefined,
      'permission-denied',
      undefined,
    ]);
    expect(revoke(2n, store.rootInfo())).toBeUndefined();
    expect(revoke(2n, undefined)).toBe('user-name-empty');
    expect(store.checkLeaseKeys(2n as LeaseId, u, leases)).toBe('permission-denied');
  });

  test('only root changes users and roles; one may look at oneself and at one’s own roles', () => {
    const { store } = world();
    const u = { username: 'u', authRevision: store.revision };
    const disable = { type: 'auth', request: { type: 'disable' } } as const;
    expect(store.checkRequest(disable, u, noLeases)).toBe('permission-denied');
    expect(store.checkRequest(disable, undefined, noLeases)).toBe('user-name-empty');
    expect(store.checkRequest(disable, { ...u, username: 'ghost' }, noLeases)).toBe('user-not-found');
    // As in etcd the age of the rules does not matter here.
    expect(store.checkRequest(disable, { username: 'root', authRevision: 1 }, noLeases)).toBeUndefined();
    const authenticate = { type: 'authenticate', name: 'u', tokenPrefix: '' } as const;
    expect(store.checkRequest({ type: 'auth', request: authenticate }, undefined, noLeases)).toBeUndefined();
    expect([store.checkUserGet('u', u), store.checkUserGet('root', u)]).toEqual([
      undefined,
      'permission-denied',
    ]);
    expect([store.checkRoleGet('r', u), store.checkRoleGet('q', u)]).toEqual([
      undefined,
      'permission-denied',
    ]);
  });

  test('while it is off, everybody may do everything', () => {
    const { store } = new World();
    const put = { type: 'put', request: { key: 'a', value } } as const;
    expect(store.checkRequest(put, undefined, noLeases)).toBeUndefined();
    expect(store.checkAdmin(undefined)).toBeUndefined();
    expect(store.rootInfo()).toBeUndefined();
  });
});

function compare(key: Key): { key: Key; result: 'equal'; target: 'version'; version: number } {
  return { key, result: 'equal', target: 'version', version: 0 };
}

/**
 * Every key of up to three bytes over this alphabet, and what a range holds of them, said once more without spans or ends. The
 * bytes are chosen so that the ends of ranges are keys and successors of keys.
 */
const alphabet = ['\0', 'a', 'b', '\xff'];
const keys = alphabet.flatMap((x) => [
  x,
  ...alphabet.flatMap((y) => [x + y, ...alphabet.map((z) => x + y + z)]),
]);
const probes = keys.filter((key) => key.length <= 2);

function isIn(key: Key, { key: from, rangeEnd = '' }: KeyRange): boolean {
  if (rangeEnd === '') return key === from;
  return key >= from && (rangeEnd === '\0' || key < rangeEnd);
}

const aKey = fc.constantFrom(...probes);
/** One key, from a key on, everything, and all ordered and unordered pairs. */
const aRange: fc.Arbitrary<{ key: Key; rangeEnd: Key }> = fc.oneof(
  fc.record({ key: aKey, rangeEnd: fc.constant('') }),
  fc.record({ key: aKey, rangeEnd: fc.constant('\0') }),
  fc.constant({ key: '\0', rangeEnd: '\0' }),
  fc.record({ key: aKey, rangeEnd: aKey }),
);
const aPermission: fc.Arbitrary<Permission> = fc
  .tuple(aRange, fc.constantFrom<number>(read, write, readWrite, 5))
  .map(([range, type]) => ({ ...range, type }));

describe('A5: permissions against a naive model, every encoding of a range', () => {
  test('a read or a write is allowed when each key that it reaches is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(aPermission, { maxLength: 4 }), { maxLength: 3 }),
        fc.array(aRange, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (roles, ranges, reopen) => {
          const world = new World();
          world.enable();
          world.all(addUser('u'));
          for (const [i, permissions] of roles.entries()) {
            world.all(
              { type: 'role-add', name: `r${i}` },
              { type: 'user-grant-role', name: 'u', role: `r${i}` },
            );
            for (const permission of permissions) {
              // Ranges without a key in them are refused.
              world.apply({ type: 'role-grant-permission', name: `r${i}`, permission });
            }
          }
          const all = roles.flatMap((_, i) => [...(world.store.role(`r${i}`)?.permissions ?? [])]);
          if (reopen) world.reopen();
          for (const range of ranges) {
            const reached = keys.filter((key) => isIn(key, range));
            if (reached.length === 0) continue;
            const mayAll = (...types: readonly number[]): boolean =>
              reached.every((key) => all.some((p) => types.includes(p.type) && isIn(key, p)));
            const info = world.as('u');
            const mayRead = world.store.checkRead(range, info) === undefined;
            const mayWrite = world.store.permissionsOf(info).write(range) === undefined;
            // The model sees keys of three bytes only: spans may know better, and then only deny.
            if (mayRead) expect(mayAll(read, readWrite), JSON.stringify(range)).toBe(true);
            if (mayWrite) expect(mayAll(write, readWrite), JSON.stringify(range)).toBe(true);
            if (range.rangeEnd === '') {
              expect(mayRead).toBe(mayAll(read, readWrite));
              expect(mayWrite).toBe(mayAll(write, readWrite));
            }
            const holder = all.find(
              (p) => (p.type === read || p.type === readWrite) && p.key <= range.key && contains(p, range),
            );
            if (holder !== undefined) expect(mayRead, 'one permission is enough').toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('touching permissions are as good as one', () => {
    const world = new World();
    world.enable();
    world.all(addUser('u'), { type: 'role-add', name: 'r' }, { type: 'role-add', name: 's' });
    world.all(
      { type: 'user-grant-role', name: 'u', role: 'r' },
      { type: 'user-grant-role', name: 'u', role: 's' },
    );
    world.all(grant('r', read, 'a', 'c'), grant('s', read, 'c'), grant('s', read, 'c\0', '\0'));
    expect(world.store.checkRead({ key: 'a', rangeEnd: '\0' }, world.as('u'))).toBeUndefined();
    expect(world.store.checkRead({ key: '\0', rangeEnd: '\0' }, world.as('u'))).toBe('permission-denied');
    world.all({ type: 'role-revoke-permission', name: 's', key: 'c', rangeEnd: '' });
    expect(world.store.checkRead({ key: 'a', rangeEnd: '\0' }, world.as('u'))).toBe('permission-denied');
    expect(world.store.checkRead({ key: 'a', rangeEnd: 'c' }, world.as('u'))).toBeUndefined();
  });

  test('a range without keys is allowed as etcd allows it: like its first key', () => {
    const world = new World();
    world.enable();
    world.all(
      addUser('u'),
      { type: 'role-add', name: 'r' },
      { type: 'user-grant-role', name: 'u', role: 'r' },
    );
    world.all(grant('r', read, 'b', 'e'));
    const check = (key: Key, rangeEnd: Key): string | undefined =>
      world.store.checkRead({ key, rangeEnd }, world.as('u'));
    const allowed = ['d c', 'd a', 'd b', 'b b'];
    const denied = ['e c', 'f c', 'a a', 'b f'];
    expect(allowed.map((range) => check(range[0]!, range[2]!))).toEqual(allowed.map(() => undefined));
    expect(denied.map((range) => check(range[0]!, range[2]!))).toEqual(denied.map(() => 'permission-denied'));
  });

  test('one key to read is one key, however the range is written (GHSA-xg4h-6gfc-h4m8)', () => {
    const world = new World();
    world.enable();
    world.all(
      addUser('u'),
      { type: 'role-add', name: 'r' },
      { type: 'user-grant-role', name: 'u', role: 'r' },
    );
    world.all(grant('r', read, 'k'));
    const ends = ['', '\0', 'k', 'k\0', 'l', '\xff', 'a', 'k\0\0'];
    const allowed = ends.filter(
      (rangeEnd) => world.store.checkRead({ key: 'k', rangeEnd }, world.as('u')) === undefined,
    );
    // The last two hold no key at all.
    expect(allowed).toEqual(['', 'k', 'k\0', 'a']);
  });
});

/** Whether `outer`, alone, holds all of the non-empty `inner`. */
function contains(outer: KeyRange, inner: { key: Key; rangeEnd: Key }): boolean {
  if (outer.rangeEnd === '\0') return true;
  if (outer.rangeEnd === undefined || outer.rangeEnd === '') {
    return inner.key === outer.key && (inner.rangeEnd === '' || inner.rangeEnd === `${outer.key}\0`);
  }
  if (inner.rangeEnd === '\0') return false;
  return inner.rangeEnd === '' ? inner.key < outer.rangeEnd : inner.rangeEnd <= outer.rangeEnd;
}

const names = fc.constantFrom('root', 'u', 'v', 'ü', 'r');
const aRequest: fc.Arbitrary<AuthRequest> = fc.oneof(
  fc.constantFrom<AuthRequest>({ type: 'enable' }, { type: 'disable' }),
  fc.tuple(names, fc.boolean()).map(([name, noPassword]) => addUser(name, noPassword)),
  names.map((name): AuthRequest => ({ type: 'user-delete', name })),
  names.map((name): AuthRequest => ({ type: 'role-add', name })),
  names.map((name): AuthRequest => ({ type: 'role-delete', name })),
  fc.tuple(names, names).map(([name, role]): AuthRequest => ({ type: 'user-grant-role', name, role })),
  fc.tuple(names, names).map(([name, role]): AuthRequest => ({ type: 'user-revoke-role', name, role })),
  fc
    .tuple(names, aPermission)
    .map(([name, permission]): AuthRequest => ({ type: 'role-grant-permission', name, permission })),
  fc
    .tuple(names, aRange)
    .map(([name, range]): AuthRequest => ({ type: 'role-revoke-permission', name, ...range })),
);

test('A3, A4: a store opened anywhere in a history goes on as the one that stayed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(aRequest, fc.boolean()), { maxLength: 40 }), (history) => {
      const stayed = new World();
      const reopened = new World();
      for (const [request, reopen] of history) {
        const before = stayed.store.revision;
        const answer = stayed.apply(request);
        expect(reopened.apply(request)).toBe(answer);
        expect(stayed.store.revision - before).toBeLessThanOrEqual(answer === '' ? 1 : 0);
        if (reopen) reopened.reopen();
        expect(stateOf(reopened.store)).toEqual(stateOf(stayed.store));
        expect(reopened.backend.values('auth/')).toEqual(stayed.backend.values('auth/'));
      }
    }),
  );
});

function stateOf(store: AuthStore): unknown {
  return {
    enabled: store.enabled,
    revision: store.revision,
    users: store.userNames().map((name) => store.user(name)),
    roles: store.roleNames().map((name) => store.role(name)),
  };
}
