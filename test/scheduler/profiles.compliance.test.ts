import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { schedulePod } from '../../src/scheduler/cycle.ts';
import { nodeScoreMax, type Plugin, type Profile } from '../../src/scheduler/framework.ts';
import type { NodeView } from '../../src/scheduler/node-view.ts';
import { profiles } from '../../src/scheduler/plugins/registry.ts';
import { podView, type PodView } from '../../src/scheduler/pod-view.ts';
import { anyNodes, anyPods } from './arbitraries.ts';
import { nodeInfo } from './objects.ts';

/** What every registered policy and plugin promises (framework.ts). A new one is tested as soon as it is registered. */

interface Situation {
  readonly pod: PodView;
  readonly nodes: readonly NodeView[];
}

/** A pod, and nodes with pods on them, frozen to the bottom: whoever changes them throws. */
const situation: fc.Arbitrary<Situation> = fc.tuple(anyNodes, anyPods).map(([nodes, pods]) => {
  const [pod, ...others] = pods.map(podView);
  const infos = nodes.map((node) => {
    const info = nodeInfo(node.metadata.name);
    info.setNode(node);
    return info;
  });
  for (const [i, other] of others.entries()) infos[i % Math.max(1, infos.length)]?.addPod(other);
  return deepFreeze({ pod: pod!, nodes: infos.toSorted((a, b) => (a.name < b.name ? -1 : 1)) });
});

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

function normalized(plugin: Plugin, { pod, nodes }: Situation): number[] {
  const scores = Float64Array.from(nodes, (node) => plugin.score?.(pod, node, { nodes }) ?? 0);
  plugin.normalize?.(scores);
  return [...scores];
}

const plugins = new Map<string, Plugin>();
for (const profile of Object.values<Profile>(profiles)) {
  for (const { plugin } of profile.plugins) plugins.set(`${plugin.name} of ${profile.name}`, plugin);
}

describe.each([...plugins])('%s', (_, plugin) => {
  it('gives the same verdict and score for the same input, and changes nothing', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const { pod, nodes } = given;
        for (const node of nodes) {
          expect(plugin.filter?.(pod, node)).toEqual(plugin.filter?.(pod, node));
        }
        expect(normalized(plugin, given)).toEqual(normalized(plugin, given));
      }),
    );
  });

  it(`scores integers from 0 to ${nodeScoreMax}`, () => {
    fc.assert(
      fc.property(situation, (given) => {
        for (const score of normalized(plugin, given)) {
          expect(Number.isInteger(score) && score >= 0 && score <= nodeScoreMax).toBe(true);
        }
      }),
    );
  });

  it('gives at least one reason for a rejection', () => {
    fc.assert(
      fc.property(situation, ({ pod, nodes }) => {
        for (const node of nodes) {
          const rejection = plugin.filter?.(pod, node);
          if (rejection !== undefined) expect(rejection.reasons).not.toEqual([]);
        }
      }),
    );
  });

  it('skips only what would make no difference', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const { pod, nodes } = given;
        if (plugin.skipFilter?.(pod) === true) {
          for (const node of nodes) expect(plugin.filter?.(pod, node)).toBeUndefined();
        }
        if (plugin.skipScore?.(pod) === true) {
          expect(normalized(plugin, given)).toEqual(nodes.map(() => 0));
        }
      }),
    );
  });
});

describe.each(Object.values<Profile>(profiles))('$name', (profile) => {
  it('decides the same for the same input', () => {
    fc.assert(
      fc.property(situation, ({ pod, nodes }) => {
        const decide = () => schedulePod(pod, { nodes }, profile, () => 0);
        expect(decide()).toEqual(decide());
      }),
    );
  });

  it('finds the same nodes feasible, with the same scores, in whatever order nodes come', () => {
    fc.assert(
      fc.property(situation, ({ pod, nodes }) => {
        const forth = schedulePod(pod, { nodes }, profile, () => 0);
        const back = schedulePod(pod, { nodes: nodes.toReversed() }, profile, () => 0);
        if (forth.type === 'scheduled' && back.type === 'scheduled') {
          expect(back.scores.toReversed()).toEqual(forth.scores);
        } else {
          expect(back).toEqual(forth);
        }
      }),
    );
  });
});
