import { nodeScoreMax } from '../framework.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';

/** Prefers the node that would have the most left: spreads pods (least_allocated.go, kube's default). */
export const leastAllocated = nodeResourcesFit((requested, capacity) =>
  requested > capacity ? 0 : Math.trunc(((capacity - requested) * nodeScoreMax) / capacity),
);
