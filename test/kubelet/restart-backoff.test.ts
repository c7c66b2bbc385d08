import { expect, it } from 'vitest';

import { defaultRestartBackoff, RestartBackoff } from '../../src/kubelet/restart-backoff.ts';

it('waits 0, 10, 20, 40 … 300 s between crashes, and starts over after a run of ten minutes', () => {
  const backoff = new RestartBackoff(defaultRestartBackoff);
  let nowMillis = 1_000;
  const crashAfter = (runMillis: number): number => {
    const endedAtMillis = nowMillis + runMillis;
    const { atMillis } = backoff.readyAt('main', endedAtMillis);
    backoff.restarted('main', endedAtMillis, atMillis);
    nowMillis = atMillis;
    return (atMillis - endedAtMillis) / 1000;
  };
  expect([1, 1, 1, 1, 1, 1, 1, 1].map(crashAfter)).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  expect(crashAfter(599_999)).toBe(300);
  expect([600_000, 1, 1].map(crashAfter)).toEqual([0, 10, 20]);
});
