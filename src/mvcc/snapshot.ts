import type { Lease } from './lessor.ts';

/** One record of the history: a KeyValue under (modRevision, sub). Version 0 is a tombstone. */
export type SnapshotRecord = readonly [
  modRevision: number,
  sub: number,
  key: string,
  value: Uint8Array,
  createRevision: number,
  version: number,
  lease: bigint,
];

/**
 * The whole replicated state as plain data: every version of every key since the compaction, in
 * (modRevision, sub) order, and the leases. It shares its arrays with the store; nobody may write into them.
 */
export interface StoreSnapshot {
  readonly revision: number;
  /** -1 if the store was never compacted. */
  readonly compactRevision: number;
  readonly records: readonly SnapshotRecord[];
  readonly leases: readonly Lease[];
}
