import { AssertionError } from '../base/assert.ts';
import { compareStrings } from '../base/order.ts';
import { nodeScoreMax, type Plugin, type Profile, type Verdict } from './framework.ts';
import type { NodeSnapshot, NodeView } from './node-view.ts';
import type { PodView } from './pod-view.ts';

/** What the scheduling cycle decided for one pod, with all that led to it. */
export type Decision =
  | {
      readonly type: 'scheduled';
      readonly node: string;
      /** Every feasible node, in name order. Made when asked for. */
      readonly scores: readonly NodeScore[];
      /** The nodes with the best score, in name order. Made when asked for. */
      readonly ties: readonly string[];
    }
  | {
      readonly type: 'unschedulable';
      readonly message: string;
      /** How many nodes each reason was given for; a node may have several. */
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
 *
 * ```ts
 * const decision = schedulePod(podView(pod), cache.snapshot(), defaultProfile, (bound) => random.integer(bound));
 * if (decision.type === 'scheduled') cache.assume(podView(pod), decision.node);
 * ```
 */
export function schedulePod(
  pod: PodView,
  snapshot: NodeSnapshot,
  profile: Profile,
  randomInteger: (bound: number) => number,
): Decision {
  const feasible: NodeView[] = [];
  const reasons = new Map<string, number>();
  const filters = filtersFor(pod, profile);
  for (const node of snapshot.nodes) {
    const rejection = runFilters(filters, pod, node);
    if (rejection === undefined) feasible.push(node);
    else for (const reason of rejection.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (feasible.length === 0) {
    return { type: 'unschedulable', message: fitError(snapshot.nodes.length, reasons), reasons };
  }
  const totals = scoreAll(pod, feasible, snapshot, profile);
  const best = bestOf(totals);
  const pick = profile.tieBreak === 'random' && best.count > 1 ? randomInteger(best.count) : 0;
  const ties = (): number[] => [...totals.keys()].filter((i) => totals[i] === best.score);
  return {
    type: 'scheduled',
    node: feasible[pick === 0 ? best.first : ties()[pick]!]!.name,
    get scores() {
      return feasible.map((node, i) => ({ node: node.name, score: totals[i]! }));
    },
    get ties() {
      return ties().map((i) => feasible[i]!.name);
    },
  };
}

type Filter = Required<Pick<Plugin, 'filter'>>;

/** The plugins that have something against some node. */
function filtersFor(pod: PodView, profile: Profile): Filter[] {
  const filters: Filter[] = [];
  for (const { plugin } of profile.plugins) {
    if (canFilter(plugin) && plugin.skipFilter?.(pod) !== true) filters.push(plugin);
  }
  return filters;
}

function canFilter(plugin: Plugin): plugin is Plugin & Filter {
  return plugin.filter !== undefined;
}

/** What the first plugin that objects has against the node; undefined when all let it pass. */
function runFilters(filters: readonly Filter[], pod: PodView, node: NodeView): Verdict {
  for (const plugin of filters) {
    const rejection = plugin.filter(pod, node);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}

/** The weighted sum for each of `nodes`. */
function scoreAll(
  pod: PodView,
  nodes: readonly NodeView[],
  snapshot: NodeSnapshot,
  profile: Profile,
): Float64Array {
  const totals = new Float64Array(nodes.length);
  const scores = new Float64Array(nodes.length);
  for (const { plugin, weight } of profile.plugins) {
    if (plugin.score === undefined || plugin.skipScore?.(pod) === true) continue;
    for (let i = 0; i < nodes.length; i++) scores[i] = plugin.score(pod, nodes[i]!, snapshot);
    plugin.normalize?.(scores);
    for (let i = 0; i < scores.length; i++) totals[i]! += weight * checked(scores[i]!, plugin);
  }
  return totals;
}

function checked(score: number, plugin: Plugin): number {
  if (Number.isInteger(score) && score >= 0 && score <= nodeScoreMax) return score;
  throw new AssertionError(`${plugin.name} scores ${score}: not an integer from 0 to ${nodeScoreMax}`);
}

/** The highest score, where it is first, and how many have it. `totals` is not empty. */
function bestOf(totals: Float64Array): { score: number; first: number; count: number } {
  let score = totals[0]!;
  let first = 0;
  let count = 1;
  for (let i = 1; i < totals.length; i++) {
    const total = totals[i]!;
    if (total > score) {
      score = total;
      first = i;
      count = 1;
    } else if (total === score) {
      count++;
    }
  }
  return { score, first, count };
}

/** kube-scheduler's sentence: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).` */
function fitError(nodeCount: number, reasons: ReadonlyMap<string, number>): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted(compareStrings);
  return `0/${nodeCount} nodes are available: ${parts.join(', ')}.`;
}
