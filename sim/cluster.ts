import { must } from '../src/base/assert.ts';
import { ApiServer } from '../src/apiserver/api-server.ts';
import { createApiClient } from '../src/client/http-api-client.ts';
import type { ApiClient } from '../src/client/api-client.ts';
import { fastLeaderElectionTiming } from '../src/client/leader-elector.ts';
import { ControllerManager } from '../src/controllers/controller-manager.ts';
import { fastControllerTiming } from '../src/controllers/timing.ts';
import { memberIdOf } from '../src/etcd/cluster.ts';
import { connectEtcd } from '../src/etcd/link-client.ts';
import { serveEtcdLink } from '../src/etcd/link-server.ts';
import { LocalEtcdClient } from '../src/etcd/local-client.ts';
import { Member } from '../src/etcd/member.ts';
import type { MemberObserver } from '../src/etcd/observer.ts';
import { Kubelet } from '../src/kubelet/kubelet.ts';
import { fastKubeletTiming } from '../src/kubelet/kubelet-options.ts';
import type { Address } from '../src/platform/network.ts';
import type { Platform } from '../src/platform/platform.ts';
import { mapServiceAddress } from '../src/proxy/service-address.ts';
import { ServiceProxy } from '../src/proxy/service-proxy.ts';
import { UserspaceBackend } from '../src/proxy/userspace-backend.ts';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import { JournalBackends } from './backend/journal-backend.ts';
import type { Host } from './host.ts';
import { helloServer } from './programs.ts';
import type { World } from './world.ts';

const clusterToken = 'drydock-sim';
const peerPort = 2380;
const etcdPort = 2379;
const apiPort = 6443;
const kubeletPort = 10_250;
const serviceCidr = '10.96.0.0/16';
/** Where a node maps the service CIDR: its own loopback. */
const serviceBlock = '127.96.0.0/16';
/** Addresses of pods that a node can have at once. */
const podAddressesPerNode = 120;

const leaderElection = fastLeaderElectionTiming;

export interface ClusterOptions {
  readonly servers: number;
  readonly agents: number;
  /** Applied entries between snapshots; small ones exercise snapshot install. */
  readonly snapshotEntries?: number;
  readonly catchUpEntries?: number;
  readonly segmentBytes?: number;
  readonly observer?: MemberObserver;
}

/**
 * The whole cluster on a World: the classes that `drydock server` and `drydock agent` run, each on a host of
 * its own, talking over the simulated network. An API server reaches its store member through a link on its
 * own host, as it does at sea through the store thread's port.
 */
export class Cluster {
  readonly servers: readonly Host[];
  readonly agents: readonly Host[];
  readonly #options: ClusterOptions;
  /** The member of each server's latest life that got so far. */
  readonly #members = new Map<string, { readonly epoch: number; readonly member: Member }>();

  constructor(world: World, options: ClusterOptions) {
    this.#options = options;
    world.programs.set('node', helloServer());
    this.servers = Array.from({ length: options.servers }, (_, i) => {
      const name = `server-${i + 1}`;
      return world.addHost(name, { identity: { user: `system:server:${name}`, groups: ['system:masters'] } });
    });
    this.agents = Array.from({ length: options.agents }, (_, i) => {
      const name = `agent-${i + 1}`;
      const addresses = Array.from({ length: podAddressesPerNode }, (_address, n) => `10.244.${i}.${n + 1}`);
      return world.addHost(name, {
        identity: { user: `system:node:${name}`, groups: ['system:nodes'] },
        addresses,
      });
    });
  }

  /** Switches every host on. */
  boot(): void {
    for (const host of this.servers) host.boot((platform) => this.#runServer(host, platform));
    for (const [i, host] of this.agents.entries()) {
      host.boot((platform, signal) => this.#runAgent(i, platform, signal));
    }
  }

  /** The member of a server in its current life; undefined while it is down or starting. */
  member(host: Host): Member | undefined {
    const known = this.#members.get(host.name);
    return host.isUp && known?.epoch === host.epoch ? known.member : undefined;
  }

  /** The server whose member leads, as the newest term says. */
  leader(): Host | undefined {
    let newest: { readonly host: Host; readonly term: number } | undefined;
    for (const host of this.servers) {
      const status = this.member(host)?.status();
      if (status === undefined || status.leader !== status.memberId) continue;
      if (newest === undefined || status.raftTerm > newest.term) newest = { host, term: status.raftTerm };
    }
    return newest?.host;
  }

  /** The servers that do not lead, in order. */
  followers(): readonly Host[] {
    const leader = this.leader();
    return this.servers.filter((host) => host !== leader);
  }

  /** `text` with the names of servers in the place of their members' ids. */
  withNames(text: string): string {
    return this.servers.reduce(
      (named, { name }) => named.replaceAll(memberIdOf(clusterToken, name), name),
      text,
    );
  }

  /** Addresses of the store services, for clients of the store itself. */
  etcdAddress(host: Host): Address {
    return { host: host.name, port: etcdPort };
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

  checkInvariants(): void {
    for (const host of this.servers) this.member(host)?.checkInvariants();
  }

  async #runServer(host: Host, platform: Platform): Promise<void> {
    const { name } = host;
    const member = await Member.start(platform, {
      name,
      cluster: {
        token: clusterToken,
        members: this.servers.map((server) => ({
          name: server.name,
          peerAddress: { host: server.name, port: peerPort },
          user: `system:server:${server.name}`,
        })),
      },
      dataDirectory: '/var/lib/drydock/etcd',
      backends: new JournalBackends(platform),
      tickMillis: 50,
      requestTimeoutMillis: 5000,
      ...(this.#options.snapshotEntries === undefined
        ? {}
        : { snapshotEntries: this.#options.snapshotEntries }),
      ...(this.#options.catchUpEntries === undefined ? {} : { catchUpEntries: this.#options.catchUpEntries }),
      ...(this.#options.segmentBytes === undefined ? {} : { segmentBytes: this.#options.segmentBytes }),
      ...(this.#options.observer === undefined ? {} : { observer: this.#options.observer }),
    });
    this.#members.set(name, { epoch: host.epoch, member });
    // A member that cannot write ends its process, as `drydock server` does.
    void member.failed.then(() => host.kill());
    const local = new LocalEtcdClient(member);
    const address = { host: name, port: etcdPort };
    await platform.network.links.listen(address, (link) => serveEtcdLink(local, link));
    const etcd = await connectEtcd(platform.network.links, address);
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
    await Promise.all([
      new Scheduler(platform, { client, identity: name, leaderElection }).run(never),
      new ControllerManager(platform, {
        client,
        identity: name,
        leaderElection,
        timing: fastControllerTiming,
      }).run(never),
    ]);
  }

  async #runAgent(index: number, platform: Platform, signal: AbortSignal): Promise<void> {
    const name = platform.hostname;
    const client = this.apiClient(platform, `drydock-agent/${name}`);
    const listen = { host: name, port: kubeletPort };
    const serviceAddress = (clusterIP: string): string =>
      mapServiceAddress(clusterIP, serviceCidr, serviceBlock);
    const kubelet = new Kubelet(platform, {
      nodeName: name,
      client,
      listen,
      advertise: listen,
      tls: 'mutual',
      podCidr: `10.244.${index}.0/24`,
      dataDirectory: '/var/lib/drydock/agent',
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      nodeInfo: { operatingSystem: 'linux', architecture: 'amd64', osImage: 'drydock-sim' },
      timing: fastKubeletTiming,
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
