import { must } from '../src/base/assert.ts';
import { ApiServer } from '../src/apiserver/api-server.ts';
import { createApiClient } from '../src/client/http-api-client.ts';
import type { ApiClient } from '../src/client/api-client.ts';
import { defaultLeaderElectionTiming, fastLeaderElectionTiming } from '../src/client/leader-elector.ts';
import { ControllerManager } from '../src/controllers/controller-manager.ts';
import { defaultControllerTiming, fastControllerTiming } from '../src/controllers/timing.ts';
import { connectEtcd } from '../src/etcd/link-client.ts';
import { Kubelet } from '../src/kubelet/kubelet.ts';
import { defaultKubeletTiming, fastKubeletTiming } from '../src/kubelet/kubelet-options.ts';
import type { Address } from '../src/platform/network.ts';
import type { Platform } from '../src/platform/platform.ts';
import { mapServiceAddress } from '../src/proxy/service-address.ts';
import { ServiceProxy } from '../src/proxy/service-proxy.ts';
import { UserspaceBackend } from '../src/proxy/userspace-backend.ts';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import type { ClientUser } from './cluster-observations.ts';
import type { Host } from './host.ts';
import { helloServer } from './programs.ts';
import { StoreHosts, type StoreHostsOptions } from './store-hosts.ts';
import type { World } from './world.ts';

const apiPort = 6443;
const kubeletPort = 10_250;
const serviceCidr = '10.96.0.0/16';
/** Where a node maps the service CIDR: its own loopback. */
const serviceBlock = '127.96.0.0/16';
/** Addresses of pods that a node can have at once. */
const podAddressesPerNode = 120;

const profiles = {
  /** Failover within seconds, so that short stories see it. */
  fast: {
    leaderElection: fastLeaderElectionTiming,
    controllers: fastControllerTiming,
    kubelet: fastKubeletTiming,
  },
  /** Kubernetes' own times: a node renews its lease every ten seconds. */
  default: {
    leaderElection: defaultLeaderElectionTiming,
    controllers: defaultControllerTiming,
    kubelet: defaultKubeletTiming,
  },
} as const;

export type FailoverProfile = keyof typeof profiles;

export interface ClusterOptions extends StoreHostsOptions {
  /** None: members of the store only, without API servers. */
  readonly agents: number | undefined;
  /** Default `fast`. */
  readonly timing?: FailoverProfile;
  /** Stands between the cluster's parts and their clients of the API, and only looks (sim/cluster-observations.ts). */
  readonly observeClient?: (client: ApiClient, user: ClientUser) => ApiClient;
}

/**
 * The cluster on a World: the classes that `drydock server` and `drydock agent` run, each on a host of
 * its own, talking over the simulated network. An API server reaches its store member through a link on its
 * own host, as it does at sea through the store thread's port.
 */
export class Cluster {
  readonly store: StoreHosts;
  readonly agents: readonly Host[];
  readonly #storeOnly: boolean;
  readonly #timing: (typeof profiles)[FailoverProfile];
  readonly #observeClient: NonNullable<ClusterOptions['observeClient']>;

  constructor(world: World, options: ClusterOptions) {
    world.programs.set('node', helloServer());
    this.store = new StoreHosts(world, options);
    this.#storeOnly = options.agents === undefined;
    this.#timing = profiles[options.timing ?? 'fast'];
    this.#observeClient = options.observeClient ?? ((client) => client);
    this.agents = Array.from({ length: options.agents ?? 0 }, (_, i) => {
      const name = `agent-${i + 1}`;
      const addresses = Array.from(
        { length: podAddressesPerNode },
        (_address, n) => `${podBlock(i)}.${n + 1}`,
      );
      return world.addHost(name, {
        identity: { user: `system:node:${name}`, groups: ['system:nodes'] },
        addresses,
      });
    });
  }

  get servers(): readonly Host[] {
    return this.store.hosts;
  }

  /** Switches every host on. */
  boot(): void {
    for (const host of this.store.all) host.boot((platform) => this.#runServer(host, platform));
    for (const [i, host] of this.agents.entries()) {
      host.boot((platform, signal) => this.#runAgent(i, platform, signal));
    }
  }

  /** A client of all API servers, for a host that has an identity. */
  apiClient(platform: Platform, userAgent: string): ApiClient {
    return createApiClient(platform, {
      servers: this.servers.map((host) => ({ host: host.name, port: apiPort })),
      tls: 'mutual',
      userAgent,
      requestTimeoutMillis: 3000,
    });
  }

  async #runServer(host: Host, platform: Platform): Promise<void> {
    const { name } = host;
    const member = await this.store.run(host, platform);
    if (member === undefined || this.#storeOnly) return;
    const etcd = await connectEtcd(platform.network.links, this.store.etcdAddress(host));
    const listen = { host: name, port: apiPort };
    const apiServer = new ApiServer(platform, {
      etcd,
      listen,
      advertise: listen,
      tls: 'mutual',
      serviceCidr,
    });
    await apiServer.start();
    const client = createApiClient(platform, {
      servers: this.#serversFrom(name),
      tls: 'mutual',
      userAgent: `drydock-server/${name}`,
      requestTimeoutMillis: 3000,
    });
    const never = new AbortController().signal;
    const { leaderElection, controllers } = this.#timing;
    const clientFor = (election: string): ApiClient => this.#observeClient(client, { host: name, election });
    await Promise.all([
      new Scheduler(platform, { client: clientFor('kube-scheduler'), identity: name, leaderElection }).run(
        never,
      ),
      new ControllerManager(platform, {
        client: clientFor('kube-controller-manager'),
        identity: name,
        leaderElection,
        timing: controllers,
      }).run(never),
    ]);
  }

  async #runAgent(index: number, platform: Platform, signal: AbortSignal): Promise<void> {
    const name = platform.hostname;
    const client = this.#observeClient(this.apiClient(platform, `drydock-agent/${name}`), { host: name });
    const listen = { host: name, port: kubeletPort };
    const serviceAddress = (clusterIP: string): string =>
      mapServiceAddress(clusterIP, serviceCidr, serviceBlock);
    const kubelet = new Kubelet(platform, {
      nodeName: name,
      client,
      listen,
      advertise: listen,
      tls: 'mutual',
      podCidr: `${podBlock(index)}.0/24`,
      dataDirectory: '/var/lib/drydock/agent',
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      nodeInfo: { operatingSystem: 'linux', architecture: 'amd64', osImage: 'drydock-sim' },
      timing: this.#timing.kubelet,
      serviceAddress,
    });
    const proxy = new ServiceProxy(platform, {
      client,
      nodeName: name,
      backend: new UserspaceBackend(platform, { serviceAddress }),
    });
    await Promise.all([kubelet.run(signal), proxy.run(signal)]);
  }

  /** All API servers, beginning with the one on this host. */
  #serversFrom(name: string): readonly Address[] {
    const at = this.servers.indexOf(must(this.servers.find((host) => host.name === name)));
    return [...this.servers.slice(at), ...this.servers.slice(0, at)].map((host) => ({
      host: host.name,
      port: apiPort,
    }));
  }
}

/** The first three numbers of a node's pod addresses: 10.244.0, and a thousand nodes on 10.247.231. */
function podBlock(index: number): string {
  return `10.${244 + (index >> 8)}.${index & 255}`;
}
