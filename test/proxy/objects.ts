import type { Endpoint, EndpointSlice, Service } from '../../src/api/types.ts';
import type { ProxyRule } from '../../src/proxy/proxy-table.ts';

const metadata = {
  namespace: 'default',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-11-23T00:00:00Z',
};

export function serviceOf(spec: Partial<Service['spec']> = {}, name = 'web'): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, name },
    spec: { clusterIP: '127.96.0.10', ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

/** Endpoints in short: `127.20.0.2` is ready, `!127.20.0.2` is not, `~127.20.0.2` serves and terminates. */
export function sliceOf(
  endpoints: readonly string[],
  ports: EndpointSlice['ports'] = [{ port: 8080 }],
  service = 'web',
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports,
    endpoints: endpoints.map((text): Endpoint => {
      const addresses = [text.replace(/^[!~]/, '')];
      if (text.startsWith('!')) return { addresses, conditions: { ready: false } };
      if (!text.startsWith('~')) return { addresses };
      return { addresses, conditions: { ready: false, serving: true, terminating: true } };
    }),
  };
}

export function ruleOf(endpoints: ProxyRule['endpoints'], rest: Partial<ProxyRule> = {}): ProxyRule {
  return {
    key: '127.96.0.10:80/TCP',
    service: 'default/web',
    clusterIP: '127.96.0.10',
    port: 80,
    protocol: 'TCP',
    endpoints,
    ...rest,
  };
}
