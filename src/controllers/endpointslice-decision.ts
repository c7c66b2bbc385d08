import { compareStrings } from '../base/order.ts';
import type { Endpoint, EndpointSlice, NewObject, Pod, Service, ServicePort } from '../api/types.ts';
import { controllerReference, selectsLabels } from './ownership.ts';
import { isPodReady, isPodTerminal, isPodTerminating } from './pod-state.ts';

export const endpointsPerSliceMax = 100;
export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managedBy = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';

type SlicePorts = NonNullable<EndpointSlice['ports']>;

export interface SliceChanges {
  readonly create: readonly NewObject<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/**
 * The fewest writes that make `slices` (those of this service that we manage) say what its pods are.
 * Endpoints stay in the slice they are in. Pods that resolve a named port differently go to different
 * slices. IPv4 only.
 */
export function reconcileSlices(
  service: Service,
  pods: readonly Pod[],
  slices: readonly EndpointSlice[],
): SliceChanges {
  const wanted = wantedEndpoints(service, pods);
  const labels = labelsOf(service);
  const create: NewObject<EndpointSlice>[] = [];
  const remove: EndpointSlice[] = [];
  const drafts: { slice: EndpointSlice; ports: string; endpoints: Endpoint[] }[] = [];
  for (const slice of slices) {
    const ports = portsKey(slice.ports ?? []);
    const group = wanted.get(ports)?.endpoints;
    const endpoints: Endpoint[] = [];
    for (const { targetRef } of slice.endpoints) {
      const endpoint = group?.get(targetRef?.uid ?? '');
      if (endpoint === undefined) continue;
      endpoints.push(endpoint);
      // Taken: another slice that has it too, made from a stale cache, loses it.
      group?.delete(targetRef?.uid ?? '');
    }
    drafts.push({ slice, ports, endpoints });
  }
  for (const [ports, group] of wanted) {
    const rest = [...group.endpoints.values()];
    for (const draft of drafts) {
      if (draft.ports !== ports || draft.endpoints.length === 0) continue;
      draft.endpoints.push(...rest.splice(0, endpointsPerSliceMax - draft.endpoints.length));
    }
    // A slice that became empty is filled before another is made.
    for (const draft of drafts) {
      if (draft.ports === ports && draft.endpoints.length === 0) {
        draft.endpoints.push(...rest.splice(0, endpointsPerSliceMax));
      }
    }
    while (rest.length > 0) {
      create.push(newSlice(service, labels, group.ports, rest.splice(0, endpointsPerSliceMax)));
    }
  }
  const update: EndpointSlice[] = [];
  // A service without endpoints keeps one empty slice, which says that it has none.
  let keptCount = create.length + drafts.filter(({ endpoints }) => endpoints.length > 0).length;
  for (const { slice, endpoints } of drafts) {
    if (endpoints.length === 0 && keptCount++ > 0) {
      remove.push(slice);
      continue;
    }
    const isSame =
      sameJson(slice.endpoints, endpoints) &&
      sameJson(slice.metadata.labels, labels) &&
      sameJson(slice.metadata.ownerReferences, [controllerReference(service)]);
    if (isSame) continue;
    const ownerReferences = [controllerReference(service)];
    update.push({ ...slice, metadata: { ...slice.metadata, labels, ownerReferences }, endpoints });
  }
  if (keptCount === 0) create.push(newSlice(service, labels, [], []));
  return { create, update, delete: remove };
}

/** The endpoints that serve the same ports, by pod uid. */
interface PortsGroup {
  readonly ports: SlicePorts;
  readonly endpoints: Map<string, Endpoint>;
}

/** What two lists of ports have in common when they are the same, whatever the order of their JSON's keys. */
function portsKey(ports: SlicePorts): string {
  return JSON.stringify(ports.map(({ name, protocol, port }) => [name ?? '', protocol ?? 'TCP', port ?? 0]));
}

/** Groups in the order of their first pod. */
function wantedEndpoints(service: Service, pods: readonly Pod[]): Map<string, PortsGroup> {
  const groups = new Map<string, PortsGroup>();
  for (const pod of pods) {
    if (!selectsLabels(service.spec.selector, pod.metadata.labels)) continue;
    const endpoint = endpointOf(service, pod);
    if (endpoint === undefined) continue;
    const ports = (service.spec.ports ?? []).flatMap((port) => resolvePort(port, pod));
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() };
    group.endpoints.set(pod.metadata.uid, endpoint);
    groups.set(key, group);
  }
  return groups;
}

function endpointOf(service: Service, pod: Pod): Endpoint | undefined {
  const podIP = pod.status?.podIPs?.map(({ ip }) => ip).find(isIPv4) ?? pod.status?.podIP;
  if (podIP === undefined || !isIPv4(podIP) || isPodTerminal(pod)) return undefined;
  const { name, namespace = '', uid } = pod.metadata;
  const terminating = isPodTerminating(pod);
  const serving = isPodReady(pod) || service.spec.publishNotReadyAddresses === true;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  return {
    addresses: [podIP],
    conditions: { ready, serving, terminating },
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function isIPv4(ip: string): boolean {
  return !ip.includes(':');
}

/** A port whose name the pod does not have is left out for that pod. */
function resolvePort(port: ServicePort, pod: Pod): SlicePorts {
  const { name = '', protocol = 'TCP' } = port;
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return [{ name, port: target === 0 ? port.port : target, protocol }];
  for (const container of pod.spec.containers) {
    const found = container.ports?.find(
      (each) => each.name === target && (each.protocol ?? 'TCP') === protocol,
    );
    if (found !== undefined) return [{ name, port: found.containerPort, protocol }];
  }
  return [];
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  return {
    ...service.metadata.labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedBy,
    ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
  };
}

function newSlice(
  service: Service,
  labels: Readonly<Record<string, string>>,
  ports: SlicePorts,
  endpoints: readonly Endpoint[],
): NewObject<EndpointSlice> {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace ?? '',
      labels,
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}

/** Whether two values are the same JSON, whatever the order of their keys. */
function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted((x, y) => compareStrings(x[0], y[0])));
  });
}
