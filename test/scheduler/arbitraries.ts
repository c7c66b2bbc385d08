import * as fc from 'fast-check';

import type { Node, Pod, Taint } from '../../src/api/types.ts';
import { node, pod } from './objects.ts';

/** Small clusters in which everything happens: full nodes, taints, cordons, selectors, preferences. */

const zone = fc.constantFrom('a', 'b', 'c');
const taint: fc.Arbitrary<Taint> = fc.record({
  key: fc.constantFrom('x', 'y'),
  value: fc.constantFrom('1', '2'),
  effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
});
const selector = (values: readonly string[]) => ({
  matchExpressions: [{ key: 'zone', operator: 'In' as const, values }],
});

export const anyNode: fc.Arbitrary<Node> = fc
  .record({
    name: fc.integer({ min: 0, max: 999 }),
    zone: fc.option(zone, { nil: undefined }),
    taints: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(taint, { maxLength: 2 })),
    unschedulable: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
    cpu: fc.integer({ min: 0, max: 8 }),
    memory: fc.integer({ min: 0, max: 16 }),
    pods: fc.integer({ min: 0, max: 4 }),
  })
  .map((words) =>
    node(`node-${words.name}`, {
      labels: words.zone === undefined ? {} : { zone: words.zone },
      taints: words.taints,
      unschedulable: words.unschedulable,
      allocatable: { cpu: `${words.cpu}`, memory: `${words.memory}Gi`, pods: `${words.pods}` },
    }),
  );

export const anyNodes = fc.uniqueArray(anyNode, {
  selector: ({ metadata }) => metadata.name,
  maxLength: 12,
});

const anyPod: fc.Arbitrary<Pod> = fc
  .record({
    cpu: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined }),
    memory: fc.option(fc.integer({ min: 0, max: 6000 }), { nil: undefined }),
    zone: fc.option(zone, { nil: undefined, freq: 1 }),
    required: fc.option(fc.array(zone, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 1 }),
    preferred: fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.array(zone, { minLength: 1 })), {
      maxLength: 3,
    }),
    tolerated: fc.option(fc.constantFrom('x', 'y', ''), { nil: undefined }),
  })
  .map((words) =>
    pod('p', {
      requests: {
        ...(words.cpu === undefined ? {} : { cpu: `${words.cpu}m` }),
        ...(words.memory === undefined ? {} : { memory: `${words.memory}Mi` }),
      },
      nodeSelector: words.zone === undefined ? {} : { zone: words.zone },
      tolerations: words.tolerated === undefined ? [] : [{ key: words.tolerated, operator: 'Exists' }],
      affinity: {
        nodeAffinity: {
          ...(words.required === undefined
            ? {}
            : {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [selector(words.required)],
                },
              }),
          preferredDuringSchedulingIgnoredDuringExecution: words.preferred.map(([weight, values]) => ({
            weight,
            preference: selector(values),
          })),
        },
      },
    }),
  );

/** Pods with names of their own. */
export const anyPods: fc.Arbitrary<Pod[]> = fc.array(anyPod, { minLength: 1, maxLength: 30 }).map((pods) =>
  pods.map((each, i) => ({
    ...each,
    metadata: { ...each.metadata, name: `pod-${i}`, uid: `uid-${i}` },
  })),
);
