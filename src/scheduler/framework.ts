import type { NodeSnapshot, NodeView } from './node-view.ts';
import type { PodView } from './pod-view.ts';

/**
 * The scheduling framework: what a plugin may decide, in kube-scheduler's words. A plugin is one file and one line
 * in plugins/registry.ts.
 *
 * Every method is a pure, synchronous function of its arguments: no clock, no randomness, no I/O, and but for
 * the scores that `normalize` is there to rewrite it changes nothing it is given. So one policy gives the same
 * answers in a benchmark, in a simulation and on a live cluster.
 */
export interface Plugin {
  readonly name: string;
  /** True if `filter` lets this pod pass on every node, and so need not be asked (kube: PreFilter's Skip). */
  skipFilter?(pod: PodView): boolean;
  /** Whether the pod can run on the node at all. Must not depend on the order of nodes. */
  filter?(pod: PodView, node: NodeView): Verdict;
  /** True if all nodes score 0 for this pod, and so need not be scored (kube: PreScore's Skip). */
  skipScore?(pod: PodView): boolean;
  /** How well the node suits the pod: an integer from 0 to `nodeScoreMax`, or any integer if `normalize` maps it there. */
  score?(pod: PodView, node: NodeView, snapshot: NodeSnapshot): number;
  /** Brings the scores of all feasible nodes into 0..nodeScoreMax, in place. */
  normalize?(scores: Float64Array): void;
}

/** undefined: the node passes. */
export type Verdict = Rejection | undefined;

/** Why a node does not suit a pod. */
export interface Rejection {
  /** As they appear in the event: "Insufficient cpu". At least one. */
  readonly reasons: readonly string[];
  /** No change on this node's pods would help (kube: UnschedulableAndUnresolvable), so preemption need not try. */
  readonly unresolvable: boolean;
}

export const nodeScoreMax = 100;

export const unschedulable = (...reasons: string[]): Rejection => ({ reasons, unresolvable: false });
export const unresolvable = (...reasons: string[]): Rejection => ({ reasons, unresolvable: true });

/** Which of the best nodes is taken when several have the same score. */
export type TieBreak =
  /** The first in name order. */
  | 'name'
  /** Any of them, by the random numbers the host supplies (kube-scheduler's choice). */
  | 'random';

/** A set of plugins with weights: one scheduling policy. */
export interface Profile {
  readonly name: string;
  readonly plugins: readonly { readonly plugin: Plugin; readonly weight: number }[];
  readonly tieBreak: TieBreak;
}
