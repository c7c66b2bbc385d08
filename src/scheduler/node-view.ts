import type { Node, Taint } from '../api/types.ts';
import { amountOf, type Amounts, type PodView } from './pod-view.ts';

/** A node as plugins see it: what it has, and what its pods ask of it. */
export interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  readonly allocatable: Amounts;
  /** Sum of the requests of its pods, bound and assumed. */
  readonly requested: Amounts;
  /** The same with the defaults that scores count. */
  readonly scoredRequested: Amounts;
  readonly podCount: number;
}

/** All nodes at one moment, in name order. Read-only, and unchanged while a pod is being scheduled. */
export interface NodeSnapshot {
  readonly nodes: readonly NodeView[];
}

/** A node in the cache: a NodeView whose sums follow its pods. */
export class NodeInfo implements NodeView {
  readonly name: string;
  labels: Readonly<Record<string, string>> = {};
  taints: readonly Taint[] = [];
  unschedulable = false;
  allocatable: Amounts = {};
  /** False while only pods say that it exists. */
  known = false;
  readonly requested: Record<string, number> = {};
  readonly scoredRequested: Record<string, number> = {};
  readonly pods = new Map<string, PodView>();

  constructor(name: string) {
    this.name = name;
  }

  get podCount(): number {
    return this.pods.size;
  }

  setNode(node: Node): void {
    this.known = true;
    this.labels = node.metadata.labels ?? {};
    this.taints = node.spec.taints ?? [];
    this.unschedulable = node.spec.unschedulable === true;
    const allocatable = node.status?.allocatable ?? {};
    this.allocatable = Object.fromEntries(
      Object.entries(allocatable).map(([name, text]) => [name, amountOf(name, text)]),
    );
  }

  addPod(pod: PodView): void {
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
  }

  removePod(pod: PodView): void {
    if (this.pods.delete(pod.uid)) this.#count(pod, -1);
  }

  #count(pod: PodView, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(pod.requests)) {
      this.requested[name] = (this.requested[name] ?? 0) + sign * amount;
    }
    for (const [name, amount] of Object.entries(pod.scoredRequests)) {
      this.scoredRequested[name] = (this.scoredRequested[name] ?? 0) + sign * amount;
    }
  }
}
