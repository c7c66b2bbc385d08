import { amountNamed } from '../amounts.ts';
import { unresolvable, unschedulable, type Plugin, type Verdict } from '../framework.ts';
import type { NodeView } from '../node-view.ts';
import type { PodView } from '../pod-view.ts';

/** Scores one resource of a node: `requested` of `capacity` would be in use, capacity > 0. An integer, 0..100. */
export type ResourceScorer = (requested: number, capacity: number) => number;

/** NodeResourcesFit: what a pod requests must be free on its node; `scorer` says which of those is best. */
export function nodeResourcesFit(scorer: ResourceScorer): Plugin {
  return {
    name: 'NodeResourcesFit',
    filter: whatIsMissing,
    score: (pod, node) => meanScore(pod, node, scorer),
  };
}

/** Says of each resource that does not suffice that it does not (fit.go: fitsRequest). */
function whatIsMissing({ requests }: PodView, node: NodeView): Verdict {
  const { allocatable, requested } = node;
  const reasons: string[] = [];
  let never = false;
  if (node.podCount >= node.podCountMax) reasons.push('Too many pods');
  // A request of nothing fits even where more is requested than there is.
  if (requests.milliCpu > 0 && requests.milliCpu > allocatable.milliCpu - requested.milliCpu) {
    reasons.push('Insufficient cpu');
    never = requests.milliCpu > allocatable.milliCpu;
  }
  if (requests.memoryBytes > 0 && requests.memoryBytes > allocatable.memoryBytes - requested.memoryBytes) {
    reasons.push('Insufficient memory');
    never ||= requests.memoryBytes > allocatable.memoryBytes;
  }
  for (const name in requests.others) {
    const asked = amountNamed(requests.others, name);
    const capacity = amountNamed(allocatable.others, name);
    if (asked === 0 || asked <= capacity - amountNamed(requested.others, name)) continue;
    reasons.push(`Insufficient ${name}`);
    never ||= asked > capacity;
  }
  if (reasons.length === 0) return undefined;
  return never ? unresolvable(...reasons) : unschedulable(...reasons);
}

/** The mean of CPU and memory, as far as the node has them, rounded down (resource_allocation.go). */
function meanScore(pod: PodView, node: NodeView, scorer: ResourceScorer): number {
  const { allocatable, scoredRequested } = node;
  const { scoredRequests } = pod;
  let sum = 0;
  let weights = 0;
  if (allocatable.milliCpu > 0) {
    sum += scorer(scoredRequested.milliCpu + scoredRequests.milliCpu, allocatable.milliCpu);
    weights++;
  }
  if (allocatable.memoryBytes > 0) {
    sum += scorer(scoredRequested.memoryBytes + scoredRequests.memoryBytes, allocatable.memoryBytes);
    weights++;
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights);
}
