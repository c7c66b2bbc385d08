import { describe, expect, it } from 'vitest';

import type { PodStatus } from '../../src/api/types.ts';
import { buildPodStatus, qosClassOf } from '../../src/kubelet/pod-status.ts';
import type { PodStatusInput } from '../../src/kubelet/pod-status.ts';
import { exited, podOf, running, sandbox } from './objects.ts';

const nowMillis = Date.UTC(2026, 10, 23, 12, 0, 0);

function statusOf(options: Partial<PodStatusInput> = {}): PodStatus {
  return buildPodStatus({
    pod: podOf(),
    hostIP: '127.0.0.1',
    sandbox,
    containers: [],
    waiting: new Map(),
    ready: new Set(),
    terminated: false,
    previous: undefined,
    nowMillis,
    ...options,
  });
}

function conditionOf(status: PodStatus, type: string) {
  return status.conditions?.find((condition) => condition.type === type);
}

describe('pod status', () => {
  it('of a running, ready pod', () => {
    expect(statusOf({ containers: [running()], ready: new Set(['c0']) })).toEqual({
      phase: 'Running',
      conditions: [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled',
      ].map((type) => ({ type, status: 'True', lastTransitionTime: '2026-11-23T12:00:00Z' })),
      hostIP: '127.0.0.1',
      hostIPs: [{ ip: '127.0.0.1' }],
      podIP: '127.20.0.2',
      podIPs: [{ ip: '127.20.0.2' }],
      startTime: '2026-11-23T12:00:00Z',
      containerStatuses: [
        {
          name: 'main',
          state: { running: { startedAt: '1970-01-01T00:00:01Z' } },
          lastState: {},
          ready: true,
          started: true,
          restartCount: 0,
          image: 'host',
          imageID: 'host',
          containerID: 'process://c0',
        },
      ],
      qosClass: 'BestEffort',
    });
  });

  it('of a container that waits for its restart', () => {
    const waiting = new Map([['main', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
    const status = statusOf({ containers: [exited(1, 3)], waiting });
    expect(status.phase).toBe('Running');
    expect(status.containerStatuses?.[0]).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: '1970-01-01T00:00:05Z' } },
      restartCount: 3,
      ready: false,
      started: false,
    });
    expect(conditionOf(status, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    });
  });

  it('of a restarted container tells how the one before ended', () => {
    const status = statusOf({ containers: [exited(9, 0), running(1)] });
    expect(status.containerStatuses?.[0]).toMatchObject({
      state: { running: {} },
      lastState: { terminated: { exitCode: 9, containerID: 'process://c0' } },
      restartCount: 1,
    });
  });

  const never = podOf({ spec: { restartPolicy: 'Never' } });
  const onFailure = podOf({ spec: { restartPolicy: 'OnFailure' } });
  const phases: readonly (readonly [string, Partial<PodStatusInput>, PodStatus['phase']])[] = [
    ['nothing started', {}, 'Pending'],
    ['no sandbox', { sandbox: undefined }, 'Pending'],
    ['running', { containers: [running()] }, 'Running'],
    ['ended, to be restarted', { containers: [exited(0)] }, 'Running'],
    ['failed, never restarted', { pod: never, containers: [exited(1)] }, 'Failed'],
    ['succeeded, never restarted', { pod: never, containers: [exited(0)] }, 'Succeeded'],
    ['failed, restarted on failure', { pod: onFailure, containers: [exited(1)] }, 'Running'],
    ['succeeded, restarted on failure', { pod: onFailure, containers: [exited(0)] }, 'Succeeded'],
    ['deleted after a clean end', { containers: [exited(0)], terminated: true }, 'Succeeded'],
    ['deleted after a kill', { containers: [exited(137)], terminated: true }, 'Failed'],
    ['deleted before it started', { terminated: true }, 'Failed'],
    ['failed once is failed for ever', { containers: [running()], previous: { phase: 'Failed' } }, 'Failed'],
  ];
  it.each(phases)('phase: %s', (_name, options, phase) => {
    expect(statusOf(options).phase).toBe(phase);
  });

  it('keeps transition times while a condition stays, and conditions of others', () => {
    const foreign = { type: 'DisruptionTarget', status: 'True' } as const;
    const before = statusOf({ containers: [running()] });
    const pod = podOf({ status: { conditions: [foreign] } });
    const after = statusOf({
      pod,
      containers: [running()],
      ready: new Set(['c0']),
      previous: before,
      nowMillis: nowMillis + 60_000,
    });
    expect(conditionOf(after, 'Initialized')?.lastTransitionTime).toBe('2026-11-23T12:00:00Z');
    expect(conditionOf(after, 'Ready')?.lastTransitionTime).toBe('2026-11-23T12:01:00Z');
    expect(after.conditions?.at(-1)).toEqual(foreign);
    expect(after.startTime).toBe('2026-11-23T12:00:00Z');
  });

  it.each([
    ['BestEffort', {}],
    ['Burstable', { requests: { cpu: '1' } }],
    ['Burstable', { limits: { cpu: '1' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }],
    ['Burstable', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '900m', memory: '1Gi' } }],
  ])('qosClass %s of %j', (qosClass, resources) => {
    expect(qosClassOf(podOf({ container: { resources } }))).toBe(qosClass);
  });
});
