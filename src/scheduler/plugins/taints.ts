import { tolerates } from '../../api/toleration.ts';
import type { Taint, Toleration } from '../../api/types.ts';

/** Whether any of `tolerations` covers the taint. */
export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}
