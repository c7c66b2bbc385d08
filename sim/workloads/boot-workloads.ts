import { connectEtcd } from '../../src/etcd/link-client.ts';
import { GrpcEtcdClient } from '../../src/etcd/grpc-client.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { ObservationBus } from '../observations.ts';
import type { World } from '../world.ts';
import { workloads, type Workloads } from './registry.ts';
import type { Actor, MembershipStage, StoreConnection, WorkloadStage } from './workload.ts';

/** A cluster's store, as its clients find it. */
export interface StoreDoors {
  /** Where members serve links, in their order. */
  readonly linkAddresses: () => readonly Address[];
  /** Where they serve gRPC; none if they do not. */
  readonly grpcAddresses: () => readonly Address[];
  readonly membership: MembershipStage | undefined;
}

export interface WorkloadOptions {
  readonly world: World;
  readonly bus: ObservationBus;
  readonly doors: StoreDoors;
  /** How long people begin anything new. */
  readonly durationMillis: number;
  /** Stands between the people and the store: tests plant bugs here. */
  readonly storeClient: (etcd: StoreConnection) => StoreConnection;
}

const requestTimeoutMillis = 5000;
const connectTimeoutMillis = 1000;
const keepalive = { intervalMillis: 2000, timeoutMillis: 1000 };

/** Adds a host for everyone who takes part, and switches it on. */
export function bootWorkloads(chosen: Workloads, options: WorkloadOptions): void {
  for (const { name, actors } of workloads) {
    const value = chosen[name as keyof Workloads];
    if (value === undefined) continue;
    for (const [i, actor] of actors(value).entries()) boot(actor, i, options);
  }
}

/** Each begins at a member of its own, so that all members serve clients, and goes on to the next. */
function boot({ name, run }: Actor, index: number, options: WorkloadOptions): void {
  const { world, bus, doors, durationMillis, storeClient } = options;
  const host = world.addHost(name, { identity: { user: name, groups: [] } });
  let next = index;
  host.boot((platform) => {
    const stage: WorkloadStage = {
      bus,
      connect: async (kind, credentials) => {
        const addresses = kind === 'link' ? doors.linkAddresses() : doors.grpcAddresses();
        const address = addresses[next++ % addresses.length]!;
        const etcd =
          kind === 'link'
            ? await connectEtcd(platform.network.links, address)
            : connectForWorkload(platform, address, credentials);
        return storeClient(named(etcd, address.host));
      },
      get grpcAddresses() {
        return doors.grpcAddresses();
      },
      stopped: () => world.now >= durationMillis,
      membership: doors.membership,
    };
    return run(platform, stage);
  });
}

/** A client of one member, with the patience that people of workloads have. */
export function connectForWorkload(
  platform: Platform,
  address: Address,
  credentials: Parameters<WorkloadStage['connect']>[1],
): GrpcEtcdClient & { readonly closed: Promise<string> } {
  const etcd = new GrpcEtcdClient(platform, {
    endpoints: [address],
    requestTimeoutMillis,
    connectTimeoutMillis,
    keepalive,
    ...(credentials === undefined ? {} : { credentials }),
  });
  // It connects again by itself.
  return Object.assign(etcd, { closed: new Promise<string>(() => {}) });
}

function named<T extends StoreConnection>(etcd: T, node: string): T {
  return Object.assign(etcd, { node });
}
