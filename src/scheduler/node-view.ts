import type { Node, Taint } from '../api/types.ts';
import { amountNamed, amountsOf, RunningTotal, type Amounts, type CpuAndMemory } from './amounts.ts';
import type { PodView } from './pod-view.ts';

/** A node as plugins see it: what it has, and what its pods ask of it. */
export interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  readonly allocatable: Amounts;
  /** How many pods it takes. */
  readonly podCountMax: number;
  /** Sum of the requests of its pods, bound and assumed. */
  readonly requested: Amounts;
  /** The same with the defaults that scores count. */
  readonly scoredRequested: CpuAndMemory;
  readonly podCount: number;
}

/** All nodes at one moment, in name order. Read-only, and unchanged while a pod is being scheduled. */
export interface NodeSnapshot {
  readonly nodes: readonly NodeView[];
}

const nothing: Amounts = { milliCpu: 0, memoryBytes: 0, others: {} };

/** A node in the cache: a NodeView whose sums follow its pods. */
export class NodeInfo implements NodeView {
  readonly name: string;
  labels: Readonly<Record<string, string>> = {};
  taints: readonly Taint[] = [];
  unschedulable = false;
  allocatable = nothing;
  podCountMax = 0;
  /** False while only pods say that it exists. */
  known = false;
  podCount = 0;
  readonly requested = new RunningTotal();
  readonly scoredRequested = { milliCpu: 0, memoryBytes: 0 };

  constructor(name: string) {
    this.name = name;
  }

  setNode(node: Node): void {
    this.known = true;
    this.labels = node.metadata.labels ?? {};
    this.taints = node.spec.taints ?? [];
    this.unschedulable = node.spec.unschedulable === true;
    this.allocatable = amountsOf(node.status?.allocatable ?? {});
    this.podCountMax = amountNamed(this.allocatable.others, 'pods');
  }

  addPod(pod: PodView): void {
    this.#count(pod, 1);
  }

  /** `pod` as it was added. */
  removePod(pod: PodView): void {
    this.#count(pod, -1);
  }

  #count(pod: PodView, sign: 1 | -1): void {
    this.podCount += sign;
    this.requested.add(pod.requests, sign);
    this.scoredRequested.milliCpu += sign * pod.scoredRequests.milliCpu;
    this.scoredRequested.memoryBytes += sign * pod.scoredRequests.memoryBytes;
  }
}
