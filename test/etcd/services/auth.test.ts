import { describe, expect, test } from 'vitest';

import { encodeUtf8 } from '../../../src/base/bytes.ts';
import * as lockPb from '../../../src/etcd/proto/concurrency.ts';
import type { MessageType } from '../../../src/etcd/proto/message.ts';
import * as pb from '../../../src/etcd/proto/rpc.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import { type Caller, Desk, settled } from './lone-member.ts';

type Types<Q extends object, S extends object> = readonly [MessageType<Q>, MessageType<S>];
const path = (method: string): string => `/etcdserverpb.Auth/${method}`;
const userAdd = [pb.AuthUserAddRequest, pb.AuthUserAddResponse] as const;
const changePassword = [pb.AuthUserChangePasswordRequest, pb.AuthUserChangePasswordResponse] as const;
const userGrant = [pb.AuthUserGrantRoleRequest, pb.AuthUserGrantRoleResponse] as const;
const userGet = [pb.AuthUserGetRequest, pb.AuthUserGetResponse] as const;
const userList = [pb.AuthUserListRequest, pb.AuthUserListResponse] as const;
const roleAdd = [pb.AuthRoleAddRequest, pb.AuthRoleAddResponse] as const;
const roleGet = [pb.AuthRoleGetRequest, pb.AuthRoleGetResponse] as const;
const roleGrant = [pb.AuthRoleGrantPermissionRequest, pb.AuthRoleGrantPermissionResponse] as const;
const enable = [pb.AuthEnableRequest, pb.AuthEnableResponse] as const;
const disable = [pb.AuthDisableRequest, pb.AuthDisableResponse] as const;
const status = [pb.AuthStatusRequest, pb.AuthStatusResponse] as const;
const authenticate = [pb.AuthenticateRequest, pb.AuthenticateResponse] as const;

/** Auth is on; root has the password `r`; u with the password `p` may read and write the key k. */
async function deskWithAuth(): Promise<Desk> {
  const desk = new Desk();
  const set = <Q extends object, S extends object>(
    method: string,
    types: Types<Q, S>,
    value: Partial<Q> = {},
  ): Promise<S> => desk.call(path(method), types, value);
  await set('UserAdd', userAdd, { name: 'root', password: 'r' });
  await set('UserGrantRole', userGrant, { user: 'root', role: 'root' });
  await set('UserAdd', userAdd, { name: 'u', password: 'p' });
  await set('RoleAdd', roleAdd, { name: 'r' });
  await set('RoleGrantPermission', roleGrant, {
    name: 'r',
    perm: { permType: 2, key: encodeUtf8('k'), rangeEnd: encodeUtf8('') },
  });
  await set('UserGrantRole', userGrant, { user: 'u', role: 'r' });
  await set('AuthEnable', enable);
  return desk;
}

async function logIn(desk: Desk, name: string, password: string): Promise<Caller> {
  const { token } = await desk.call(path('Authenticate'), authenticate, { name, password });
  return { token };
}

describe('Authenticate', () => {
  test('every refusal', async () => {
    const desk = await deskWithAuth();
    const root = await logIn(desk, 'root', 'r');
    await desk.call(
      path('UserAdd'),
      userAdd,
      { name: 'cn', password: 'x', options: { noPassword: true } },
      root,
    );
    const failed = '3 etcdserver: authentication failed, invalid user ID or password';
    for (const [name, password, refusal] of [
      ['root', 'x', failed],
      ['ghost', 'x', failed],
      ['', '', failed],
      ['cn', '', '2 auth: authentication failed, password was given for no password user'],
    ] as const) {
      await expect(logIn(desk, name, password)).rejects.toThrow(refusal);
    }
    await desk.call(path('AuthDisable'), disable, {}, root);
    await expect(logIn(desk, 'root', 'r')).rejects.toThrow('9 etcdserver: authentication is not enabled');
  });

  test('a password that is changed while the old one is compared does not let in', async () => {
    const desk = await deskWithAuth();
    const root = await logIn(desk, 'root', 'r');
    const waiting = logIn(desk, 'u', 'p');
    await desk.call(path('UserChangePassword'), changePassword, { name: 'u', password: 'q' }, root);
    await expect(waiting).rejects.toThrow('authentication failed');
    expect((await logIn(desk, 'u', 'q')).token).toMatch(/^[a-zA-Z]{16}\.\d+$/);
  });

  test('an empty new password closes the door', async () => {
    const desk = await deskWithAuth();
    const root = await logIn(desk, 'root', 'r');
    await desk.call(path('UserChangePassword'), changePassword, { name: 'u' }, root);
    await expect(logIn(desk, 'u', '')).rejects.toThrow('authentication failed');
    await expect(logIn(desk, 'u', 'p')).rejects.toThrow('authentication failed');
  });
});

