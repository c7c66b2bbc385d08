import { describe, expect, it } from 'vitest';

import type { NodeSelectorTerm, Taint, Toleration } from '../../src/api/types.ts';
import type { Plugin } from '../../src/scheduler/framework.ts';
import type { NodeView } from '../../src/scheduler/node-view.ts';
import { leastAllocated } from '../../src/scheduler/plugins/least-allocated.ts';
import { mostAllocated } from '../../src/scheduler/plugins/most-allocated.ts';
import { nodeAffinity } from '../../src/scheduler/plugins/node-affinity.ts';
import { nodeName } from '../../src/scheduler/plugins/node-name.ts';
import { nodeUnschedulable } from '../../src/scheduler/plugins/node-unschedulable.ts';
import { taintToleration } from '../../src/scheduler/plugins/taint-toleration.ts';
import type { PodView } from '../../src/scheduler/pod-view.ts';
import { nodeInfo, view } from './objects.ts';

const mib = 1024 * 1024;

/** Raw scores, normalized if the plugin does that. */
function scores(plugin: Plugin, pod: PodView, ...nodes: NodeView[]): number[] {
  const raw = Float64Array.from(nodes, (node) => plugin.score!(pod, node, { nodes }));
  plugin.normalize?.(raw);
  return [...raw];
}

function reasons(plugin: Plugin, pod: PodView, node: NodeView): readonly string[] {
  return plugin.filter!(pod, node)?.reasons ?? [];
}

describe('NodeResourcesFit', () => {
  const asks = (cpu: string, memory: string): PodView => view('asking', { requests: { cpu, memory } });

  it.each([
    // (4000 - 3000) · 100 / 4000 = 25 and (10000 - 5000) · 100 / 10000 = 50: the mean is 37.5, rounded down.
    { cpu: '3', memory: '5000', capacity: { cpu: '4', memory: '10000' }, least: 37, most: 62 },
    { cpu: '0', memory: '0', capacity: { cpu: '4', memory: '10000' }, least: 100, most: 0 },
    { cpu: '4', memory: '10000', capacity: { cpu: '4', memory: '10000' }, least: 0, most: 100 },
    // Each resource is rounded down before the mean: 66 and 66; 33 and 33.
    { cpu: '1', memory: '1', capacity: { cpu: '3', memory: '3' }, least: 66, most: 33 },
    // More than there is: none is left, all is used.
    { cpu: '8', memory: '5000', capacity: { cpu: '4', memory: '10000' }, least: 25, most: 75 },
    // A resource that the node does not have is left out of both sums.
    { cpu: '1', memory: '5000', capacity: { cpu: '4', memory: '0' }, least: 75, most: 25 },
    { cpu: '1', memory: '5000', capacity: { cpu: '0', memory: '0' }, least: 0, most: 0 },
  ])('scores $cpu and $memory of $capacity', ({ cpu, memory, capacity, least, most }) => {
    const info = nodeInfo('n', { allocatable: capacity });
    expect(scores(leastAllocated, asks(cpu, memory), info)).toEqual([least]);
    expect(scores(mostAllocated, asks(cpu, memory), info)).toEqual([most]);
  });

  it('counts pods that are there, and 100m and 200 MiB for what a container leaves out', () => {
    const info = nodeInfo('n', { allocatable: { cpu: '1', memory: `${1000 * mib}` } }, [view('a')]);
    expect(scores(leastAllocated, view('b'), info)).toEqual([(80 + 60) / 2]);
    expect(scores(leastAllocated, asks('0', '0'), info)).toEqual([(90 + 80) / 2]);
  });

  it('lets a pod pass that fits exactly', () => {
    const info = nodeInfo('n', { allocatable: { cpu: '2', memory: '2Gi', 'example.com/gpu': '1' } }, [
      asks('1', '1Gi'),
    ]);
    const all = { cpu: '1', memory: '1Gi', 'example.com/gpu': '1' };
    expect(leastAllocated.filter!(view('p', { requests: all }), info)).toBeUndefined();
  });

  it('names every resource that does not suffice', () => {
    const info = nodeInfo('n', { allocatable: { cpu: '2', memory: '2Gi', pods: '1' } }, [asks('2', '2Gi')]);
    const rejection = leastAllocated.filter!(
      view('p', { requests: { cpu: '1m', memory: '1', 'example.com/gpu': '0' } }),
      info,
    );
    expect(rejection).toEqual({
      reasons: ['Too many pods', 'Insufficient cpu', 'Insufficient memory'],
      unresolvable: false,
    });
  });

  it('says when no pod could leave that would help', () => {
    const info = nodeInfo('n');
    const gpu = view('p', { requests: { 'example.com/gpu': '1' } });
    expect(leastAllocated.filter!(gpu, info)).toEqual({
      reasons: ['Insufficient example.com/gpu'],
      unresolvable: true,
    });
    expect(leastAllocated.filter!(asks('5', '0'), info)?.unresolvable).toBe(true);
  });

  it('lets a pod that asks for nothing onto a node that has too much on it', () => {
    const info = nodeInfo('n', { allocatable: { cpu: '1' } }, [asks('2', '0')]);
    expect(leastAllocated.filter!(asks('0', '0'), info)).toBeUndefined();
  });
});

