import type { Condition, Lease, Node, Taint } from '../api/types.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';

/** The last sign of life of a node, and when we saw it by our own monotonic clock. */
export interface Heartbeat {
  readonly uid: string;
  /** What the node wrote; only whether it differs is asked, never what it says. */
  readonly sign: string;
  readonly seenMillis: number;
}

/** The heartbeat after another look: a node that wrote something new is alive now. */
export function observeHeartbeat(
  before: Heartbeat | undefined,
  node: Node,
  lease: Lease | undefined,
  nowMillis: number,
): Heartbeat {
  const { uid } = node.metadata;
  const sign = JSON.stringify([lease?.spec.renewTime, conditionOf(node, 'Ready')?.lastHeartbeatTime]);
  return before?.uid === uid && before.sign === sign ? before : { uid, sign, seenMillis: nowMillis };
}

export interface HealthLimits {
  readonly graceMillis: number;
  readonly startupGraceMillis: number;
}

/** Whether the node has been silent for too long. */
export function isSilent(node: Node, heartbeat: Heartbeat, nowMillis: number, limits: HealthLimits): boolean {
  const hasReported = conditionOf(node, 'Ready') !== undefined;
  return nowMillis - heartbeat.seenMillis > (hasReported ? limits.graceMillis : limits.startupGraceMillis);
}

const reportedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The conditions of a node that fell silent: nothing is known any more. Undefined if that is written already. */
export function silentConditions(node: Node, nowTime: string): readonly Condition[] | undefined {
  const before = node.status?.conditions ?? [];
  const unknown = reportedConditions.map((type): Condition => {
    const condition = before.find((each) => each.type === type);
    if (condition?.status === 'Unknown') return condition;
    return {
      ...condition,
      type,
      status: 'Unknown',
      reason: condition === undefined ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown',
      message:
        condition === undefined
          ? 'Kubelet never posted node status.'
          : 'Kubelet stopped posting node status.',
      lastTransitionTime: nowTime,
    };
  });
  if (unknown.every((condition) => before.includes(condition))) return undefined;
  const others = before.filter(({ type }) => !reportedConditions.some((each) => each === type));
  return [...unknown, ...others];
}

/** A condition whose status repels new pods, by the key of its taint. */
const taintOfCondition: readonly (readonly [string, Condition['status'], string])[] = [
  ['Ready', 'False', notReadyTaint],
  ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
];

const cordonTaint = 'node.kubernetes.io/unschedulable';
const ownNoSchedule: ReadonlySet<string> = new Set([
  ...taintOfCondition.map(([, , key]) => key),
  cordonTaint,
]);
const ownNoExecute: ReadonlySet<string> = new Set([notReadyTaint, unreachableTaint]);

/**
 * The taints that the node's conditions ask for; taints of others are kept. Without `evict` no NoExecute is
 * among them: pods stay where they are. Undefined if they are written already.
 */
export function nextTaints(node: Node, evict: boolean, nowTime: string): readonly Taint[] | undefined {
  const before = node.spec.taints ?? [];
  const wanted: Pick<Taint, 'key' | 'effect'>[] = [];
  for (const [type, status, key] of taintOfCondition) {
    // A node that has not reported yet is not ready.
    if ((conditionOf(node, type)?.status ?? (type === 'Ready' ? 'False' : 'Unknown')) !== status) continue;
    wanted.push({ key, effect: 'NoSchedule' });
    if (evict && ownNoExecute.has(key)) wanted.push({ key, effect: 'NoExecute' });
  }
  if (node.spec.unschedulable === true) wanted.push({ key: cordonTaint, effect: 'NoSchedule' });
  const isOurs = ({ key, effect }: Taint): boolean =>
    (effect === 'NoSchedule' && ownNoSchedule.has(key)) || (effect === 'NoExecute' && ownNoExecute.has(key));
  const isWanted = (taint: Taint): boolean => wanted.some((each) => isSameTaint(each, taint));
  const kept = before.filter((taint) => !isOurs(taint) || isWanted(taint));
  const added = wanted
    .filter((taint) => !before.some((each) => isSameTaint(each, taint)))
    .map((taint): Taint => (taint.effect === 'NoExecute' ? { ...taint, timeAdded: nowTime } : taint));
  return kept.length === before.length && added.length === 0 ? undefined : [...kept, ...added];
}

export function isNodeReady(node: Node): boolean {
  return conditionOf(node, 'Ready')?.status === 'True';
}

function isSameTaint(a: Pick<Taint, 'key' | 'effect'>, b: Pick<Taint, 'key' | 'effect'>): boolean {
  return a.key === b.key && a.effect === b.effect;
}

function conditionOf(node: Node, type: string): Condition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}
