import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import type { Host } from '../../sim/host.ts';
import { startService } from '../../sim/store-service.ts';
import type { World } from '../../sim/world.ts';
import { must } from '../../src/base/assert.ts';
import type { EtcdService } from '../../src/etcd/etcd-service.ts';
import type { MemberOptions } from '../../src/etcd/member-options.ts';
import type { EtcdCredentials } from '../../src/etcd/grpc-client.ts';
import * as pb from '../../src/etcd/proto/rpc.ts';
import { GrpcChannel } from '../../src/grpc/channel.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';

const names = ['a', 'b', 'c'];

/** Three members behind gRPC, each on a machine of a simulated world. */
export class ServedCluster {
  readonly hosts: readonly Host[];
  readonly endpoints: readonly Address[] = names.map((host) => ({ host, port: 2379 }));
  readonly #world: World;
  /** Of the life that the host has now. */
  readonly #services = new Map<Host, EtcdService>();

  constructor(world: World, options: Partial<MemberOptions> = {}) {
    this.#world = world;
    this.hosts = names.map((name) => world.addHost(name, { identity: { user: name, groups: [] } }));
    for (const [i, host] of this.hosts.entries()) {
      host.boot(async (platform) => {
        this.#services.delete(host);
        const member: MemberOptions = {
          name: host.name,
          cluster: {
            token: 'test',
            members: names.map((name) => ({ name, peerAddress: { host: name, port: 2380 }, user: name })),
          },
          dataDirectory: '/data',
          backends: new JournalBackends(platform),
          tickMillis: 20,
          requestTimeoutMillis: 2000,
          ...options,
        };
        const service = await startService(platform, member, must(this.endpoints[i]));
        this.#services.set(host, service);
      });
    }
  }

  /** Whether all serve and one leads. */
  get whole(): boolean {
    return this.hosts.every((host) => this.service(host) !== undefined) && this.leader !== undefined;
  }

  get leader(): Host | undefined {
    return this.hosts.find((host) => this.service(host)?.member.leading === true);
  }

  service(host: Host): EtcdService | undefined {
    return host.isUp ? this.#services.get(host) : undefined;
  }

  /** In good order; the machine stays up. */
  stop(host: Host): void {
    const service = this.service(host);
    this.#services.delete(host);
    this.#world.schedule(0, 'stop', () => void service?.stop());
  }
}

/** Makes `credentials` those of root, and turns auth on. */
export async function enableAuth(
  platform: Platform,
  endpoint: Address,
  { username, password }: EtcdCredentials,
): Promise<void> {
  const channel = new GrpcChannel(platform, endpoint);
  const call = (method: string, message: Uint8Array): Promise<unknown> =>
    channel.unary(`/etcdserverpb.Auth/${method}`, message);
  await call('UserAdd', pb.AuthUserAddRequest.encode({ name: username, password }));
  await call('RoleAdd', pb.AuthRoleAddRequest.encode({ name: 'root' }));
  await call('UserGrantRole', pb.AuthUserGrantRoleRequest.encode({ user: username, role: 'root' }));
  await call('AuthEnable', pb.AuthEnableRequest.encode({}));
  channel.close();
}
