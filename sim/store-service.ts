import { EtcdService } from '../src/etcd/etcd-service.ts';
import type { MemberOptions } from '../src/etcd/member-options.ts';
import type { Bcrypt } from '../src/platform/credentials.ts';
import type { Address } from '../src/platform/network.ts';
import type { Platform } from '../src/platform/platform.ts';

/** Of bcrypt's shape, without its cost, and without the clock that its implementation looks at. */
const toyBcrypt: Bcrypt = async (password, salt) => salt.slice(0, 29) + password.padEnd(31, '.').slice(0, 31);

/** Starts a member behind etcd's own services, gRPC and all, as `drydock etcd` does. @throws what Member.start throws */
export async function startService(
  platform: Platform,
  member: MemberOptions,
  listenClient: Address,
): Promise<EtcdService> {
  return await EtcdService.start(platform, {
    member,
    listenClient: [listenClient],
    authToken: 'simple',
    authTokenTtlSeconds: 300,
    bcrypt: toyBcrypt,
    bcryptCost: 4,
    readFile: () => '',
    txnOpsMax: 128,
    requestBytesMax: 1_572_864,
    progressNotifyMillis: 3000,
    keepalive: { minTimeMillis: 500 },
  });
}