describe('TaintToleration', () => {
  const soft = (key: string): Taint => ({ key, effect: 'PreferNoSchedule' });
  const hard: Taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };

  it('prefers nodes with fewer soft taints: none is 100, the most is 0', () => {
    const nodes = [[], [soft('a')], [soft('a'), soft('b'), soft('c')], [hard]].map((taints, i) =>
      nodeInfo(`n${i}`, { taints }),
    );
    // 100 - trunc(1 · 100 / 3) = 67.
    expect(scores(taintToleration, view('p'), ...nodes)).toEqual([100, 67, 0, 100]);
    expect(scores(taintToleration, view('p'), nodes[0]!)).toEqual([100]);
    const tolerant = view('p', { tolerations: [{ operator: 'Exists' }] });
    expect(scores(taintToleration, tolerant, ...nodes)).toEqual([100, 100, 100, 100]);
  });

  it.each<[Toleration, boolean]>([
    [{ key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }, true],
    [{ key: 'dedicated', value: 'db' }, true],
    [{ key: 'dedicated', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoSchedule' }, true],
    [{ key: 'dedicated', value: 'web' }, false],
    [{ key: 'dedicated' }, false],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ operator: 'Exists', effect: 'NoExecute' }, false],
    [{ value: 'db' }, false],
  ])('%j tolerates the taint: %s', (toleration, tolerated) => {
    const info = nodeInfo('n', { taints: [soft('a'), hard] });
    expect(reasons(taintToleration, view('p', { tolerations: [toleration] }), info)).toEqual(
      tolerated ? [] : ['node(s) had untolerated taint(s)'],
    );
  });

  it('keeps pods off NoExecute taints too', () => {
    const info = nodeInfo('n', { taints: [{ key: 'gone', effect: 'NoExecute' }] });
    expect(reasons(taintToleration, view('p'), info)).toHaveLength(1);
  });
});

