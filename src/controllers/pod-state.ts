import { parseTime } from '../api/time.ts';
import type { Condition, Pod } from '../api/types.ts';

export function readyCondition(pod: Pod): Condition | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}

export function isPodReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Ended for good: its containers will not run again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

export function isPodTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Counts towards the replicas of its controller. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && !isPodTerminating(pod);
}

/** How long until the pod has been ready for `minReadySeconds`; undefined if it is not ready. */
export function millisUntilAvailable(
  pod: Pod,
  minReadySeconds: number,
  nowMillis: number,
): number | undefined {
  const ready = readyCondition(pod);
  if (ready?.status !== 'True') return undefined;
  const sinceMillis = parseTime(ready.lastTransitionTime ?? '');
  if (minReadySeconds === 0) return 0;
  return sinceMillis === undefined
    ? undefined
    : Math.max(0, sinceMillis + minReadySeconds * 1000 - nowMillis);
}
