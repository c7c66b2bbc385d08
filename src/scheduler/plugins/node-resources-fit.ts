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
    filter: (pod, node) => (fits(pod, node) ? undefined : whatIsMissing(pod, node)),
    score: (pod, node) => meanScore(pod, node, scorer),
  };
}

/** A request of nothing fits even where more is requested than there is. */
function fits({ requests }: PodView, node: NodeView): boolean {
  const { allocatable, requested } = node;
  if (node.podCount >= node.podCountMax) return false;
  if (requests.milliCpu > 0 && requests.milliCpu > allocatable.milliCpu - requested.milliCpu) return false;
  if (requests.memoryBytes > 0 && requests.memoryBytes > allocatable.memoryBytes - requested.memoryBytes)
    return false;
  for (const name in requests.others) {
    const asked = amountNamed(requests.others, name);
    const free = amountNamed(allocatable.others, name) - amountNamed(requested.others, name);
    if (asked > 0 && asked > free) return false;
  }
  return true;
}

/** Says of each resource that does not suffice that it does not (fit.go: fitsRequest). */
function whatIsMissing({ requests }: PodView, node: NodeView): Verdict {
  const { allocatable, requested } = node;
  const reasons: string[] = [];
  let never = false;
  const check = (reason: string, asked: number, capacity: number, used: number): void => {
    if (asked === 0 || asked <= capacity - used) return;
    reasons.push(reason);
    if (asked > capacity) never = true;
  };
  if (node.podCount >= node.podCountMax) reasons.push('Too many pods');
  check('Insufficient cpu', requests.milliCpu, allocatable.milliCpu, requested.milliCpu);
  check('Insufficient memory', requests.memoryBytes, allocatable.memoryBytes, requested.memoryBytes);
  for (const name in requests.others) {
    const [asked, capacity, used] = [requests, allocatable, requested].map(({ others }) =>
      amountNamed(others, name),
    );
    check(`Insufficient ${name}`, asked!, capacity!, used!);
  }
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
