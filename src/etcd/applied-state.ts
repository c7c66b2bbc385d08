import type { Backend, BackendReader } from '../mvcc/backend.ts';
import type { SnapshotMetadata } from '../raft/types.ts';
import { decode, encode } from './codec.ts';

const name = 'applied';

/** Up to where the log is applied, and who was in the cluster then; undefined in a new backend. */
export function readApplied(backend: BackendReader): SnapshotMetadata | undefined {
  const value = backend.value(name);
  return value && decode<SnapshotMetadata>(value);
}

/** Becomes durable together with what was applied: the caller commits. */
export function writeApplied(backend: Backend, applied: SnapshotMetadata): void {
  backend.setValue(name, encode(applied));
}
