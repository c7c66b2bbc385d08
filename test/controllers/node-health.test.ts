import { describe, expect, it } from 'vitest';

import type { Lease, Taint } from '../../src/api/types.ts';
import {
  isSilent,
  nextTaints,
  observeHeartbeat,
  silentConditions,
} from '../../src/controllers/node-health.ts';
import { meta, node } from './builders.ts';

const now = '2026-11-23T01:00:00Z';
const limits = { graceMillis: 50_000, startupGraceMillis: 60_000 };
const lease = (renewTime: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: meta('n1'),
  spec: { renewTime },
});

describe('observeHeartbeat', () => {
  it('takes the time of our clock when the lease changes, whatever time the lease says', () => {
    const first = observeHeartbeat(undefined, node('n1'), lease('2999'), 1_000);
    expect(first.seenMillis).toBe(1_000);
    expect(observeHeartbeat(first, node('n1'), lease('2999'), 9_000)).toBe(first);
    expect(observeHeartbeat(first, node('n1'), lease('1970'), 9_000).seenMillis).toBe(9_000);
  });

  it('takes a status report for a heartbeat too, but not our own verdict', () => {
    const first = observeHeartbeat(undefined, node('n1'), undefined, 1_000);
    const judged = node('n1', 'Unknown', { status: { conditions: silentConditions(node('n1'), now)! } });
    expect(observeHeartbeat(first, judged, undefined, 9_000)).toBe(first);
    const reported = node('n1', 'True', {
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: now }] },
    });
    expect(observeHeartbeat(first, reported, undefined, 9_000).seenMillis).toBe(9_000);
  });

  it('starts anew for another node of the same name', () => {
    const first = observeHeartbeat(undefined, node('n1'), undefined, 1_000);
    const another = { ...node('n1'), metadata: { ...node('n1').metadata, uid: 'another' } };
    expect(observeHeartbeat(first, another, undefined, 9_000).seenMillis).toBe(9_000);
  });
});

describe('isSilent', () => {
  it.each([
    ['not within the grace period', node('n1'), 50_000, false],
    ['after it', node('n1'), 50_001, true],
    ['later for a node that never reported', { ...node('n1'), status: {} }, 60_000, false],
    ['but then too', { ...node('n1'), status: {} }, 60_001, true],
  ])('%s', (_name, each, silenceMillis, expected) => {
    const heartbeat = observeHeartbeat(undefined, each, undefined, 0);
    expect(isSilent(each, heartbeat, silenceMillis, limits)).toBe(expected);
  });
});

describe('silentConditions', () => {
  it('makes what the kubelet reports Unknown, once', () => {
    const conditions = silentConditions(node('n1'), now)!;
    expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['Ready', 'Unknown', 'NodeStatusUnknown'],
      ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
    ]);
    expect(silentConditions(node('n1', 'True', { status: { conditions } }), 'later')).toBeUndefined();
  });

  it('leaves the conditions of others alone', () => {
    const foreign = { type: 'NetworkUnavailable', status: 'False' } as const;
    expect(silentConditions(node('n1', 'True', { status: { conditions: [foreign] } }), now)).toContain(
      foreign,
    );
  });
});

describe('nextTaints', () => {
  const unreachable = (effect: Taint['effect']): Taint => ({ key: 'node.kubernetes.io/unreachable', effect });
  const notReady = (effect: Taint['effect']): Taint => ({ key: 'node.kubernetes.io/not-ready', effect });
  const foreign: Taint = { key: 'dedicated', value: 'db', effect: 'NoExecute' };
  const tainted = (ready: 'True' | 'False' | 'Unknown', taints: readonly Taint[], unschedulable?: boolean) =>
    node('n1', ready, { spec: { taints, ...(unschedulable === undefined ? {} : { unschedulable }) } });

  it('leaves a healthy node alone', () => {
    expect(nextTaints(node('n1'), true, now)).toBeUndefined();
    expect(nextTaints(tainted('True', [foreign]), true, now)).toBeUndefined();
  });

  it('repels and evicts from an unreachable node', () => {
    expect(nextTaints(node('n1', 'Unknown'), true, now)).toEqual([
      unreachable('NoSchedule'),
      { ...unreachable('NoExecute'), timeAdded: now },
    ]);
  });

  it('repels and evicts from a node that says it is not ready', () => {
    expect(nextTaints(node('n1', 'False'), true, now)).toEqual([
      notReady('NoSchedule'),
      { ...notReady('NoExecute'), timeAdded: now },
    ]);
  });

  it('does not write what is there, nor move its time', () => {
    const taints = [unreachable('NoSchedule'), { ...unreachable('NoExecute'), timeAdded: 'earlier' }];
    expect(nextTaints(tainted('Unknown', taints), true, now)).toBeUndefined();
  });

  it('turns not-ready into unreachable', () => {
    const taints = [notReady('NoSchedule'), notReady('NoExecute'), foreign];
    expect(nextTaints(tainted('Unknown', taints), true, now)).toEqual([
      foreign,
      unreachable('NoSchedule'),
      { ...unreachable('NoExecute'), timeAdded: now },
    ]);
  });

  it('takes its taints away when the node is healthy again, and only its own', () => {
    const taints = [unreachable('NoSchedule'), unreachable('NoExecute'), foreign];
    expect(nextTaints(tainted('True', taints), true, now)).toEqual([foreign]);
  });

  it('evicts nobody when no node is healthy', () => {
    expect(nextTaints(node('n1', 'Unknown'), false, now)).toEqual([unreachable('NoSchedule')]);
    const taints = [unreachable('NoSchedule'), unreachable('NoExecute')];
    expect(nextTaints(tainted('Unknown', taints), false, now)).toEqual([unreachable('NoSchedule')]);
  });

  it('follows cordon and uncordon', () => {
    const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
    expect(nextTaints(tainted('True', [], true), true, now)).toEqual([cordon]);
    expect(nextTaints(tainted('True', [cordon], false), true, now)).toEqual([]);
  });

  it('keeps pods away from a node that has not reported yet', () => {
    expect(nextTaints({ ...node('n1'), status: {} }, false, now)).toEqual([notReady('NoSchedule')]);
  });

  it.each(['True', 'False', 'Unknown'] as const)('asks for nothing after it was done: %s', (ready) => {
    for (const evict of [true, false]) {
      const before = node('n1', ready);
      const taints = nextTaints(before, evict, now) ?? [];
      expect(nextTaints({ ...before, spec: { taints } }, evict, 'later')).toBeUndefined();
    }
  });
});