describe('who may look and change', () => {
  test('nobody, somebody, root', async () => {
    const desk = await deskWithAuth();
    const u = await logIn(desk, 'u', 'p');
    const root = await logIn(desk, 'root', 'r');
    const nobody: Caller = {};
    const denied = '7 etcdserver: permission denied';
    for (const [caller, refusal] of [
      [nobody, '3 etcdserver: user name is empty'],
      [u, denied],
      [{ token: 'nonsense' }, '16 etcdserver: invalid auth token'],
      [{ certificate: 'ghost' }, '9 etcdserver: user name not found'],
    ] as const) {
      const ask = <Q extends object, S extends object>(
        method: string,
        types: Types<Q, S>,
        value: Partial<Q> = {},
      ): Promise<S> => desk.call(path(method), types, value, caller);
      await expect(ask('AuthStatus', status)).rejects.toThrow(refusal);
      await expect(ask('UserList', userList)).rejects.toThrow(refusal);
      await expect(ask('AuthDisable', disable)).rejects.toThrow(refusal);
      await expect(ask('UserAdd', userAdd, { name: 'x', password: 'x' })).rejects.toThrow(refusal);
      await expect(ask('UserGet', userGet, { name: 'root' })).rejects.toThrow(refusal);
      await expect(ask('RoleGet', roleGet, { role: 'q' })).rejects.toThrow(refusal);
    }
    expect((await desk.call(path('UserGet'), userGet, { name: 'u' }, u)).roles).toEqual(['r']);
    expect((await desk.call(path('RoleGet'), roleGet, { role: 'r' }, u)).perm).toEqual([
      { permType: 2, key: encodeUtf8('k'), rangeEnd: encodeUtf8('') },
    ]);
    expect(await desk.call(path('AuthStatus'), status, {}, root)).toMatchObject({
      enabled: true,
      authRevision: 7,
    });
    expect((await desk.call(path('UserList'), userList, {}, { certificate: 'root' })).users).toEqual([
      'root',
      'u',
    ]);
  });

  test('whoever is nobody costs no hash, and a password is refused before the rest is looked at', async () => {
    const desk = await deskWithAuth();
    const root = await logIn(desk, 'root', 'r');
    const long = 'x'.repeat(73);
    await expect(desk.call(path('UserAdd'), userAdd, { name: '', password: long })).rejects.toThrow(
      '3 etcdserver: user name is empty',
    );
    await expect(desk.call(path('UserAdd'), userAdd, { name: '', password: long }, root)).rejects.toThrow(
      '2 bcrypt: password length exceeds 72 bytes',
    );
    await expect(desk.call(path('RoleGrantPermission'), roleGrant, { name: 'r' }, root)).rejects.toThrow(
      '3 etcdserver: permission not given',
    );
  });
});

