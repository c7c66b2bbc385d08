import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { SchedulerCache } from '../../src/scheduler/cache.ts';
import { schedulePod } from '../../src/scheduler/cycle.ts';
import type { Profile } from '../../src/scheduler/framework.ts';
import type { NodeSnapshot, NodeView } from '../../src/scheduler/node-view.ts';
import { defaultProfile, profiles } from '../../src/scheduler/plugins/registry.ts';
import { podView, type PodView } from '../../src/scheduler/pod-view.ts';
import { anyNodes, anyPods } from './arbitraries.ts';
import { node, snapshotOf, view } from './objects.ts';

const never = (): number => {
  throw new Error('no randomness is needed');
};

describe('schedulePod', () => {
  it('says of an empty cluster that there are no nodes', () => {
    expect(schedulePod(view('p'), { nodes: [] }, defaultProfile, never)).toMatchObject({
      type: 'unschedulable',
      message: 'no nodes available to schedule pods',
    });
  });

  it("tells why no node suits in kube-scheduler's sentence", () => {
    const nodes = snapshotOf(
      node('a', { allocatable: { cpu: '1', memory: '1Gi' } }),
      node('b', { allocatable: { cpu: '1' } }),
      node('c', { taints: [{ key: 'x', effect: 'NoSchedule' }] }),
      node('d', { unschedulable: true }),
    );
    const decision = schedulePod(
      view('p', { requests: { cpu: '2', memory: '2Gi' } }),
      nodes,
      defaultProfile,
      never,
    );
    expect(decision).toEqual({
      type: 'unschedulable',
      message:
        '0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), ' +
        '1 node(s) were unschedulable, 2 Insufficient cpu.',
      reasons: new Map([
        ['Insufficient cpu', 2],
        ['Insufficient memory', 1],
        ['node(s) had untolerated taint(s)', 1],
        ['node(s) were unschedulable', 1],
      ]),
    });
  });

  it('adds up weighted scores and takes the best', () => {
    const nodes = snapshotOf(
      node('a', { allocatable: { cpu: '2', memory: '8Gi' } }),
      node('b', { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }),
    );
    const decision = schedulePod(
      view('p', { requests: { cpu: '1', memory: '4Gi' } }),
      nodes,
      defaultProfile,
      never,
    );
    // a: (50 + 50) / 2 + 3 · 100; b: (75 + 50) / 2 + 3 · 0.
    expect(decision).toEqual({
      type: 'scheduled',
      node: 'a',
      scores: [
        { node: 'a', score: 350 },
        { node: 'b', score: 62 },
      ],
      ties: ['a'],
    });
  });

  it('breaks ties by name, or by the random numbers it is given', () => {
    const nodes = snapshotOf(node('c'), node('a', { allocatable: { cpu: '2' } }), node('d'), node('b'));
    const pod = view('p', { requests: { cpu: '1' } });
    expect(schedulePod(pod, nodes, defaultProfile, never)).toMatchObject({
      node: 'b',
      ties: ['b', 'c', 'd'],
    });
    const random: Profile = { ...defaultProfile, tieBreak: 'random' };
    const bounds: number[] = [];
    const picked = [0, 1, 2].map((pick) =>
      schedulePod(pod, nodes, random, (bound) => {
        bounds.push(bound);
        return pick;
      }),
    );
    expect(picked.map((decision) => decision.type === 'scheduled' && decision.node)).toEqual(['b', 'c', 'd']);
    expect(bounds).toEqual([3, 3, 3]);
  });

  it('keeps scores of the moment of the decision', () => {
    const cache = new SchedulerCache();
    cache.setNode(node('a'));
    const pod = view('p', { requests: { cpu: '2', memory: '4Gi' } });
    const decision = schedulePod(pod, cache.snapshot(), defaultProfile, never);
    cache.assume(pod, 'a');
    expect(decision).toMatchObject({ scores: [{ node: 'a', score: 350 }] });
  });

  it('stops at a plugin that scores out of range', () => {
    for (const score of [101, -1, 0.5, Number.NaN]) {
      const profile: Profile = {
        name: 'broken',
        plugins: [{ plugin: { name: 'Broken', score: () => score }, weight: 1 }],
        tieBreak: 'name',
      };
      expect(() => schedulePod(view('p'), snapshotOf(node('a')), profile, never)).toThrow(
        `Broken scores ${score}`,
      );
    }
  });

  it.each(Object.values<Profile>(profiles))(
    '$name decides as a naive model does, pod after pod, and never over-commits',
    (profile) => {
      fc.assert(
        fc.property(anyNodes, anyPods, fc.infiniteStream(fc.nat(9)), (nodes, pods, dice) => {
          const cache = new SchedulerCache();
          for (const each of nodes) cache.setNode(each);
          const placed: PodView[] = [];
          for (const pod of pods.map(podView)) {
            const decision = schedulePod(pod, cache.snapshot(), profile, never);
            expect(decision.type === 'scheduled' ? decision : undefined).toEqual(
              naive(pod, cache.snapshot(), profile),
            );
            if (decision.type === 'scheduled') {
              cache.assume(pod, decision.node);
              placed.push(pod);
            }
            if (placed.length > 0 && must(dice.next().value) < 3) cache.forget(must(placed.shift()).uid);
            for (const each of cache.snapshot().nodes) expect(isOverCommitted(each)).toBe(false);
          }
        }),
        { numRuns: 150 },
      );
    },
  );
});

/** Filters all, scores all, in the most straightforward way: nothing skipped, nothing reused. */
function naive(pod: PodView, { nodes }: NodeSnapshot, { plugins }: Profile): unknown {
  const feasible = nodes.filter((each) =>
    plugins.every(({ plugin }) => (plugin.filter?.(pod, each) ?? undefined) === undefined),
  );
  if (feasible.length === 0) return undefined;
  const totals = feasible.map(() => 0);
  for (const { plugin, weight } of plugins) {
    if (plugin.score === undefined) continue;
    const scores = Float64Array.from(feasible, (each) => plugin.score!(pod, each, { nodes }));
    plugin.normalize?.(scores);
    for (const [i, score] of scores.entries()) totals[i]! += weight * score;
  }
  const best = Math.max(...totals);
  const ties = feasible.filter((_, i) => totals[i] === best).map(({ name }) => name);
  return {
    type: 'scheduled',
    node: ties.toSorted()[0],
    scores: feasible.map(({ name }, i) => ({ node: name, score: totals[i] })),
    ties,
  };
}

function isOverCommitted({ allocatable, requested, podCount, podCountMax }: NodeView): boolean {
  return (
    requested.milliCpu > allocatable.milliCpu ||
    requested.memoryBytes > allocatable.memoryBytes ||
    podCount > podCountMax
  );
}
