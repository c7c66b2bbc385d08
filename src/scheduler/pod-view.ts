import { mustParseQuantity, quantityMilliValue, quantityValue } from '../api/quantity.ts';
import type { NodeAffinity, Pod, Toleration } from '../api/types.ts';

/** Amounts by resource name: CPU in milli-CPU, memory in bytes, everything else in whole units. */
export type Amounts = Readonly<Record<string, number>>;

/** What a pod without requests counts for in scores, so that such pods spread too (kube: 100m, 200 MiB). */
const defaultMilliCpu = 100;
const defaultMemoryBytes = 200 * 1024 * 1024;

/** A pod as plugins see it: what it asks for, in numbers. Made once per pod, never changed. */
export interface PodView {
  /** namespace/name. */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
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
  /** What counts in scores: `requests` with defaults for CPU and memory. */
  readonly scoredRequests: Amounts;
}

export function podView(pod: Pod): PodView {
  const requests: Record<string, number> = {};
  const scored: Record<string, number> = { cpu: 0, memory: 0 };
  for (const { resources } of pod.spec.containers) {
    const asked = resources?.requests ?? {};
    for (const [name, text] of Object.entries(asked)) add(requests, name, amountOf(name, text));
    add(scored, 'cpu', asked['cpu'] === undefined ? defaultMilliCpu : amountOf('cpu', asked['cpu']));
    add(
      scored,
      'memory',
      asked['memory'] === undefined ? defaultMemoryBytes : amountOf('memory', asked['memory']),
    );
  }
  return {
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    uid: pod.metadata.uid,
    namespace: pod.metadata.namespace ?? '',
    labels: pod.metadata.labels ?? {},
    priority: pod.spec.priority ?? 0,
    schedulerName: pod.spec.schedulerName ?? 'default-scheduler',
    nodeName: pod.spec.nodeName === '' ? undefined : pod.spec.nodeName,
    nodeSelector: pod.spec.nodeSelector ?? {},
    nodeAffinity: pod.spec.affinity?.nodeAffinity,
    tolerations: pod.spec.tolerations ?? [],
    requests,
    scoredRequests: { ...requests, ...scored },
  };
}

/** One amount of a ResourceList. */
export function amountOf(name: string, text: string): number {
  const quantity = mustParseQuantity(text);
  return name === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity);
}

function add(amounts: Record<string, number>, name: string, amount: number): void {
  amounts[name] = (amounts[name] ?? 0) + amount;
}
