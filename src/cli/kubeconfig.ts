import { stringify } from 'yaml';

import type { TlsMaterial } from '../platform/os/tls.ts';

/** A kubeconfig whose user is the administrator `tls` belongs to. Holds a private key: write it 0600. */
export function kubeconfig(clusterName: string, server: string, tls: TlsMaterial): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': clusterName,
    clusters: [{ name: clusterName, cluster: { server, 'certificate-authority-data': base64(tls.ca) } }],
    users: [
      {
        name: `${clusterName}-admin`,
        user: { 'client-certificate-data': base64(tls.cert), 'client-key-data': base64(tls.key) },
      },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user: `${clusterName}-admin` } }],
  });
}
