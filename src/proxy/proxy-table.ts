import { compareStrings } from '../base/order.ts';
import type { EndpointSlice, Service, ServicePort } from '../api/types.ts';

export interface ProxyEndpoint {
  readonly ip: string;
  readonly port: number;
}

/** One port of one service: what comes to `clusterIP:port` goes to one of the endpoints. */
export interface ProxyRule {
  /** `clusterIP:port/protocol`; unique in a table. */
  readonly key: string;
  /** `namespace/name`, with `:port` if the port has a name. For people. */
  readonly service: string;
  readonly clusterIP: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** How long a client stays with its endpoint (sessionAffinity ClientIP). */
  readonly affinitySeconds?: number;
  /** In order, without doubles. None: connections are refused. */
  readonly endpoints: readonly ProxyEndpoint[];
}

/** In order of key. */
export type ProxyTable = readonly ProxyRule[];

export interface ProxyTableChange {
  /** New rules, and rules that are different now. */
  readonly set: readonly ProxyRule[];
  /** Keys. */
  readonly removed: readonly string[];
}

/** The API's default of sessionAffinityConfig.clientIP.timeoutSeconds. */
const affinitySecondsDefault = 10_800;
const serviceNameLabel = 'kubernetes.io/service-name';

/** The table that the services and slices ask for, whatever order they come in. */
export function buildProxyTable(services: readonly Service[], slices: readonly EndpointSlice[]): ProxyTable {
  const slicesByService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const name = slice.metadata.labels?.[serviceNameLabel];
    if (name === undefined || slice.addressType !== 'IPv4') continue;
    const key = `${slice.metadata.namespace}/${name}`;
    slicesByService.set(key, [...(slicesByService.get(key) ?? []), slice]);
  }
  const rules = new Map<string, ProxyRule>();
  for (const service of services.toSorted(byName)) {
    const { clusterIP, ports, type } = service.spec;
    if (type === 'ExternalName' || clusterIP === undefined || clusterIP === '' || clusterIP === 'None')
      continue;
    const name = `${service.metadata.namespace}/${service.metadata.name}`;
    for (const port of ports ?? []) {
      const rule = ruleOf(service, name, clusterIP, port, slicesByService.get(name) ?? []);
      // Two services never have one address; while a list is older than another it may look so.
      if (!rules.has(rule.key)) rules.set(rule.key, rule);
    }
  }
  return [...rules.values()].toSorted((a, b) => compareStrings(a.key, b.key));
}

/** What turns `before` into `after`. */
export function diffProxyTables(before: ProxyTable, after: ProxyTable): ProxyTableChange {
  const known = new Map(before.map((rule) => [rule.key, JSON.stringify(rule)]));
  const wanted = new Set(after.map((rule) => rule.key));
  return {
    set: after.filter((rule) => known.get(rule.key) !== JSON.stringify(rule)),
    removed: before.filter((rule) => !wanted.has(rule.key)).map((rule) => rule.key),
  };
}

function ruleOf(
  service: Service,
  name: string,
  clusterIP: string,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): ProxyRule {
  const protocol = port.protocol ?? 'TCP';
  const portName = port.name ?? '';
  return {
    key: `${clusterIP}:${port.port}/${protocol}`,
    service: portName === '' ? name : `${name}:${portName}`,
    clusterIP,
    port: port.port,
    protocol,
    ...(service.spec.sessionAffinity === 'ClientIP' ? { affinitySeconds: affinitySecondsDefault } : {}),
    endpoints: endpointsOf(portName, protocol, slices),
  };
}

/**
 * Ready endpoints; if there are none, those that still serve while they terminate (kube-proxy's
 * fallback, so that a rolling restart of one replica loses no connection). A slice's port belongs to the
 * service port of the same name.
 */
function endpointsOf(portName: string, protocol: string, slices: readonly EndpointSlice[]): ProxyEndpoint[] {
  const ready = new Map<string, ProxyEndpoint>();
  const terminating = new Map<string, ProxyEndpoint>();
  for (const slice of slices) {
    const port = slice.ports?.find(
      (candidate) => (candidate.name ?? '') === portName && (candidate.protocol ?? 'TCP') === protocol,
    )?.port;
    if (port === undefined) continue;
    for (const { addresses, conditions } of slice.endpoints) {
      const ip = addresses[0];
      if (ip === undefined) continue;
      const endpoint = { ip, port };
      // An absent condition means yes, but for `terminating`.
      if (conditions?.ready !== false) ready.set(`${ip}:${port}`, endpoint);
      else if (conditions.serving === true && conditions.terminating === true)
        terminating.set(`${ip}:${port}`, endpoint);
    }
  }
  const chosen = ready.size > 0 ? ready : terminating;
  return [...chosen].toSorted((a, b) => compareStrings(a[0], b[0])).map(([, endpoint]) => endpoint);
}

function byName(a: Service, b: Service): number {
  return (
    compareStrings(a.metadata.namespace ?? '', b.metadata.namespace ?? '') ||
    compareStrings(a.metadata.name, b.metadata.name)
  );
}
