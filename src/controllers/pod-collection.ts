import { compareStrings } from '../base/order.ts';
import type { Node, Pod } from '../api/types.ts';
import { unreachableTaint } from './node-health.ts';
import { isPodTerminal, isPodTerminating } from './pod-state.ts';

/** Upstream's --terminated-pod-gc-threshold. */
export const terminatedPodsMax = 12_500;

export interface PodCollectionState {
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Names of nodes that pods are bound to and that have been missing for the whole quarantine. */
  readonly missingNodes: ReadonlySet<string>;
  /** Uids of pods that have been terminating on an unreachable node for long enough to give them up. */
  readonly givenUp: ReadonlySet<string>;
}

export type CollectionReason = 'NodeGone' | 'NeverScheduled' | 'NodeUnreachable' | 'TooManyTerminated';

/** Pods that nobody else will remove, each with why (podgc). They are to be deleted without grace. */
export function podsToCollect(state: PodCollectionState): readonly { pod: Pod; reason: CollectionReason }[] {
  const collected: { pod: Pod; reason: CollectionReason }[] = [];
  const ended: Pod[] = [];
  for (const pod of state.pods) {
    const { nodeName } = pod.spec;
    if (nodeName !== undefined && state.missingNodes.has(nodeName))
      collected.push({ pod, reason: 'NodeGone' });
    else if (isPodTerminating(pod) && nodeName === undefined)
      collected.push({ pod, reason: 'NeverScheduled' });
    else if (state.givenUp.has(pod.metadata.uid)) collected.push({ pod, reason: 'NodeUnreachable' });
    else if (isPodTerminal(pod) && !isPodTerminating(pod)) ended.push(pod);
  }
  const oldestFirst = ended.toSorted(
    (a, b) =>
      compareStrings(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
      compareStrings(a.metadata.uid, b.metadata.uid),
  );
  for (const pod of oldestFirst.slice(0, Math.max(0, ended.length - terminatedPodsMax))) {
    collected.push({ pod, reason: 'TooManyTerminated' });
  }
  return collected;
}

/** Whether the pod waits for a kubelet that cannot be heard. */
export function isStranded(pod: Pod, nodes: ReadonlyMap<string, Node>): boolean {
  if (!isPodTerminating(pod) || pod.spec.nodeName === undefined) return false;
  const taints = nodes.get(pod.spec.nodeName)?.spec.taints ?? [];
  return taints.some(({ key, effect }) => key === unreachableTaint && effect === 'NoExecute');
}
