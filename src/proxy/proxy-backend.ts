import type { ProxyTableChange } from './proxy-table.ts';

/** Makes a table real on one node. */
export interface ProxyBackend {
  /**
   * Applies a change to what was applied before; calls come one at a time. A rule that cannot be made real
   * now (its address is taken) is the backend's to try again: it does not reject.
   */
  apply(change: ProxyTableChange): Promise<void>;
  /** Takes everything down. */
  close(): Promise<void>;
}
