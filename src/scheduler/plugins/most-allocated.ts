import { nodeScoreMax } from '../framework.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';

/** Prefers the node that would have the least left: packs pods (most_allocated.go). */
export const mostAllocated = nodeResourcesFit((requested, capacity) =>
  Math.trunc((Math.min(requested, capacity) * nodeScoreMax) / capacity),
);
