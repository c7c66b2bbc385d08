import { describe, expect, it } from 'vitest';

import type { Pod } from '../../src/api/types.ts';
import {
  burstReplicas,
  claimPods,
  nextAvailabilityMillis,
  nextStatus,
  podFromTemplate,
  scale,
} from '../../src/controllers/replication-decision.ts';
import { ownedByWeb, pod, replicationController } from './builders.ts';
import type { PodWords } from './builders.ts';

const nowMillis = Date.parse('2026-11-23T01:00:00Z');
const now = '2026-11-23T01:00:00Z';
const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);
const many = (count: number): Pod[] =>
  Array.from({ length: count }, (_, i) => pod(`p${String(i).padStart(4, '0')}`));

describe('claimPods', () => {
  const dying = replicationController(1, {
    metadata: { ...replicationController(1).metadata, deletionTimestamp: now },
  });
  const other = {
    ownerReferences: [{ ...ownedByWeb.ownerReferences![0]!, name: 'other', uid: 'uid-of-other' }],
  };
  const namesake = { ownerReferences: [{ ...ownedByWeb.ownerReferences![0]!, uid: 'an-older-web' }] };
  const unlabelled = { labels: { app: 'else' } };
  const cases: [string, PodWords, string, boolean?][] = [
    ['keeps a pod it owns', { metadata: ownedByWeb }, 'owned'],
    ['adopts a matching orphan', {}, 'adopt'],
    ['leaves an orphan that does not match', { metadata: unlabelled }, 'none'],
    ['leaves the pod of another controller', { metadata: other }, 'none'],
    ['leaves the pod of a former controller of the same name', { metadata: namesake }, 'none'],
    [
      'releases a pod whose labels no longer match',
      { metadata: { ...ownedByWeb, ...unlabelled } },
      'release',
    ],
    ['does not count a pod that has failed', { metadata: ownedByWeb, phase: 'Failed' }, 'none'],
    ['does not count a pod that has succeeded', { metadata: ownedByWeb, phase: 'Succeeded' }, 'none'],
    ['does not count a terminating pod', { metadata: { ...ownedByWeb, deletionTimestamp: now } }, 'none'],
    ['does not adopt while it is deleted', {}, 'none', true],
    ['does not release while it is deleted', { metadata: { ...ownedByWeb, ...unlabelled } }, 'none', true],
  ];
  it.each(cases)('%s', (_name, words, expected, isDying = false) => {
    const claims = claimPods(isDying ? dying : replicationController(1), [pod('p', words)]);
    const found = Object.entries(claims).flatMap(([group, pods]) => (pods.length > 0 ? [group] : []));
    expect(found).toEqual(expected === 'none' ? [] : [expected]);
  });
});

