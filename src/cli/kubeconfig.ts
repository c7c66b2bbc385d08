import { stringify } from 'yaml';

import type { Address } from '../platform/network.ts';
import type { TlsMaterial } from '../platform/os/tls.ts';
import { formatAddress } from './address.ts';
import type { ServerConfig } from './cluster-plan.ts';

/**
 * A kubeconfig whose user is the administrator `tls` belongs to: context `drydock` is the first server, and every
 * server has a context of its own name, for when the first one is down. Holds a private key: write it 0600.
 */
export function kubeconfig(servers: readonly ServerConfig[], tls: TlsMaterial): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user = 'drydock-admin';
  const contexts = [
    { name: 'drydock', server: servers[0]! },
    ...servers.map((server) => ({ name: server.name, server })),
  ];
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'drydock',
    clusters: servers.map(({ name, apiListen }) => ({
      name,
      cluster: { server: apiUrl(apiListen), 'certificate-authority-data': base64(tls.ca) },
    })),
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(tls.cert), 'client-key-data': base64(tls.key) },
      },
    ],
    contexts: contexts.map(({ name, server }) => ({ name, context: { cluster: server.name, user } })),
  });
}

export function apiUrl(address: Address): string {
  return `https://${formatAddress(address)}`;
}
