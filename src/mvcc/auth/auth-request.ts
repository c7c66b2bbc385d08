import type { Permission } from './auth-types.ts';

/** A change of users, roles and permissions, as the log carries it. Passwords were hashed before. */
export type AuthRequest =
  | { readonly type: 'enable' }
  | { readonly type: 'disable' }
  /**
   * The password was right a moment ago. `tokenPrefix` is 16 random letters, or empty when tokens are signed and need
   * not be known to the members.
   */
  | { readonly type: 'authenticate'; readonly name: string; readonly tokenPrefix: string }
  | {
      readonly type: 'user-add';
      readonly name: string;
      readonly passwordHash: string;
      readonly noPassword: boolean;
    }
  | { readonly type: 'user-delete'; readonly name: string }
  | { readonly type: 'user-change-password'; readonly name: string; readonly passwordHash: string }
  | { readonly type: 'user-grant-role'; readonly name: string; readonly role: string }
  | { readonly type: 'user-revoke-role'; readonly name: string; readonly role: string }
  | { readonly type: 'role-add'; readonly name: string }
  | { readonly type: 'role-delete'; readonly name: string }
  /** `permission` may be missing: etcd refuses that when the request is applied. */
  | {
      readonly type: 'role-grant-permission';
      readonly name: string;
      readonly permission: Permission | undefined;
    }
  | {
      readonly type: 'role-revoke-permission';
      readonly name: string;
      readonly key: string;
      readonly rangeEnd: string;
    };

/** `token` answers 'authenticate': the prefix, a dot and the index of the log entry. Else, or without a prefix, empty. */
export interface AuthResponse {
  readonly token: string;
}
