import { assert } from '../../base/assert.ts';
import { compareBytes, encodeUtf8 } from '../../base/bytes.ts';
import { ProtoReader, ProtoWriter } from '../../base/protobuf.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Backend } from '../backend.ts';
import { endOf } from '../key-range.ts';
import type { KeyRange, LeaseId } from '../types.ts';
import { decodeRole, decodeUser, encodeRole, encodeUser } from './auth-codec.ts';
import type { AuthRequest, AuthResponse } from './auth-request.ts';
import {
  type AuthErrorCode,
  type Permission,
  permissionTypes,
  type Role,
  rootName,
  type User,
} from './auth-types.ts';
import {
  checkLease,
  checkPermissions,
  type GuardedRequest,
  type LeaseKeys,
  type Permissions,
} from './permission-check.ts';
import { SpanSet } from './span-set.ts';

/** Who asks, and how new the rules were by which the member's door let them in. */
export interface AuthInfo {
  readonly username: string;
  readonly authRevision: number;
}

/** Is told, in the order of the log, what becomes of tokens. Must not call back. */
export interface TokenObserver {
  /** `token` now stands for `username`. */
  assigned(token: string, username: string): void;
  /** The user is gone, or has a new password: none of its tokens is good any more. */
  userChanged(username: string): void;
  disabled(): void;
}

/** What a user may do, all roles together. */
interface MergedPermissions {
  readonly read: SpanSet;
  readonly write: SpanSet;
}

/**
 * mvcc/auth/: etcd's users, roles and permissions, as replicated state beside the data (server/auth/store.go).
 *
 * AuthStore is driven by the log like Store: the same requests in the same order give the same state and answers on every
 * member. It judges each request when it is applied, by the rules as they are then.
 *
 * Boundary: pure and synchronous. No hashing of passwords and no tokens (etcd/auth/ does both), no clock, no wire format.
 *
 * Invariants
 *   A1  A refused request changes nothing.
 *   A2  Every change of users, roles or permissions, and switching off, raises the revision by one. Switching on does not.
 *   A3  While it is on there is a user root with the role root, so that somebody can switch it off.
 *   A4  What the backend holds under `auth/` is the state: opening it again gives the same store.
 *   A5  A request is allowed only if merged spans of the user's roles cover every key that it can reach, or the user has the
 *       role root. Whoever was let in by older rules is refused: `auth-revision-old`.
 */
export class AuthStore {
  readonly #backend: Backend;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  readonly #userNumbers = new Numbers();
  readonly #roleNumbers = new Numbers();
  /** Merged permissions by user; built when first asked for, dropped when a role or the user changes. */
  readonly #merged = new Map<string, MergedPermissions>();
  #enabled = false;
  /** As in etcd a new store is at 1. */
  #revision = 1;
  /** Whoever keeps simple tokens. */
  observer: TokenObserver | undefined;