describe('Lease', () => {
  const leasePath = (method: string): string => `/etcdserverpb.Lease/${method}`;
  const grant = [pb.LeaseGrantRequest, pb.LeaseGrantResponse] as const;
  const revoke = [pb.LeaseRevokeRequest, pb.LeaseRevokeResponse] as const;
  const timeToLive = [pb.LeaseTimeToLiveRequest, pb.LeaseTimeToLiveResponse] as const;
  const leases = [pb.LeaseLeasesRequest, pb.LeaseLeasesResponse] as const;

  test('the least and the longest time, chosen and given ids', async () => {
    const desk = new Desk();
    for (const TTL of [-5, 0, 1]) {
      expect((await desk.call(leasePath('LeaseGrant'), grant, { TTL })).TTL, 'ceil(1.5 × 1 s)').toBe(2);
    }
    expect(await desk.call(leasePath('LeaseGrant'), grant, { TTL: 10, ID: -9n })).toMatchObject({
      ID: -9n,
      TTL: 10,
    });
    await expect(desk.call(leasePath('LeaseGrant'), grant, { TTL: 10, ID: -9n })).rejects.toThrow(
      '9 etcdserver: lease already exists',
    );
    await expect(desk.call(leasePath('LeaseGrant'), grant, { TTL: 9_000_000_001 })).rejects.toThrow(
      '11 etcdserver: too large lease TTL',
    );
    expect((await desk.call(leasePath('LeaseLeases'), leases)).leases).toHaveLength(4);
  });

  test('an unknown lease: an error to revoke, -1 to look at, 0 to keep alive', async () => {
    const desk = new Desk();
    await expect(desk.call(leasePath('LeaseRevoke'), revoke, { ID: 1n })).rejects.toThrow(
      '5 etcdserver: requested lease not found',
    );
    expect(await desk.call(leasePath('LeaseTimeToLive'), timeToLive, { ID: 1n })).toMatchObject({
      ID: 1n,
      TTL: -1,
      grantedTTL: 0,
    });
    await desk.call(leasePath('LeaseGrant'), grant, { TTL: 10, ID: 2n });
    const stream = desk.open(leasePath('LeaseKeepAlive'), pb.LeaseKeepAliveRequest, [{ ID: 1n }, { ID: 2n }]);
    await stream.ended;
    expect(stream.decoded(pb.LeaseKeepAliveResponse).map(({ ID, TTL }) => [ID, TTL])).toEqual([
      [1n, 0],
      [2n, 10],
    ]);
  });

  test('while auth is on leases are for somebody, and their keys for those who may read them', async () => {
    const desk = await deskWithAuth();
    const u = await logIn(desk, 'u', 'p');
    const root = await logIn(desk, 'root', 'r');
    const nobody = '3 etcdserver: user name is empty';
    await expect(desk.call(leasePath('LeaseGrant'), grant, { TTL: 10 })).rejects.toThrow(nobody);
    await expect(desk.call(leasePath('LeaseLeases'), leases)).rejects.toThrow(nobody);
    const stream = desk.open(leasePath('LeaseKeepAlive'), pb.LeaseKeepAliveRequest, [{ ID: 1n }]);
    await settled();
    expect(stream.status).toEqual({ code: 3, message: 'etcdserver: user name is empty' });
    const value = encodeUtf8('v');
    for (const [lease, key] of [
      [1n, 'k'],
      [2n, 'secret'],
    ] as const) {
      await desk.call(leasePath('LeaseGrant'), grant, { TTL: 10, ID: lease }, u);
      const put = { key, value, lease: lease as LeaseId };
      await desk.member.propose({ type: 'put', request: put }, { auth: desk.member.auth.rootInfo() });
    }
    const look = (ID: bigint, caller: Caller): Promise<{ readonly keys: readonly Uint8Array[] }> =>
      desk.call(leasePath('LeaseTimeToLive'), timeToLive, { ID, keys: true }, caller);
    expect((await look(1n, u)).keys).toEqual([encodeUtf8('k')]);
    await expect(look(2n, u)).rejects.toThrow('7 etcdserver: permission denied');
    expect((await look(2n, root)).keys).toEqual([encodeUtf8('secret')]);
    await expect(desk.call(leasePath('LeaseRevoke'), revoke, { ID: 2n }, u)).rejects.toThrow(
      'permission denied',
    );
    await desk.call(leasePath('LeaseRevoke'), revoke, { ID: 1n }, u);
    // The cluster ends an expired lease whosever keys it holds.
    await desk.member.propose(
      { type: 'lease-revoke', id: 2n as LeaseId },
      { auth: desk.member.auth.rootInfo() },
    );
  });

  test('locks and elections ask with their caller’s permissions', async () => {
    const desk = await deskWithAuth();
    const u = await logIn(desk, 'u', 'p');
    const lock = [lockPb.LockRequest, lockPb.LockResponse] as const;
    const request = { name: encodeUtf8('l') };
    await expect(desk.call('/v3lockpb.Lock/Lock', lock, request)).rejects.toThrow(
      '2 etcdserver: user name is empty',
    );
    await expect(desk.call('/v3lockpb.Lock/Lock', lock, request, u)).rejects.toThrow(
      '2 etcdserver: permission denied',
    );
    const leader = [lockPb.LeaderRequest, lockPb.LeaderResponse] as const;
    await expect(desk.call('/v3electionpb.Election/Leader', leader, request, u)).rejects.toThrow(
      '2 etcdserver: permission denied',
    );
  });
});
