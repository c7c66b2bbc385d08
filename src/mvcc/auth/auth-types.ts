import type { KeyRange } from '../types.ts';

/** etcd's numbers for what a permission allows. Others are kept, as etcd keeps them, and allow nothing. */
export const permissionTypes = { read: 0, write: 1, readWrite: 2 } as const;

/** What a role may do with the keys of a range. */
export interface Permission extends KeyRange {
  readonly type: number;
  readonly rangeEnd: string;
}

export interface Role {
  readonly name: string;
  /** By key; those of one key in the order in which they were granted. */
  readonly permissions: readonly Permission[];
}

export interface User {
  readonly name: string;
  /** bcrypt's text form; empty for a user without a password, who is known by a certificate only. */
  readonly passwordHash: string;
  readonly noPassword: boolean;
  /** Names, in byte order of their UTF-8. The role `root` need not exist to be granted. */
  readonly roles: readonly string[];
}

/** The user and the role that may do everything. */
export const rootName = 'root';

/** Expected refusals, by etcd's own sentences (see etcd/errors.ts for the wire codes). */
export type AuthErrorCode =
  | 'root-user-not-found'
  | 'root-role-not-granted'
  | 'user-exists'
  | 'user-name-empty'
  | 'user-not-found'
  | 'role-exists'
  | 'role-name-empty'
  | 'role-not-found'
  | 'role-not-granted'
  | 'permission-not-given'
  | 'permission-not-granted'
  | 'permission-denied'
  | 'authentication-failed'
  | 'password-for-no-password-user'
  | 'auth-not-enabled'
  | 'auth-revision-old'
  | 'auth-token-invalid'
  | 'auth-management-invalid';
