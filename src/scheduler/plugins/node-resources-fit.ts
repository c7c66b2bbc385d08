import { unresolvable, unschedulable, type Plugin } from '../framework.ts';
import type { NodeView } from '../node-view.ts';
import type { PodView } from '../pod-view.ts';

/** Scores one resource of a node: `requested` of `capacity` would be in use, both > 0. An integer, 0..100. */
export type ResourceScorer = (requested: number, capacity: number) => number;

/** The resources that scores look at; each weighs the same. */
const scoredResources = ['cpu', 'memory'] as const;

/** NodeResourcesFit: what a pod requests must be free on its node; `scorer` says which of those is best. */
export function nodeResourcesFit(scorer: ResourceScorer): Plugin {
  return {
    name: 'NodeResourcesFit',
    filter(pod, node) {
      if (node.podCount + 1 > (node.allocatable['pods'] ?? 0)) return unschedulable('Too many pods');
      for (const name in pod.requests) {
        const asked = pod.requests[name]!;
        if (asked === 0) continue;
        const allocatable = node.allocatable[name] ?? 0;
        if (asked > allocatable) return unresolvable(`Insufficient ${name}`);
        if (asked > allocatable - (node.requested[name] ?? 0)) return unschedulable(`Insufficient ${name}`);
      }
      return undefined;
    },
    score: (pod, node) => meanScore(pod, node, scorer),
  };
}

/** The mean over the resources that the node has, rounded down (resource_allocation.go). */
function meanScore(pod: PodView, node: NodeView, scorer: ResourceScorer): number {
  let sum = 0;
  let weights = 0;
  for (const name of scoredResources) {
    const capacity = node.allocatable[name] ?? 0;
    if (capacity === 0) continue;
    sum += scorer((node.scoredRequested[name] ?? 0) + (pod.scoredRequests[name] ?? 0), capacity);
    weights++;
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights);
}
