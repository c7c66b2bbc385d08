import { formatTime } from '../api/time.ts';
import type { Condition, Node } from '../api/types.ts';
import type { KubeletOptions } from './kubelet-options.ts';

type NodeStatus = NonNullable<Node['status']>;

/** Labels that the kubelet gives its node; those of the options come on top. */
export function nodeLabels(options: KubeletOptions): Record<string, string> {
  const { nodeInfo } = options;
  return {
    'kubernetes.io/hostname': options.nodeName,
    ...(nodeInfo['operatingSystem'] === undefined ? {} : { 'kubernetes.io/os': nodeInfo['operatingSystem'] }),
    ...(nodeInfo['architecture'] === undefined ? {} : { 'kubernetes.io/arch': nodeInfo['architecture'] }),
    'drydock.dev/isolation': 'process',
    ...options.labels,
  };
}

/**
 * The status to report. Pressure conditions are left out: nothing here measures memory, disk or pids, and
 * a condition that is never anything but False would be a lie.
 */
export function nodeStatus(
  options: KubeletOptions,
  runtimeVersion: string,
  previous: NodeStatus | undefined,
  nowMillis: number,
): NodeStatus {
  const { advertise, capacity } = options;
  const before = previous?.conditions?.find((condition) => condition.type === 'Ready');
  const now = formatTime(nowMillis);
  const ready: Condition = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
    lastHeartbeatTime: now,
    lastTransitionTime: (before?.status === 'True' ? before.lastTransitionTime : undefined) ?? now,
  };
  return {
    capacity,
    // Nothing is reserved for the system: on a shared machine the capacity given is already the node's part.
    allocatable: capacity,
    conditions: [ready],
    addresses: [
      { type: 'InternalIP', address: advertise.host },
      { type: 'Hostname', address: options.nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: advertise.port } },
    nodeInfo: { ...options.nodeInfo, containerRuntimeVersion: runtimeVersion },
  };
}

/** Whether the API's status says what this one does, heartbeats and foreign conditions aside. */
export function sameNodeStatus(own: NodeStatus, stored: NodeStatus | undefined): boolean {
  if (stored === undefined) return false;
  const conditions = (own.conditions ?? []).every((condition) => {
    const other = stored.conditions?.find((candidate) => candidate.type === condition.type);
    return other?.status === condition.status && other.reason === condition.reason;
  });
  return (
    conditions &&
    sameEntries(own.capacity, stored.capacity) &&
    sameEntries(own.allocatable, stored.allocatable) &&
    sameEntries(own.nodeInfo, stored.nodeInfo) &&
    own.daemonEndpoints?.kubeletEndpoint?.Port === stored.daemonEndpoints?.kubeletEndpoint?.Port &&
    own.addresses?.length === stored.addresses?.length &&
    (own.addresses ?? []).every(
      (address, index) =>
        stored.addresses?.[index]?.type === address.type &&
        stored.addresses[index].address === address.address,
    )
  );
}

/** Whether every entry of `own` is in `stored`, which may have more. */
export function sameEntries(
  own: Readonly<Record<string, string>> | undefined,
  stored: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(own ?? {}).every(([name, value]) => stored?.[name] === value);
}
