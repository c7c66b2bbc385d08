import { tolerates } from '../api/toleration.ts';
import type { Taint, Toleration } from '../api/types.ts';
import { notReadyTaint, unreachableTaint } from './node-health.ts';

/** What the DefaultTolerationSeconds admission gives. */
const defaultTolerationSeconds = 300;

/**
 * How long a pod may stay beside these taints: 0 is not at all, undefined is for ever. Each NoExecute taint
 * must be tolerated, and the shortest toleration counts (tainteviction's getMinTolerationTime).
 *
 * `defaultMillis` is what the default toleration is worth, and what a pod without one is given.
 */
export function stayMillis(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
  defaultMillis: number,
): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const fitting = tolerations.filter((toleration) => tolerates(toleration, taint));
    const byNodeHealth = taint.key === notReadyTaint || taint.key === unreachableTaint;
    if (fitting.length === 0) {
      if (!byNodeHealth) return 0;
      shortest = Math.min(shortest ?? Infinity, defaultMillis);
    }
    for (const { tolerationSeconds } of fitting) {
      if (tolerationSeconds === undefined) continue;
      const isDefault = byNodeHealth && tolerationSeconds === defaultTolerationSeconds;
      const millis = isDefault ? defaultMillis : Math.max(0, tolerationSeconds * 1000);
      shortest = Math.min(shortest ?? Infinity, millis);
    }
  }
  return shortest;
}
