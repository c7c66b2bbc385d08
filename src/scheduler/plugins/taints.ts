import type { Taint, Toleration } from '../../api/types.ts';

/** Whether one toleration covers a taint (component-helpers' `ToleratesTaint`). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  // Absent and empty mean the same: every effect, every key.
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  // Without a key only `Exists` says what is meant.
  return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
}

/** Whether any of `tolerations` covers the taint. */
export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}
