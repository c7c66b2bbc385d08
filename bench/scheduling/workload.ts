import seedrandom from 'seedrandom';

import { assert, must } from '../../src/base/assert.ts';
import type { Node, Pod, Taint, Toleration } from '../../src/api/types.ts';
import { milliCpuOf } from '../../src/scheduler/amounts.ts';

/**
 * A synthetic cluster and the pods that come and go in it, in virtual time. The same options give the same
 * workload, whichever policy it is replayed with, so that policies are compared on common random numbers.
 *
 * Pods come and leave at times of the workload's own, placed or not: demand does not depend on the policy.
 */
export interface Workload {
  readonly nodes: readonly Node[];
  /** In order of time. */
  readonly events: readonly WorkloadEvent[];
  /** The cluster fills until then; means are taken from then to `endMillis`. */
  readonly warmUpMillis: number;
  readonly endMillis: number;
}

export type WorkloadEvent =
  | { readonly type: 'arrival'; readonly atMillis: number; readonly pod: Pod }
  | { readonly type: 'departure'; readonly atMillis: number; readonly pod: Pod };

export interface WorkloadOptions {
  readonly seed: number;
  readonly nodeCount: number;
  readonly podCount: number;
}

/** CPU that is asked for when the cluster is full, as a share of what it has: some pods must wait. */
const demandRatio = 1.1;
/** Once the cluster is full a pod arrives every second, on average. */
const interarrivalMillis = 1000;
/** The first pods come this much faster, until there are as many as demand asks for. */
const fillSpeed = 10;

interface NodeShape {
  readonly share: number;
  readonly cores: number;
  readonly memoryGib: number;
}

const nodeShapes: readonly NodeShape[] = [
  { share: 0.5, cores: 16, memoryGib: 64 },
  { share: 0.3, cores: 32, memoryGib: 128 },
  { share: 0.2, cores: 32, memoryGib: 256 },
];

interface PodSize {
  readonly share: number;
  readonly milliCpu: readonly number[];
}

const podSizes: readonly PodSize[] = [
  { share: 0.6, milliCpu: [250, 500, 1000] },
  { share: 0.3, milliCpu: [2000, 3000, 4000] },
  { share: 0.1, milliCpu: [8000, 12_000] },
];

const memoryGibPerCore = [2, 4, 4, 8] as const;
const zones = ['a', 'b', 'c'] as const;

const batchTaint: Taint = { key: 'dedicated', value: 'batch', effect: 'NoSchedule' };
const spotTaint: Taint = { key: 'spot', effect: 'PreferNoSchedule' };
const toleratesBatch: Toleration = { key: 'dedicated', value: 'batch', effect: 'NoSchedule' };

/** Makes a workload. Asks for `demandRatio` of the cluster's CPU, or less if there are too few pods for that. */
export function syntheticWorkload(options: WorkloadOptions): Workload {
  const draw = new Draw(options.seed);
  const nodes = Array.from({ length: options.nodeCount }, (_, i) => makeNode(i, draw));
  const pods = Array.from({ length: options.podCount }, (_, i) => makePod(i, draw));

  const capacity = nodes.reduce((sum, node) => sum + milliCpuOf(must(node.status?.allocatable?.['cpu'])), 0);
  const asked = pods.reduce(
    (sum, { spec }) => sum + milliCpuOf(must(spec.containers[0]?.resources?.requests?.['cpu'])),
    0,
  );
  const meanAsked = asked / pods.length;
  const podsAtOnce = (capacity * demandRatio) / meanAsked;
  // Little's law: as many pods as that are there at once when each stays this long.
  const meanLifetimeMillis = podsAtOnce * interarrivalMillis;

  const arrivals: WorkloadEvent[] = [];
  let atMillis = 0;
  let warmUpMillis = 0;
  for (const [i, pod] of pods.entries()) {
    const filling = i < podsAtOnce;
    atMillis += draw.exponential(filling ? interarrivalMillis / fillSpeed : interarrivalMillis);
    if (filling) warmUpMillis = atMillis;
    arrivals.push({ type: 'arrival', atMillis, pod });
  }
  const endMillis = atMillis;
  const departures: WorkloadEvent[] = [];
  for (const arrival of arrivals) {
    // An exponential lifetime has no memory, so that demand is steady as soon as the cluster is full.
    const from = Math.max(arrival.atMillis, warmUpMillis);
    const leavesAtMillis = from + draw.exponential(meanLifetimeMillis);
    if (leavesAtMillis < endMillis) {
      departures.push({ type: 'departure', atMillis: leavesAtMillis, pod: arrival.pod });
    }
  }
  // Sorting is stable: a pod comes before it leaves even at one instant.
  const events = [...arrivals, ...departures].toSorted((a, b) => a.atMillis - b.atMillis);
  return { nodes, events, warmUpMillis, endMillis };
}

function makeNode(index: number, draw: Draw): Node {
  const shape = draw.byShare(nodeShapes);
  const taints: Taint[] = [];
  if (draw.chance(0.1)) taints.push(batchTaint);
  if (draw.chance(0.1)) taints.push(spotTaint);
  const labels = {
    'topology.kubernetes.io/zone': draw.oneOf(zones),
    ...(draw.chance(0.3) ? { disk: 'ssd' } : {}),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: metadata(`node-${String(index).padStart(5, '0')}`, labels),
    spec: { taints },
    status: { allocatable: { cpu: `${shape.cores}`, memory: `${shape.memoryGib}Gi`, pods: '110' } },
  };
}

function makePod(index: number, draw: Draw): Pod {
  const milliCpu = draw.oneOf(draw.byShare(podSizes).milliCpu);
  const memoryMib = (milliCpu * draw.oneOf(memoryGibPerCore) * 1024) / 1000;
  const nodeSelector: Record<string, string> = {};
  if (draw.chance(0.1)) nodeSelector['disk'] = 'ssd';
  if (draw.chance(0.05)) nodeSelector['topology.kubernetes.io/zone'] = draw.oneOf(zones);
  const requests = { cpu: `${milliCpu}m`, memory: `${memoryMib}Mi` };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata(`pod-${String(index).padStart(6, '0')}`, {}), namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'main', resources: { requests } }],
      nodeSelector,
      tolerations: draw.chance(0.15) ? [toleratesBatch] : [],
    },
  };
}

function metadata(name: string, labels: Readonly<Record<string, string>>): Node['metadata'] {
  return { name, labels, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
}

/** Draws from one seeded stream. */
class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    const generator = seedrandom.alea(`scheduling workload ${seed}`);
    this.#random = () => generator();
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  oneOf<T>(values: readonly T[]): T {
    return must(values[Math.floor(this.#random() * values.length)]);
  }

  /** One of `values`, each as likely as its share; shares sum to 1. */
  byShare<T extends { readonly share: number }>(values: readonly T[]): T {
    let left = this.#random();
    for (const value of values) {
      left -= value.share;
      if (left < 0) return value;
    }
    assert(left < 1e-9, 'shares sum to 1');
    return must(values.at(-1));
  }

  /** Von Neumann's method: only comparisons, so that every engine draws the same, to the last bit. */
  exponential(mean: number): number {
    for (let whole = 0; ; whole++) {
      const fraction = this.#random();
      let descending = 1;
      let last = fraction;
      for (let next = this.#random(); next < last; next = this.#random()) {
        descending++;
        last = next;
      }
      if (descending % 2 === 1) return mean * (whole + fraction);
    }
  }
}