describe('NodeAffinity', () => {
  const info = nodeInfo('n1', { labels: { zone: 'a', cores: '16' } });
  const required = (...nodeSelectorTerms: NodeSelectorTerm[]): PodView =>
    view('p', {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
      },
    });
  const unmatched = ["node(s) didn't match Pod's node affinity/selector"];

  it.each<[string, readonly string[] | undefined, string, boolean]>([
    ['In', ['a', 'b'], 'zone', true],
    ['In', ['b'], 'zone', false],
    ['In', ['b'], 'missing', false],
    ['NotIn', ['b'], 'zone', true],
    ['NotIn', ['a'], 'zone', false],
    ['NotIn', ['a'], 'missing', true],
    ['Exists', undefined, 'zone', true],
    ['Exists', undefined, 'missing', false],
    ['Exists', undefined, 'constructor', false],
    ['DoesNotExist', undefined, 'missing', true],
    ['DoesNotExist', undefined, 'constructor', true],
    ['DoesNotExist', undefined, 'zone', false],
    ['Gt', ['8'], 'cores', true],
    ['Gt', ['16'], 'cores', false],
    ['Lt', ['17'], 'cores', true],
    ['Lt', ['16'], 'cores', false],
    ['Gt', ['8'], 'zone', false],
    ['Lt', ['8'], 'missing', false],
  ])('%s %j of label %s: %s', (operator, values, key, passes) => {
    const requirement = { key, operator: operator as 'In', ...(values === undefined ? {} : { values }) };
    expect(reasons(nodeAffinity, required({ matchExpressions: [requirement] }), info)).toEqual(
      passes ? [] : unmatched,
    );
  });

  it('wants all requirements of one of the terms, and nothing matches an empty one', () => {
    const inA = { key: 'zone', operator: 'In', values: ['a'] } as const;
    const inB = { key: 'zone', operator: 'In', values: ['b'] } as const;
    const here = { key: 'metadata.name', operator: 'In', values: ['n1'] } as const;
    expect(reasons(nodeAffinity, required({ matchExpressions: [inA, inB] }), info)).toEqual(unmatched);
    expect(
      reasons(nodeAffinity, required({ matchExpressions: [inB] }, { matchExpressions: [inA] }), info),
    ).toEqual([]);
    expect(reasons(nodeAffinity, required({ matchExpressions: [inA], matchFields: [here] }), info)).toEqual(
      [],
    );
    expect(reasons(nodeAffinity, required({}), info)).toEqual(unmatched);
    expect(reasons(nodeAffinity, required(), info)).toEqual(unmatched);
  });

  it('wants every pair of the nodeSelector', () => {
    expect(reasons(nodeAffinity, view('p', { nodeSelector: { zone: 'a', cores: '16' } }), info)).toEqual([]);
    expect(reasons(nodeAffinity, view('p', { nodeSelector: { zone: 'a', cores: '8' } }), info)).toEqual(
      unmatched,
    );
  });

  it('scores by the weights of the preferred terms that match, scaled to 100', () => {
    const prefers = (weight: number, value: string) => ({
      weight,
      preference: { matchExpressions: [{ key: 'zone', operator: 'In' as const, values: [value] }] },
    });
    const pod = view('p', {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            prefers(30, 'a'),
            prefers(10, 'a'),
            prefers(5, 'b'),
          ],
        },
      },
    });
    const nodes = ['a', 'b', 'c'].map((zone) => nodeInfo(`n-${zone}`, { labels: { zone } }));
    // trunc(5 · 100 / 40) = 12.
    expect(scores(nodeAffinity, pod, ...nodes)).toEqual([100, 12, 0]);
    expect(scores(nodeAffinity, view('p'), ...nodes)).toEqual([0, 0, 0]);
  });
});

describe('NodeName and NodeUnschedulable', () => {
  it('keep a pod to the node it names', () => {
    expect(reasons(nodeName, view('p', { nodeName: 'a' }), nodeInfo('a'))).toEqual([]);
    expect(reasons(nodeName, view('p', { nodeName: 'a' }), nodeInfo('b'))).toEqual([
      "node(s) didn't match the requested node name",
    ]);
  });

  it('keep pods off a cordoned node, but for those that tolerate it', () => {
    const info = nodeInfo('n', { unschedulable: true });
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' } as const];
    expect(reasons(nodeUnschedulable, view('p'), info)).toEqual(['node(s) were unschedulable']);
    expect(reasons(nodeUnschedulable, view('p', { tolerations }), info)).toEqual([]);
    expect(reasons(nodeUnschedulable, view('p'), nodeInfo('n'))).toEqual([]);
  });
});
