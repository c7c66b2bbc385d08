import { join } from 'node:path';

import type { ConfiguredMember } from '../etcd/cluster.ts';
import type { Address } from '../platform/network.ts';
import type { FailoverProfile } from './failover.ts';

/** A store member; with the user that its certificate must name: a link without it would let anybody vote. */
export type ServerMember = Required<Pick<ConfiguredMember, 'name' | 'peerAddress' | 'user'>>;

/** What `drydock server --data-dir DIR` finds in DIR/server.json. */
export interface ServerConfig {
  readonly name: string;
  readonly clusterToken: string;
  readonly members: readonly ServerMember[];
  readonly apiListen: Address;
  /** All API servers, this one's first. */
  readonly apiServers: readonly Address[];
  readonly serviceCidr: string;
  readonly failover: FailoverProfile;
  /** Folder with ca.crt, host.crt and host.key. */
  readonly pkiDirectory: string;
}

/** What `drydock agent --data-dir DIR` finds in DIR/agent.json. */
export interface AgentConfig {
  readonly nodeName: string;
  readonly apiServers: readonly Address[];
  readonly kubeletListen: Address;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** The block of this machine's loopback onto which this node maps the service CIDR. */
  readonly serviceBlock: string;
  readonly failover: FailoverProfile;
  readonly pkiDirectory: string;
}

/** What cluster.json keeps. */
export interface KeptPlan {
  readonly token: string;
  readonly servers: number;
  readonly basePort: number;
  readonly loopbackBlock: number;
}

/** A whole cluster on this machine's loopback. */
export interface ClusterPlan {
  readonly token: string;
  readonly basePort: number;
  readonly loopbackBlock: number;
  readonly servers: readonly ServerConfig[];
  readonly agents: readonly AgentConfig[];
}

const host = '127.0.0.1';

/** Blocks of the loopback that a cluster uses: one per agent for Services, one per agent for pods. */
export const loopbackBlocksPerCluster = 32;

/** The user that a server's certificate names. */
export function serverUser(name: string): string {
  return `system:server:${name}`;
}

/**
 * Lays out a cluster: API servers at basePort…, peers at basePort + 10…, kubelets at basePort + 20…; with N the
 * loopback block, agent i reaches Services in 127.(N + i).0.0/16 and has its pods in 127.(N + 16 + i).0.0/24.
 */
export function planCluster(options: {
  dataDirectory: string;
  token: string;
  basePort: number;
  loopbackBlock: number;
  servers: number;
  agents: number;
}): ClusterPlan {
  const { dataDirectory, token, basePort, loopbackBlock } = options;
  const names = Array.from({ length: options.servers }, (_, i) => `server-${i + 1}`);
  const apiAddresses = names.map((_, i) => ({ host, port: basePort + i }));
  const members = names.map((name, i) => ({
    name,
    peerAddress: { host, port: basePort + 10 + i },
    user: serverUser(name),
  }));
  const serviceCidr = `127.${loopbackBlock}.0.0/16`;
  return {
    token,
    basePort,
    loopbackBlock,
    servers: names.map((name, i) => ({
      name,
      clusterToken: token,
      members,
      apiListen: apiAddresses[i]!,
      apiServers: [...apiAddresses.slice(i), ...apiAddresses.slice(0, i)],
      serviceCidr,
      failover: 'fast',
      pkiDirectory: join(dataDirectory, name, 'pki'),
    })),
    agents: Array.from({ length: options.agents }, (_, i) => ({
      nodeName: `agent-${i + 1}`,
      apiServers: [...apiAddresses.slice(i % names.length), ...apiAddresses.slice(0, i % names.length)],
      kubeletListen: { host, port: basePort + 20 + i },
      podCidr: `127.${loopbackBlock + 16 + i}.0.0/24`,
      serviceCidr,
      serviceBlock: `127.${loopbackBlock + i}.0.0/16`,
      failover: 'fast',
      pkiDirectory: join(dataDirectory, `agent-${i + 1}`, 'pki'),
    })),
  };
}
