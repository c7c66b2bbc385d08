import { assert } from '../base/assert.ts';
import { compareStrings } from '../base/order.ts';
import { nodeScoreMax, type Profile } from './framework.ts';
import type { NodeSnapshot, NodeView } from './node-view.ts';
import type { PodView } from './pod-view.ts';

/** What the scheduling cycle decided for one pod, with all that led to it. */
export type Decision =
  | {
      readonly type: 'scheduled';
      readonly node: string;
      readonly scores: readonly NodeScore[];
      readonly ties: readonly string[];
    }
  | {
      readonly type: 'unschedulable';
      readonly message: string;
      readonly reasons: ReadonlyMap<string, number>;
    };

export interface NodeScore {
  readonly node: string;
  /** The weighted sum over all plugins. */
  readonly score: number;
}

/**
 * One scheduling cycle: Filter every node, Score those that pass, take the best (kube: schedulePod). Pure: the same
 * arguments give the same decision. `randomInteger(bound)` is asked only for ties, and only when the profile
 * breaks them at random.
 */
export function schedulePod(
  pod: PodView,
  snapshot: NodeSnapshot,
  profile: Profile,
  randomInteger: (bound: number) => number,
): Decision {
  const feasible: NodeView[] = [];
  const reasons = new Map<string, number>();
  for (const node of snapshot.nodes) {
    const rejection = filter(pod, node, profile);
    if (rejection === undefined) feasible.push(node);
    else reasons.set(rejection, (reasons.get(rejection) ?? 0) + 1);
  }
  if (feasible.length === 0) {
    return { type: 'unschedulable', message: fitError(snapshot.nodes.length, reasons), reasons };
  }
  const totals = scoreAll(pod, feasible, snapshot, profile);
  const best = Math.max(...totals);
  const ties = feasible.filter((_, i) => totals[i] === best).map((node) => node.name);
  const chosen =
    profile.tieBreak === 'random' && ties.length > 1 ? ties[randomInteger(ties.length)]! : ties[0]!;
  const scores = feasible.map((node, i) => ({ node: node.name, score: totals[i]! }));
  return { type: 'scheduled', node: chosen, scores, ties };
}

/** The first plugin's reason against the node; undefined when all let it pass. */
function filter(pod: PodView, node: NodeView, profile: Profile): string | undefined {
  for (const { plugin } of profile.plugins) {
    const rejection = plugin.filter?.(pod, node);
    if (rejection !== undefined) return rejection.reason;
  }
  return undefined;
}

function scoreAll(
  pod: PodView,
  nodes: readonly NodeView[],
  snapshot: NodeSnapshot,
  profile: Profile,
): number[] {
  const totals = Array.from<number>({ length: nodes.length }).fill(0);
  for (const { plugin, weight } of profile.plugins) {
    if (plugin.score === undefined) continue;
    const raw = nodes.map((node) => plugin.score!(pod, node, snapshot));
    const scores = plugin.normalize?.(raw) ?? raw;
    for (const [i, score] of scores.entries()) {
      assert(
        Number.isInteger(score) && score >= 0 && score <= nodeScoreMax,
        () => `${plugin.name} scores ${score}: not an integer from 0 to ${nodeScoreMax}`,
      );
      totals[i]! += weight * score;
    }
  }
  return totals;
}

/** kube-scheduler's sentence: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).` */
function fitError(nodeCount: number, reasons: ReadonlyMap<string, number>): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted(compareStrings);
  return `0/${nodeCount} nodes are available: ${parts.join(', ')}.`;
}
