import type { NodeAffinity, Pod, Toleration } from '../api/types.ts';
import { amountsOf, RunningTotal, type Amounts, type CpuAndMemory } from './amounts.ts';

/** What a container without requests counts for in scores, so that such pods spread too (kube: 100m, 200 MiB). */
const defaultMilliCpu = 100;
const defaultMemoryBytes = 200 * 1024 * 1024;

/** A pod as plugins see it: what it asks for, in numbers. Made once per pod, never changed. */
export interface PodView {
  /** namespace/name. */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly schedulerName: string;
  /** The node it is on, or is to be on by its own spec. */
  readonly nodeName: string | undefined;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly nodeAffinity: NodeAffinity | undefined;
  readonly tolerations: readonly Toleration[];
  /** What must fit. */
  readonly requests: Amounts;
  /** What counts in scores: the same with defaults for what a container leaves out. */
  readonly scoredRequests: CpuAndMemory;
}

export function podView(pod: Pod): PodView {
  const { metadata, spec } = pod;
  const requests = new RunningTotal();
  const scored = { milliCpu: 0, memoryBytes: 0 };
  for (const { resources } of spec.containers) {
    const asked = resources?.requests ?? {};
    const amounts = amountsOf(asked);
    requests.add(amounts);
    // A request of zero is a request: only what is left out has a default.
    scored.milliCpu += asked['cpu'] === undefined ? defaultMilliCpu : amounts.milliCpu;
    scored.memoryBytes += asked['memory'] === undefined ? defaultMemoryBytes : amounts.memoryBytes;
  }
  const namespace = metadata.namespace ?? '';
  return {
    key: `${namespace}/${metadata.name}`,
    uid: metadata.uid,
    namespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    priority: spec.priority ?? 0,
    schedulerName: spec.schedulerName ?? 'default-scheduler',
    nodeName: spec.nodeName === '' ? undefined : spec.nodeName,
    nodeSelector: spec.nodeSelector ?? {},
    nodeAffinity: spec.affinity?.nodeAffinity,
    tolerations: spec.tolerations ?? [],
    requests,
    scoredRequests: scored,
  };
}
