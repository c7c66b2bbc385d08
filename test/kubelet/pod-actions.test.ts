import { describe, expect, it } from 'vitest';

import type { Pod } from '../../src/api/types.ts';
import { graceMillisOf, planPod } from '../../src/kubelet/pod-actions.ts';
import type { PodAction, PodView } from '../../src/kubelet/pod-actions.ts';
import { exited, podOf, running, sandbox } from './objects.ts';

function view(options: Partial<PodView> = {}): PodView {
  return {
    pod: podOf(),
    vanished: false,
    finished: false,
    sandbox,
    containers: [],
    unhealthy: new Set(),
    startableAtMillis: () => 0,
    nowMillis: 100_000,
    ...options,
  };
}

/** Actions in a few words: `start main#1`. */
function wordsOf(action: PodAction): string {
  switch (action.type) {
    case 'startContainer':
      return `start ${action.container.name}#${action.attempt}`;
    case 'stopContainer':
      return `stop ${action.id} in ${action.graceMillis / 1000}s (${action.why})`;
    default:
      return action.type;
  }
}

const deleted = (seconds: number): Pod =>
  podOf({ metadata: { deletionTimestamp: '2026-11-23T00:00:00Z', deletionGracePeriodSeconds: seconds } });
const withPolicy = (restartPolicy: 'Always' | 'OnFailure' | 'Never'): Pod =>
  podOf({ spec: { restartPolicy } });

describe('what to do with a pod', () => {
  const cases: readonly (readonly [string, Partial<PodView>, readonly string[]])[] = [
    ['a new one gets a sandbox', { sandbox: undefined }, ['runSandbox']],
    ['then its container', {}, ['start main#0']],
    ['then nothing', { containers: [running()] }, []],
    ['a stopped sandbox is made anew', { sandbox: { ...sandbox, state: 'NotReady' } }, ['removeSandbox']],
    ['Always restarts a success', { pod: withPolicy('Always'), containers: [exited(0)] }, ['start main#1']],
    ['Always is the default', { containers: [exited(0), exited(1, 1)] }, ['start main#2']],
    [
      'OnFailure restarts a failure',
      { pod: withPolicy('OnFailure'), containers: [exited(1)] },
      ['start main#1'],
    ],
    ['OnFailure leaves a success', { pod: withPolicy('OnFailure'), containers: [exited(0)] }, []],
    ['Never restarts nothing', { pod: withPolicy('Never'), containers: [exited(1)] }, []],
    ['back-off is waited for', { containers: [exited(1)], startableAtMillis: () => 100_001 }, []],
    [
      'an unhealthy container is stopped',
      { containers: [running()], unhealthy: new Set(['c0']) },
      ['stop c0 in 30s (unhealthy)'],
    ],
    [
      'a deleted pod is stopped',
      { pod: deleted(7), containers: [running()] },
      ['stop c0 in 7s (terminating)'],
    ],
    ['a deleted pod is not started', { pod: deleted(7), sandbox: undefined }, []],
    ['a deleted pod is not restarted', { pod: deleted(7), containers: [exited(1)] }, []],
    [
      'a vanished pod is stopped',
      { vanished: true, containers: [running()] },
      ['stop c0 in 30s (terminating)'],
    ],
    ['and then removed', { vanished: true, containers: [exited(0)] }, ['removeSandbox']],
    ['a finished pod gives its address back', { finished: true, containers: [exited(1)] }, ['stopSandbox']],
    [
      'and keeps its log',
      { finished: true, sandbox: { ...sandbox, state: 'NotReady' }, containers: [exited(1)] },
      [],
    ],
  ];
  it.each(cases)('%s', (_name, options, expected) => {
    expect(planPod(view(options)).actions.map(wordsOf)).toEqual(expected);
  });

  it('wakes when the first back-off ends', () => {
    const plan = planPod(view({ containers: [exited(1)], startableAtMillis: () => 123_456 }));
    expect(plan.wakeAtMillis).toBe(123_456);
  });

  it('is terminated when it is deleted and nothing of it runs', () => {
    expect(planPod(view({ pod: deleted(1), containers: [running()] })).terminated).toBe(false);
    expect(planPod(view({ pod: deleted(1), containers: [exited(0)] })).terminated).toBe(true);
    expect(planPod(view({ containers: [exited(0)] })).terminated).toBe(false);
  });

  it('is gone only when the API and the runtime have it no more', () => {
    expect(planPod(view({ vanished: true, sandbox: undefined })).gone).toBe(true);
    expect(planPod(view({ vanished: true })).gone).toBe(false);
    expect(planPod(view({ pod: deleted(1), sandbox: undefined })).gone).toBe(false);
  });

  it('gives at least one second of grace', () => {
    expect(graceMillisOf(deleted(0))).toBe(1_000);
    expect(graceMillisOf(podOf({ spec: { terminationGracePeriodSeconds: 5 } }))).toBe(5_000);
    expect(graceMillisOf(podOf())).toBe(30_000);
  });
});
