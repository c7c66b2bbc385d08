import { must } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import { prefixEnd } from '../../src/etcd/client.ts';
import * as pb from '../../src/etcd/proto/rpc.ts';
import { permissionTypes } from '../../src/mvcc/auth/auth-types.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { callMember, isPassing } from './grpc-call.ts';
import { actorsNamed, Session, type Workload, type WorkloadStage } from './workload.ts';

/**
 * Users who write, also where they may not, while an administrator gives and takes permissions, and switches auth off and on.
 * Members must serve gRPC.
 */
export interface AuthWorkload {
  readonly users: number;
}

/** Below it, role `N` may write to `/auth/N/`; everybody tries everywhere. */
const authPrefix = '/auth/';
const rootPassword = 'root-password';
/** Sees everything, whatever the administrator does. */
export const auditor = { username: 'root', password: rootPassword };
const rolesMax = 3;
const adminPauseMillis = 400;
const userPauseMillis = 60;
const retryMillis = 200;
const attemptsMax = 30;
/** Cured by another token (clientv3's shouldRefreshToken). */
const tokenRefusals: ReadonlySet<string> = new Set([
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  'etcdserver: user name is empty',
]);

export const authWorkload: Workload = {
  name: 'auth',
  schema: {
    type: 'object',
    properties: { users: { type: 'integer', minimum: 1, maximum: 20 } },
    required: ['users'],
    additionalProperties: false,
  },
  actors: (value) => {
    const { users } = value as AuthWorkload;
    return [
      { name: 'administrator', run: (platform, stage) => administer(platform, stage, users) },
      ...actorsNamed('user', users, use),
    ];
  },
};

/** Its hostname is its name, and its password. */
async function use(platform: Platform, stage: WorkloadStage): Promise<void> {
  const { clock, random, hostname } = platform;
  const session = new Session(platform, stage, 'grpc', { username: hostname, password: hostname });
  while (!stage.stopped()) {
    await clock.sleep(random.float() * 2 * userPauseMillis);
    const key = `${authPrefix}${random.integer(rolesMax)}/${random.integer(2)}`;
    if (random.integer(3) === 0) await session.perform({ type: 'get', key });
    else await session.perform({ type: 'put', key, value: session.newValue() });
  }
}

async function administer(platform: Platform, stage: WorkloadStage, users: number): Promise<void> {
  const { clock, random } = platform;
  const admin = new Administrator(platform, stage);
  await admin.prepare(users);
  while (!stage.stopped()) {
    await clock.sleep(random.float() * 2 * adminPauseMillis);
    const user = `user-${1 + random.integer(users)}`;
    const role = `role-${random.integer(rolesMax)}`;
    switch (random.integer(6)) {
      case 0:
        await admin.call('UserRevokeRole', pb.AuthUserRevokeRoleRequest.encode({ name: user, role }));
        break;
      case 1:
      case 2:
        await admin.call('UserGrantRole', pb.AuthUserGrantRoleRequest.encode({ user, role }));
        break;
      case 3:
        await admin.permit(role, random.integer(2) === 0 ? permissionTypes.read : permissionTypes.readWrite);
        break;
      case 4:
        await admin.withdraw(role);
        break;
      default:
        await admin.call('AuthDisable', pb.AuthDisableRequest.encode({}));
        await clock.sleep(adminPauseMillis);
        await admin.call('AuthEnable', pb.AuthEnableRequest.encode({}));
    }
  }
  // Others may want to look at the store at the end.
  await admin.call('AuthDisable', pb.AuthDisableRequest.encode({}));
}

class Administrator {
  readonly #platform: Platform;
  readonly #stage: WorkloadStage;
  #next = 0;
  #token: string | undefined;

  constructor(platform: Platform, stage: WorkloadStage) {
    this.#platform = platform;
    this.#stage = stage;
  }

  /** Users with their names as passwords, roles, root, and auth on. */
  async prepare(users: number): Promise<void> {
    await this.call('RoleAdd', pb.AuthRoleAddRequest.encode({ name: 'root' }));
    for (let i = 0; i < rolesMax; i++) {
      await this.call('RoleAdd', pb.AuthRoleAddRequest.encode({ name: `role-${i}` }));
      await this.permit(`role-${i}`, permissionTypes.readWrite);
    }
    for (let i = 1; i <= users; i++) {
      const name = `user-${i}`;
      await this.call('UserAdd', pb.AuthUserAddRequest.encode({ name, password: name }));
      await this.call(
        'UserGrantRole',
        pb.AuthUserGrantRoleRequest.encode({ user: name, role: `role-${i % rolesMax}` }),
      );
    }
    await this.call('UserAdd', pb.AuthUserAddRequest.encode({ name: 'root', password: rootPassword }));
    await this.call('UserGrantRole', pb.AuthUserGrantRoleRequest.encode({ user: 'root', role: 'root' }));
    await this.call('AuthEnable', pb.AuthEnableRequest.encode({}));
  }

  async permit(role: string, permType: number): Promise<void> {
    const perm = { permType, ...keysOf(role) };
    await this.call('RoleGrantPermission', pb.AuthRoleGrantPermissionRequest.encode({ name: role, perm }));
  }

  async withdraw(role: string): Promise<void> {
    await this.call(
      'RoleRevokePermission',
      pb.AuthRoleRevokePermissionRequest.encode({ role, ...keysOf(role) }),
    );
  }

  /** At one member after the other, until one has something to say to it. */
  async call(method: string, message: Uint8Array): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const answer = await callMember(
        this.#platform,
        this.#address(),
        `Auth/${method}`,
        message,
        this.#token,
      );
      if (answer.ok) return;
      if (isPassing(answer.error)) await this.#platform.clock.sleep(retryMillis);
      else if (tokenRefusals.has(answer.error.message)) await this.#authenticate();
      else return;
    }
  }

  async #authenticate(): Promise<void> {
    const answer = await callMember(
      this.#platform,
      this.#address(),
      'Auth/Authenticate',
      pb.AuthenticateRequest.encode({ name: 'root', password: rootPassword }),
    );
    this.#token = answer.ok ? pb.AuthenticateResponse.decode(answer.value).token : undefined;
  }

  #address(): Address {
    const { grpcAddresses } = this.#stage;
    return must(grpcAddresses[this.#next++ % grpcAddresses.length], 'members serve gRPC');
  }
}

/** `/auth/N/…` of `role-N`. */
function keysOf(role: string): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
  const prefix = `${authPrefix}${role.slice('role-'.length)}/`;
  return { key: encodeUtf8(prefix), rangeEnd: encodeUtf8(prefixEnd(prefix)) };
}
