import { byteStringOf, bytesOfByteString } from '../../base/protobuf.ts';
import type { GrpcMethods, ServerCall } from '../../grpc/service.ts';
import type { AuthRequest } from '../../mvcc/auth/auth-request.ts';
import type { AuthErrorCode } from '../../mvcc/auth/auth-types.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { TokenProvider } from '../auth/token-provider.ts';
import { fromAuthError } from '../errors.ts';
import type { MessageType } from '../proto/message.ts';
import * as pb from '../proto/rpc.ts';
import { type Answer, byTable } from './by-table.ts';
import type { ServiceContext } from './service.ts';

/** Attempts of one Authenticate; only changes of users and roles in between make another one necessary. */
const authenticateAttemptsMax = 10;

export interface AuthServiceOptions {
  readonly passwords: Passwords;
  readonly tokens: TokenProvider;
}

/** etcdserverpb.Auth. Changes go through the log; what is read is as new as a linearizable read. */
export function authService(context: ServiceContext, { passwords, tokens }: AuthServiceOptions): GrpcMethods {
  const { member } = context;

  function refuse(code: AuthErrorCode | undefined): void {
    if (code !== undefined) throw fromAuthError(code);
  }

  /** A method that is one change of users, roles or permissions. */
  function change<Q extends object>(
    request: MessageType<Q>,
    response: MessageType<{ readonly header: unknown }>,
    toChange: (request: Q, call: ServerCall) => AuthRequest | Promise<AuthRequest>,
  ): ReturnType<typeof byTable> {
    return byTable(context, request, response, async (asked, call) => {
      // Before a password is hashed: whoever is nobody shall cost nothing.
      refuse(member.auth.checkNamed(context.authenticate(call)));
      const changed = await toChange(asked, call);
      const auth = context.authenticate(call);
      return { facts: await member.propose({ type: 'auth', request: changed }, { auth }) };
    });
  }

  /** A method that looks at users or roles. */
  function look<Q extends object, S extends object>(
    request: MessageType<Q>,
    response: MessageType<S>,
    answer: (request: Q, call: ServerCall) => Partial<S>,
  ): ReturnType<typeof byTable> {
    return byTable(context, request, response, async (asked, call) => {
      await member.linearizableRead();
      return { body: answer(asked, call) };
    });
  }

  function requireAdmin(call: ServerCall): void {
    refuse(member.auth.checkAdmin(context.authenticate(call)));
  }

  /**
   * The password is compared here, outside of the log, which would wait for it. So the user may have changed until the log has
   * the request: then all is done again (etcd's Authenticate).
   */
  async function authenticate(name: string, password: string): Promise<Answer<{ readonly token: string }>> {
    await member.linearizableRead();
    for (let attempt = 1; ; attempt++) {
      const checked = member.auth.revision;
      await checkPassword(name, password);
      const request = { type: 'authenticate', name, tokenPrefix: tokens.prefix() } as const;
      const applied = await member.propose({ type: 'auth', request });
      if (member.auth.revision === checked) {
        const token = await tokens.issue(name, checked, applied.response.token);
        return { body: { token }, facts: applied };
      }
      if (attempt >= authenticateAttemptsMax) throw fromAuthError('auth-revision-old');
    }
  }

  async function checkPassword(name: string, password: string): Promise<void> {
    if (!member.auth.enabled) throw fromAuthError('auth-not-enabled');
    const user = member.auth.user(name);
    if (user === undefined) throw fromAuthError('authentication-failed');
    if (user.noPassword) throw fromAuthError('password-for-no-password-user');
    if (!(await passwords.matches(password, user.passwordHash))) throw fromAuthError('authentication-failed');
  }

  return new Map([
    [
      '/etcdserverpb.Auth/AuthEnable',
      change(pb.AuthEnableRequest, pb.AuthEnableResponse, () => ({ type: 'enable' })),
    ],
    [
      '/etcdserverpb.Auth/AuthDisable',
      change(pb.AuthDisableRequest, pb.AuthDisableResponse, () => ({ type: 'disable' })),
    ],
    [
      '/etcdserverpb.Auth/AuthStatus',
      look(pb.AuthStatusRequest, pb.AuthStatusResponse, (_, call) => {
        requireAdmin(call);
        return { enabled: member.auth.enabled, authRevision: member.auth.revision };
      }),
    ],
    [
      '/etcdserverpb.Auth/Authenticate',
      byTable(context, pb.AuthenticateRequest, pb.AuthenticateResponse, ({ name, password }) =>
        authenticate(name, password),
      ),
    ],
    [
      '/etcdserverpb.Auth/UserAdd',
      change(pb.AuthUserAddRequest, pb.AuthUserAddResponse, async ({ name, password, options }) => {
        const noPassword = options?.noPassword ?? false;
        // A hash that a client sends is not trusted: etcd makes its own as well.
        return {
          type: 'user-add',
          name,
          noPassword,
          passwordHash: noPassword ? '' : await passwords.hash(password),
        };
      }),
    ],
    [
      '/etcdserverpb.Auth/UserGet',
      look(pb.AuthUserGetRequest, pb.AuthUserGetResponse, ({ name }, call) => {
        refuse(member.auth.checkUserGet(name, context.authenticate(call)));
        const user = member.auth.user(name);
        if (user === undefined) throw fromAuthError('user-not-found');
        return { roles: user.roles };
      }),
    ],
    [
      '/etcdserverpb.Auth/UserList',
      look(pb.AuthUserListRequest, pb.AuthUserListResponse, (_, call) => {
        requireAdmin(call);
        return { users: member.auth.userNames() };
      }),
    ],
    [
      '/etcdserverpb.Auth/UserDelete',
      change(pb.AuthUserDeleteRequest, pb.AuthUserDeleteResponse, ({ name }) => ({
        type: 'user-delete',
        name,
      })),
    ],
    [
      '/etcdserverpb.Auth/UserChangePassword',
      change(
        pb.AuthUserChangePasswordRequest,
        pb.AuthUserChangePasswordResponse,
        async ({ name, password }) => ({
          type: 'user-change-password',
          name,
          // As in etcd an empty password closes the door: nothing fits afterwards.
          passwordHash: password === '' ? '' : await passwords.hash(password),
        }),
      ),
    ],
    [
      '/etcdserverpb.Auth/UserGrantRole',
      change(pb.AuthUserGrantRoleRequest, pb.AuthUserGrantRoleResponse, ({ user, role }) => ({
        type: 'user-grant-role',
        name: user,
        role,
      })),
    ],
    [
      '/etcdserverpb.Auth/UserRevokeRole',
      change(pb.AuthUserRevokeRoleRequest, pb.AuthUserRevokeRoleResponse, ({ name, role }) => ({
        type: 'user-revoke-role',
        name,
        role,
      })),
    ],
    [
      '/etcdserverpb.Auth/RoleAdd',
      change(pb.AuthRoleAddRequest, pb.AuthRoleAddResponse, ({ name }) => ({ type: 'role-add', name })),
    ],
    [
      '/etcdserverpb.Auth/RoleGet',
      look(pb.AuthRoleGetRequest, pb.AuthRoleGetResponse, ({ role: name }, call) => {
        refuse(member.auth.checkRoleGet(name, context.authenticate(call)));
        const role = member.auth.role(name);
        if (role === undefined) throw fromAuthError('role-not-found');
        return {
          perm: role.permissions.map(({ type, key, rangeEnd }) => ({
            permType: type,
            key: bytesOfByteString(key),
            rangeEnd: bytesOfByteString(rangeEnd),
          })),
        };
      }),
    ],
    [
      '/etcdserverpb.Auth/RoleList',
      look(pb.AuthRoleListRequest, pb.AuthRoleListResponse, (_, call) => {
        requireAdmin(call);
        return { roles: member.auth.roleNames() };
      }),
    ],
    [
      '/etcdserverpb.Auth/RoleDelete',
      change(pb.AuthRoleDeleteRequest, pb.AuthRoleDeleteResponse, ({ role }) => ({
        type: 'role-delete',
        name: role,
      })),
    ],
    [
      '/etcdserverpb.Auth/RoleGrantPermission',
      change(pb.AuthRoleGrantPermissionRequest, pb.AuthRoleGrantPermissionResponse, ({ name, perm }) => ({
        type: 'role-grant-permission',
        name,
        permission: perm && {
          type: perm.permType,
          key: byteStringOf(perm.key),
          rangeEnd: byteStringOf(perm.rangeEnd),
        },
      })),
    ],
    [
      '/etcdserverpb.Auth/RoleRevokePermission',
      change(
        pb.AuthRoleRevokePermissionRequest,
        pb.AuthRoleRevokePermissionResponse,
        ({ role, key, rangeEnd }) => ({
          type: 'role-revoke-permission',
          name: role,
          key: byteStringOf(key),
          rangeEnd: byteStringOf(rangeEnd),
        }),
      ),
    ],
  ]);
}
