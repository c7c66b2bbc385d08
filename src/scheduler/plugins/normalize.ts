import { nodeScoreMax } from '../framework.ts';

/** Scales so that the highest becomes 100 (helper.DefaultNormalizeScore). All zero stays zero. */
export function normalizeToMax(scores: Float64Array): void {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  if (max === 0) return;
  for (let i = 0; i < scores.length; i++) scores[i] = Math.trunc((scores[i]! * nodeScoreMax) / max);
}

/** The same for scores where less is better. All zero becomes 100. */
export function normalizeReversed(scores: Float64Array): void {
  normalizeToMax(scores);
  for (let i = 0; i < scores.length; i++) scores[i] = nodeScoreMax - scores[i]!;
}