describe('scale', () => {
  it.each([
    ['creates what is missing', 3, 1, 2, 0],
    ['does nothing when the number is right', 3, 3, 0, 0],
    ['deletes what is too much', 1, 3, 0, 2],
    ['deletes all at zero replicas', 0, 2, 0, 2],
    ['creates a burst at most', 2000, 0, burstReplicas, 0],
    ['deletes a burst at most', 0, 700, 0, burstReplicas],
  ])('%s', (_name, replicas, count, creations, deletions) => {
    const scaling = scale(replicationController(replicas), many(count), nowMillis);
    expect([scaling.createCount, scaling.deletions.length]).toEqual([creations, deletions]);
  });

  it('wants one replica when none is said', () => {
    const { replicas: _, ...spec } = replicationController(1).spec;
    expect(scale({ ...replicationController(1), spec }, [], nowMillis).createCount).toBe(1);
  });

  it('does nothing while it is deleted', () => {
    const metadata = { ...replicationController(5).metadata, deletionTimestamp: now };
    expect(scale(replicationController(5, { metadata }), many(9), nowMillis)).toEqual({
      createCount: 0,
      deletions: [],
    });
  });

  const ready = { node: 'n1', ready: true } as const;
  const cost = (value: string): PodWords => ({
    ...ready,
    metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } },
  });
  /** The first is the smaller loss. */
  const ranks: [string, PodWords, PodWords][] = [
    ['unassigned before assigned', { ready: true }, { node: 'n1', phase: 'Pending' }],
    ['pending before unknown', { node: 'n1', phase: 'Pending' }, { node: 'n1', phase: 'Unknown' }],
    ['unknown before running', { node: 'n1', phase: 'Unknown' }, { node: 'n1' }],
    ['not ready before ready', { node: 'n1' }, ready],
    ['lower deletion cost first', cost('-10'), cost('5')],
    ['a cost that is no number is none', cost('cheap'), cost('1')],
    ['shorter ready first', { ...ready, readySince: '2026-11-23T00:59:00Z' }, ready],
    ['more restarts first', { ...ready, restarts: 3 }, { ...ready, restarts: 1 }],
    [
      'newer first',
      { ...ready, metadata: { creationTimestamp: '2026-11-23T00:59:00Z' } },
      { ...ready, metadata: { creationTimestamp: '2026-11-22T00:00:00Z' } },
    ],
    [
      'ages of the same magnitude are alike: the uid decides',
      { ...ready, metadata: { uid: 'a', creationTimestamp: '2026-11-23T00:00:00Z' } },
      { ...ready, metadata: { uid: 'b', creationTimestamp: '2026-11-23T00:05:00Z' } },
    ],
  ];
  it.each(ranks)('deletes %s', (_name, first, second) => {
    const pods = [pod('second', second), pod('first', first)];
    expect(names(scale(replicationController(1), pods, nowMillis).deletions)).toEqual(['first']);
    expect(names(scale(replicationController(1), pods.toReversed(), nowMillis).deletions)).toEqual(['first']);
  });

  it('deletes where more of them are on one node', () => {
    const pods = [pod('a', ready), pod('c', { ...ready, node: 'n2' }), pod('d', { ...ready, node: 'n2' })];
    expect(names(scale(replicationController(2), pods, nowMillis).deletions)).toEqual(['c']);
  });
});

describe('podFromTemplate', () => {
  it('carries labels, owner and spec, and lets the server name it', () => {
    const controller = replicationController(1);
    expect(podFromTemplate(controller)).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'web-', namespace: 'default', labels: { app: 'web' }, ...ownedByWeb },
      spec: controller.spec.template!.spec,
    });
  });
});

describe('nextStatus', () => {
  const pods = [
    pod('a', { ready: true }),
    pod('b', {
      ready: true,
      readySince: '2026-11-23T00:59:55Z',
      metadata: { labels: { app: 'web', extra: 'x' } },
    }),
    pod('c'),
  ];

  it('counts replicas, labelled, ready and available', () => {
    const controller = replicationController(3);
    const patient = { ...controller, spec: { ...controller.spec, minReadySeconds: 10 } };
    expect(nextStatus(patient, pods, undefined, nowMillis, now)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 1,
    });
    expect(nextAvailabilityMillis(patient, pods, nowMillis)).toBe(5_000);
    expect(nextAvailabilityMillis(controller, pods, nowMillis)).toBeUndefined();
  });

  it('is written only on change', () => {
    const controller = replicationController(3);
    const status = nextStatus(controller, pods, undefined, nowMillis, now)!;
    expect(nextStatus({ ...controller, status }, pods, undefined, nowMillis + 1, now)).toBeUndefined();
    const metadata = { ...controller.metadata, generation: 2 };
    expect(nextStatus({ ...controller, metadata, status }, pods, undefined, nowMillis, now)).toBeDefined();
  });

  it('has ReplicaFailure while scaling fails, and keeps the time of its beginning', () => {
    const controller = replicationController(3);
    const failure = { reason: 'FailedCreate', message: 'quota' } as const;
    const failed = nextStatus(controller, pods, failure, nowMillis, now)!;
    expect(failed.conditions).toEqual([
      { type: 'ReplicaFailure', status: 'True', lastTransitionTime: now, ...failure },
    ]);
    const again = nextStatus({ ...controller, status: failed }, pods, failure, nowMillis, 'later');
    expect(again).toBeUndefined();
    const healed = nextStatus({ ...controller, status: failed }, pods, undefined, nowMillis, 'later');
    expect(healed?.conditions).toBeUndefined();
  });
});
