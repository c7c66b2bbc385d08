import type { Taint, Toleration } from './types.ts';

/** Whether one toleration covers a taint (component-helpers' `ToleratesTaint`). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  // Absent and empty mean the same: every effect, every key.
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  // Without a key only `Exists` says what is meant.
  return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
}
