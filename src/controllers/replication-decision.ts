import { parseTime } from '../api/time.ts';
import type { Condition, NewObject, Pod, ReplicationController } from '../api/types.ts';
import { compareStrings } from '../base/order.ts';
import { controllerOf, controllerReference, selectsLabels } from './ownership.ts';
import { isPodActive, isPodReady, millisUntilAvailable, readyCondition } from './pod-state.ts';

/** No decision creates or deletes more pods than this. */
export const burstReplicas = 500;

export interface Claims {
  /** Active pods that are ours. */
  readonly owned: readonly Pod[];
  /** Active orphans that match: ours if the owner still lives. */
  readonly adopt: readonly Pod[];
  /** Ours, but they match no longer. */
  readonly release: readonly Pod[];
}

/** Sorts the pods of a namespace by their relation to `controller` (PodControllerRefManager.ClaimPods). */
export function claimPods(controller: ReplicationController, pods: readonly Pod[]): Claims {
  const owned: Pod[] = [];
  const adopt: Pod[] = [];
  const release: Pod[] = [];
  const dying = controller.metadata.deletionTimestamp !== undefined;
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const isOurs = owner?.uid === controller.metadata.uid;
    // Most pods are somebody else's: nothing more is asked of them.
    if ((owner !== undefined && !isOurs) || !isPodActive(pod)) continue;
    const matches = selectsLabels(controller.spec.selector, pod.metadata.labels);
    if (isOurs) {
      if (matches) owned.push(pod);
      else if (!dying) release.push(pod);
    } else if (matches && !dying) {
      adopt.push(pod);
    }
  }
  return { owned, adopt, release };
}

export interface Scaling {
  readonly createCount: number;
  readonly deletions: readonly Pod[];
}

/** What brings the active pods to the wanted number. `nowMillis` is wall time. */
export function scale(controller: ReplicationController, pods: readonly Pod[], nowMillis: number): Scaling {
  if (controller.metadata.deletionTimestamp !== undefined) return { createCount: 0, deletions: [] };
  const wanted = controller.spec.replicas ?? 1;
  if (pods.length <= wanted)
    return { createCount: Math.min(wanted - pods.length, burstReplicas), deletions: [] };
  const ranked = pods.toSorted(byDeletionRank(pods, nowMillis));
  return { createCount: 0, deletions: ranked.slice(0, Math.min(pods.length - wanted, burstReplicas)) };
}

/** Which of two pods is the smaller loss: ActivePodsWithRanks, criterion by criterion. */
function byDeletionRank(pods: readonly Pod[], nowMillis: number): (a: Pod, b: Pod) => number {
  const podsPerNode = new Map<string, number>();
  for (const { spec } of pods) {
    if (spec.nodeName !== undefined)
      podsPerNode.set(spec.nodeName, (podsPerNode.get(spec.nodeName) ?? 0) + 1);
  }
  /** Smaller goes first. */
  const ranks: readonly ((pod: Pod) => number)[] = [
    (pod) => (pod.spec.nodeName === undefined ? 0 : 1),
    (pod) => phaseRank(pod),
    (pod) => (isPodReady(pod) ? 1 : 0),
    (pod) => deletionCost(pod),
    (pod) => -(podsPerNode.get(pod.spec.nodeName ?? '') ?? 0),
    (pod) => ageBucket(isPodReady(pod) ? readyCondition(pod)?.lastTransitionTime : undefined, nowMillis),
    (pod) => -Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    (pod) => ageBucket(pod.metadata.creationTimestamp, nowMillis),
  ];
  return (a, b) => {
    for (const rank of ranks) {
      const difference = rank(a) - rank(b);
      if (difference !== 0) return difference;
    }
    return compareStrings(a.metadata.uid, b.metadata.uid);
  };
}

function phaseRank(pod: Pod): number {
  const phase = pod.status?.phase ?? 'Pending';
  return phase === 'Pending' ? 0 : phase === 'Unknown' ? 1 : 2;
}

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

/** Ages that differ by less than a factor of two are alike, so that not always the youngest dies. */
function ageBucket(time: string | undefined, nowMillis: number): number {
  const sinceMillis = parseTime(time ?? '');
  if (sinceMillis === undefined || sinceMillis >= nowMillis) return 0;
  return Math.floor(Math.log2(nowMillis - sinceMillis));
}

/** The pod that the template describes. */
export function podFromTemplate(controller: ReplicationController): NewObject<Pod> | undefined {
  const { template } = controller.spec;
  if (template === undefined) return undefined;
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${controller.metadata.name}-`,
      namespace: controller.metadata.namespace ?? '',
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(controller)],
    },
    spec: template.spec,
  };
}

/** Why the last scaling could not be done. */
export interface ScalingFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

type Status = NonNullable<ReplicationController['status']>;

/** The status that these pods amount to, or undefined if it is what is written already. */
export function nextStatus(
  controller: ReplicationController,
  pods: readonly Pod[],
  failure: ScalingFailure | undefined,
  nowMillis: number,
  nowTime: string,
): Status | undefined {
  const { status: before, metadata, spec } = controller;
  const templateLabels = spec.template?.metadata?.labels;
  const conditions = withReplicaFailure(before?.conditions ?? [], failure, nowTime);
  const minReadySeconds = spec.minReadySeconds ?? 0;
  const after: Status = {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter((pod) => selectsLabels(templateLabels, pod.metadata.labels)).length,
    readyReplicas: pods.filter(isPodReady).length,
    availableReplicas: pods.filter((pod) => millisUntilAvailable(pod, minReadySeconds, nowMillis) === 0)
      .length,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  const counts = (status: Status | undefined): unknown => [
    status?.replicas,
    status?.fullyLabeledReplicas ?? 0,
    status?.readyReplicas ?? 0,
    status?.availableReplicas ?? 0,
    status?.observedGeneration,
  ];
  const unchanged = JSON.stringify(counts(before)) === JSON.stringify(counts(after));
  return unchanged && sameConditions(before?.conditions ?? [], conditions) ? undefined : after;
}

function withReplicaFailure(
  conditions: readonly Condition[],
  failure: ScalingFailure | undefined,
  nowTime: string,
): readonly Condition[] {
  const others = conditions.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  const before = conditions.find(({ type }) => type === 'ReplicaFailure');
  if (before?.status === 'True' && before.reason === failure.reason) return conditions;
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: nowTime, ...failure }];
}

function sameConditions(a: readonly Condition[], b: readonly Condition[]): boolean {
  return a.length === b.length && a.every((condition, i) => condition === b[i]);
}

/** When a ready pod next becomes available; undefined if none is waiting for that. */
export function nextAvailabilityMillis(
  controller: ReplicationController,
  pods: readonly Pod[],
  nowMillis: number,
): number | undefined {
  const waits = pods
    .map((pod) => millisUntilAvailable(pod, controller.spec.minReadySeconds ?? 0, nowMillis))
    .filter((wait) => wait !== undefined && wait > 0) as number[];
  return waits.length === 0 ? undefined : Math.min(...waits);
}
