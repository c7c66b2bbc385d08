import type { NodeSnapshot, NodeView } from './node-view.ts';
import type { PodView } from './pod-view.ts';

/**
 * The scheduling framework: what a plugin may decide, in kube-scheduler's words. A plugin is one file and one line
 * in plugins/registry.ts.
 *
 * Every method is a pure, synchronous function of its arguments: no clock, no randomness, no I/O, and it
 * changes nothing it is given. So one policy gives the same answers in a benchmark, in a simulation and on
 * a live cluster.
 */
export interface Plugin {
  readonly name: string;
  /** Whether the pod can run on the node at all. Must not depend on the order of nodes. */
  filter?(pod: PodView, node: NodeView): Verdict;
  /** How well the node suits the pod: an integer from 0 to `nodeScoreMax`, or any integer if `normalize` maps it there. */
  score?(pod: PodView, node: NodeView, snapshot: NodeSnapshot): number;
  /** Brings the scores of all feasible nodes into 0..nodeScoreMax; returns the new ones in the same order. */
  normalize?(scores: readonly number[]): number[];
}

/** undefined: the node passes. */
export type Verdict = Rejection | undefined;

/** Why a node does not suit a pod. */
export interface Rejection {
  /** As it appears in the event: "Insufficient cpu". */
  readonly reason: string;
  /** No change on this node's pods would help (kube: UnschedulableAndUnresolvable), so preemption need not try. */
  readonly unresolvable: boolean;
}

export const nodeScoreMax = 100;

export const unschedulable = (reason: string): Rejection => ({ reason, unresolvable: false });
export const unresolvable = (reason: string): Rejection => ({ reason, unresolvable: true });

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
