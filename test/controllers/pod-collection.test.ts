import { describe, expect, it } from 'vitest';

import { isStranded, podsToCollect, terminatedPodsMax } from '../../src/controllers/pod-collection.ts';
import { node, pod } from './builders.ts';

const terminating = { deletionTimestamp: '2026-11-23T00:00:00Z' };
const silent = node('n1', 'Unknown', {
  spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] },
});
const nothing = {
  nodes: new Map([['n1', node('n1')]]),
  missingNodes: new Set<string>(),
  givenUp: new Set<string>(),
};

describe('podsToCollect', () => {
  it('takes the pods of a node that is gone', () => {
    const pods = [pod('a', { node: 'n1' }), pod('b', { node: 'n2' }), pod('c')];
    const collected = podsToCollect({ ...nothing, pods, missingNodes: new Set(['n2']) });
    expect(collected).toEqual([{ pod: pods[1], reason: 'NodeGone' }]);
  });

  it('takes a terminating pod that was never scheduled', () => {
    const pods = [pod('a', { metadata: terminating }), pod('b', { node: 'n1', metadata: terminating })];
    expect(podsToCollect({ ...nothing, pods })).toEqual([{ pod: pods[0], reason: 'NeverScheduled' }]);
  });

  it('takes stranded pods only when they are given up', () => {
    const pods = [pod('a', { node: 'n1', metadata: terminating })];
    const nodes = new Map([['n1', silent]]);
    expect(isStranded(pods[0]!, nodes)).toBe(true);
    expect(isStranded(pod('a', { node: 'n1' }), nodes)).toBe(false);
    expect(isStranded(pods[0]!, nothing.nodes)).toBe(false);
    expect(podsToCollect({ ...nothing, nodes, pods })).toEqual([]);
    const givenUp = new Set([pods[0]!.metadata.uid]);
    expect(podsToCollect({ ...nothing, nodes, pods, givenUp })).toEqual([
      { pod: pods[0], reason: 'NodeUnreachable' },
    ]);
  });

  it('keeps the newest of the terminated', () => {
    const pods = Array.from({ length: terminatedPodsMax + 2 }, (_, i) =>
      pod(`p${i}`, {
        node: 'n1',
        phase: 'Succeeded',
        metadata: { creationTimestamp: i === 7 || i === 9 ? '2020-01-01T00:00:00Z' : '2026-01-01T00:00:00Z' },
      }),
    );
    expect(podsToCollect({ ...nothing, pods }).map(({ pod: each }) => each.metadata.name)).toEqual([
      'p7',
      'p9',
    ]);
  });
});
