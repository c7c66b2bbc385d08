import { nodeScoreMax } from '../framework.ts';

/** Scales so that the highest becomes 100 (helper.DefaultNormalizeScore). All zero stays zero. */
export function normalizeToMax(scores: readonly number[]): number[] {
  const max = Math.max(0, ...scores);
  return scores.map((score) => (max === 0 ? 0 : Math.trunc((score * nodeScoreMax) / max)));
}

/** The same for scores where less is better. All zero becomes 100. */
export function normalizeReversed(scores: readonly number[]): number[] {
  return normalizeToMax(scores).map((score) => nodeScoreMax - score);
}