  /** The users and roles in `backend`. */
  constructor(backend: Backend) {
    this.#backend = backend;
    for (const [name, value] of backend.values(userPrefix)) {
      const user = decodeUser(value);
      this.#users.set(user.name, user);
      this.#userNumbers.taken(user.name, Number(name.slice(userPrefix.length)));
    }
    for (const [name, value] of backend.values(rolePrefix)) {
      const role = decodeRole(value);
      this.#roles.set(role.name, role);
      this.#roleNumbers.taken(role.name, Number(name.slice(rolePrefix.length)));
    }
    const state = backend.value(stateName);
    if (state !== undefined) this.#readState(state);
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get revision(): number {
    return this.#revision;
  }

  user(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** The role; root's, if it was added, may do everything. */
  role(name: string): Role | undefined {
    const role = this.#roles.get(name);
    return role !== undefined && name === rootName ? { name, permissions: [everything] } : role;
  }

  /** In byte order. */
  userNames(): string[] {
    return [...this.#users.keys()].toSorted(compareNames);
  }

  /** In byte order. */
  roleNames(): string[] {
    return [...this.#roles.keys()].toSorted(compareNames);
  }

  /** How this cluster itself asks: expired leases are revoked whatever keys they hold (etcd's WithRoot). */
  rootInfo(): AuthInfo | undefined {
    return this.#enabled ? { username: rootName, authRevision: this.#revision } : undefined;
  }

  /** Changes the state as a committed log entry says. `index` is the entry's. */
  apply(request: AuthRequest, index: number): Result<AuthResponse, AuthErrorCode> {
    if (request.type === 'authenticate') return this.#authenticate(request.name, request.tokenPrefix, index);
    const refusal = this.#change(request);
    return refusal === undefined ? ok(noToken) : err(refusal);
  }

  /** The refusal of a request whose turn in the log it is. undefined: it may go on. */
  checkRequest(
    request: GuardedRequest,
    info: AuthInfo | undefined,
    leases: LeaseKeys,
  ): AuthErrorCode | undefined {
    return this.#enabled ? checkPermissions(request, this.permissionsOf(info), leases) : undefined;
  }

  /** Whether `info` may read `range`, in the encoding of the wire: for ranges and watches. */
  checkRead(range: KeyRange, info: AuthInfo | undefined): AuthErrorCode | undefined {
    return this.#enabled ? this.#checkRange(range, info, 'read') : undefined;
  }

  /** Whether `info` may do what only the role root may. */
  checkAdmin(info: AuthInfo | undefined): AuthErrorCode | undefined {
    return this.#enabled ? this.#checkAdmin(info) : undefined;
  }

  /** Whether `info` may see the keys of the lease (TimeToLive with `keys`). */
  checkLeaseKeys(id: LeaseId, info: AuthInfo | undefined, leases: LeaseKeys): AuthErrorCode | undefined {
    if (!this.#enabled) return undefined;
    for (const key of leases.leaseKeys(id) ?? []) {
      const refusal = this.checkRead({ key }, info);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Whether `info` may let the lease live on, or end it. */
  checkLeaseWrite(id: LeaseId, info: AuthInfo | undefined, leases: LeaseKeys): AuthErrorCode | undefined {
    return this.#enabled ? checkLease(id, this.permissionsOf(info), leases) : undefined;
  }

  /** The refusal of whoever did not say who they are. */
  checkNamed(info: AuthInfo | undefined): AuthErrorCode | undefined {
    return this.#enabled && (info?.username ?? '') === '' ? 'user-name-empty' : undefined;
  }

  /** Everybody may look at themselves. */
  checkUserGet(name: string, info: AuthInfo | undefined): AuthErrorCode | undefined {
    const refusal = this.checkAdmin(info);
    return refusal !== undefined && name === info?.username ? undefined : refusal;
  }

  /** Everybody may look at the roles they have. */
  checkRoleGet(name: string, info: AuthInfo | undefined): AuthErrorCode | undefined {
    const refusal = this.checkAdmin(info);
    const roles = info === undefined ? undefined : this.#users.get(info.username)?.roles;
    return refusal !== undefined && roles?.includes(name) === true ? undefined : refusal;
  }

  /** The questions of a request's parts, for whoever asks them one by one. */
  permissionsOf(info: AuthInfo | undefined): Permissions {
    return {
      read: (range) => (this.#enabled ? this.#checkRange(range, info, 'read') : undefined),
      write: (range) => (this.#enabled ? this.#checkRange(range, info, 'write') : undefined),
      admin: () => this.checkAdmin(info),
    };
  }

  #checkRange(range: KeyRange, info: AuthInfo | undefined, way: 'read' | 'write'): AuthErrorCode | undefined {
    if (info === undefined || info.authRevision === 0) return 'user-name-empty';
    if (info.authRevision < this.#revision) return 'auth-revision-old';
    const user = this.#users.get(info.username);
    if (user === undefined) return 'permission-denied';
    if (user.roles.includes(rootName)) return undefined;
    return this.#mergedOf(user)[way].covers(range) ? undefined : 'permission-denied';
  }

  #checkAdmin(info: AuthInfo | undefined): AuthErrorCode | undefined {
    if (info === undefined || info.username === '') return 'user-name-empty';
    const user = this.#users.get(info.username);
    if (user === undefined) return 'user-not-found';
    return user.roles.includes(rootName) ? undefined : 'permission-denied';
  }

  #mergedOf(user: User): MergedPermissions {
    let merged = this.#merged.get(user.name);
    if (merged === undefined) {
      const permissions = user.roles.flatMap((name) => this.#roles.get(name)?.permissions ?? []);
      const { read, write, readWrite } = permissionTypes;
      merged = {
        read: new SpanSet(permissions.filter(({ type }) => type === read || type === readWrite)),
        write: new SpanSet(permissions.filter(({ type }) => type === write || type === readWrite)),
      };
      this.#merged.set(user.name, merged);
    }
    return merged;
  }

  #authenticate(name: string, prefix: string, index: number): Result<AuthResponse, AuthErrorCode> {
    if (!this.#enabled) return err('auth-not-enabled');
    const user = this.#users.get(name);
    if (user === undefined || user.noPassword) return err('authentication-failed');
    if (prefix === '') return ok(noToken);
    const token = `${prefix}.${index}`;
    this.observer?.assigned(token, name);
    return ok({ token });
  }

  #change(request: Exclude<AuthRequest, { readonly type: 'authenticate' }>): AuthErrorCode | undefined {
    switch (request.type) {
      case 'enable':
        return this.#enable();
      case 'disable':
        this.#disable();
        return undefined;
      case 'user-add':
        return this.#userAdd(request.name, request.passwordHash, request.noPassword);
      case 'user-delete':
        return this.#userDelete(request.name);
      case 'user-change-password':
        return this.#userChangePassword(request.name, request.passwordHash);
      case 'user-grant-role':
        return this.#userGrantRole(request.name, request.role);
      case 'user-revoke-role':
        return this.#userRevokeRole(request.name, request.role);
      case 'role-add':
        return this.#roleAdd(request.name);
      case 'role-delete':
        return this.#roleDelete(request.name);
      case 'role-grant-permission':
        return this.#roleGrantPermission(request.name, request.permission);
      case 'role-revoke-permission':
        return this.#roleRevokePermission(request.name, request.key, request.rangeEnd);
    }
  }

  #enable(): AuthErrorCode | undefined {
    if (this.#enabled) return undefined;
    const root = this.#users.get(rootName);
    if (root === undefined) return 'root-user-not-found';
    if (!root.roles.includes(rootName)) return 'root-role-not-granted';
    this.#enabled = true;
    this.#saveState();
    return undefined;
  }

  #disable(): void {
    if (!this.#enabled) return;
    this.#enabled = false;
    this.#changed();
    this.observer?.disabled();
  }

  #userAdd(name: string, passwordHash: string, noPassword: boolean): AuthErrorCode | undefined {
    if (name === '') return 'user-name-empty';
    if (this.#users.has(name)) return 'user-exists';
    this.#putUser({ name, passwordHash: noPassword ? '' : passwordHash, noPassword, roles: [] });
    this.#changed();
    return undefined;
  }

  #userDelete(name: string): AuthErrorCode | undefined {
    if (this.#enabled && name === rootName) return 'auth-management-invalid';
    if (!this.#users.delete(name)) return 'user-not-found';
    this.#backend.setValue(userPrefix + this.#userNumbers.release(name), undefined);
    this.#merged.delete(name);
    this.#changed();
    this.observer?.userChanged(name);
    return undefined;
  }

  #userChangePassword(name: string, passwordHash: string): AuthErrorCode | undefined {
    const user = this.#users.get(name);
    if (user === undefined) return 'user-not-found';
    this.#putUser({ ...user, passwordHash: user.noPassword ? '' : passwordHash });
    this.#changed();
    this.observer?.userChanged(name);
    return undefined;
  }

  #userGrantRole(name: string, role: string): AuthErrorCode | undefined {
    const user = this.#users.get(name);
    if (user === undefined) return 'user-not-found';
    if (role !== rootName && !this.#roles.has(role)) return 'role-not-found';
    if (user.roles.includes(role)) return undefined;
    this.#putUser({ ...user, roles: [...user.roles, role].toSorted(compareNames) });
    this.#changed();
    return undefined;
  }

  #userRevokeRole(name: string, role: string): AuthErrorCode | undefined {
    if (this.#enabled && name === rootName && role === rootName) return 'auth-management-invalid';
    const user = this.#users.get(name);
    if (user === undefined) return 'user-not-found';
    if (!user.roles.includes(role)) return 'role-not-granted';
    this.#putUser({ ...user, roles: user.roles.filter((held) => held !== role) });
    this.#changed();
    return undefined;
  }

  #roleAdd(name: string): AuthErrorCode | undefined {
    if (name === '') return 'role-name-empty';
    if (this.#roles.has(name)) return 'role-exists';
    this.#putRole({ name, permissions: [] });
    this.#changed();
    return undefined;
  }

  #roleDelete(name: string): AuthErrorCode | undefined {
    if (this.#enabled && name === rootName) return 'auth-management-invalid';
    if (!this.#roles.delete(name)) return 'role-not-found';
    this.#backend.setValue(rolePrefix + this.#roleNumbers.release(name), undefined);
    for (const user of this.#users.values()) {
      if (!user.roles.includes(name)) continue;
      this.#putUser({ ...user, roles: user.roles.filter((held) => held !== name) });
    }
    this.#changed();
    return undefined;
  }

  #roleGrantPermission(name: string, permission: Permission | undefined): AuthErrorCode | undefined {
    if (permission === undefined) return 'permission-not-given';
    // An empty range allows nothing, and an empty key is none.
    if (permission.key === '' || endOf(permission) <= permission.key) return 'auth-management-invalid';
    const role = this.#roles.get(name);
    if (role === undefined) return 'role-not-found';
    this.#putRole({ name, permissions: granted(role.permissions, permission) });
    this.#merged.clear();
    this.#changed();
    return undefined;
  }

  #roleRevokePermission(name: string, key: string, rangeEnd: string): AuthErrorCode | undefined {
    const role = this.#roles.get(name);
    if (role === undefined) return 'role-not-found';
    const kept = role.permissions.filter(
      (permission) => permission.key !== key || permission.rangeEnd !== rangeEnd,
    );
    if (kept.length === role.permissions.length) return 'permission-not-granted';
    this.#putRole({ name, permissions: kept });
    this.#merged.clear();
    this.#changed();
    return undefined;
  }

  #putUser(user: User): void {
    this.#users.set(user.name, user);
    this.#merged.delete(user.name);
    this.#backend.setValue(userPrefix + this.#userNumbers.of(user.name), encodeUser(user));
  }

  #putRole(role: Role): void {
    this.#roles.set(role.name, role);
    this.#backend.setValue(rolePrefix + this.#roleNumbers.of(role.name), encodeRole(role));
  }

  #changed(): void {
    this.#revision++;
    this.#saveState();
    const root = this.#users.get(rootName);
    assert(!this.#enabled || root?.roles.includes(rootName) === true, 'A3: somebody can switch it off');
  }

  #saveState(): void {
    writer.int(1, this.#revision);
    writer.bool(2, this.#enabled);
    this.#backend.setValue(stateName, writer.finish());
  }

  #readState(bytes: Uint8Array): void {
    const reader = new ProtoReader(bytes);
    for (let field = reader.tag(); field !== 0; field = reader.tag()) {
      if (field === 1) this.#revision = reader.int64();
      else if (field === 2) this.#enabled = reader.bool();
      else reader.skip();
    }
  }
}

const noToken: AuthResponse = { token: '' };
const stateName = 'auth/state';
const userPrefix = 'auth/user/';
const rolePrefix = 'auth/role/';
const everything: Permission = { type: permissionTypes.readWrite, key: '', rangeEnd: '\0' };
const writer = new ProtoWriter();

/** Names of users and roles are any text of any length; in the backend they go by small numbers. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  taken(name: string, number: number): void {
    this.#numbers.set(name, number);
  }

  /** The name's number. A new name gets one that follows from those in use alone, the same on every member. */
  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    let highest = 0;
    for (const number of this.#numbers.values()) highest = Math.max(highest, number);
    this.#numbers.set(name, highest + 1);
    return highest + 1;
  }

  release(name: string): number {
    const number = this.of(name);
    this.#numbers.delete(name);
    return number;
  }
}

/**
 * `permissions` with one more. The same range again gets the new type, but only where it is the first of its key: etcd looks
 * no further, and so the same range can stand there twice. Revoking it removes both.
 */
function granted(permissions: readonly Permission[], added: Permission): Permission[] {
  const at = permissions.findIndex(({ key }) => key >= added.key);
  const found = permissions[at];
  if (found !== undefined && found.key === added.key && found.rangeEnd === added.rangeEnd) {
    return permissions.with(at, added);
  }
  return [...permissions, added].toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Go's order of strings: by their bytes in UTF-8. */
function compareNames(a: string, b: string): number {
  return compareBytes(encodeUtf8(a), encodeUtf8(b));
}
