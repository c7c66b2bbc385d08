import type { MemberId } from '../raft/types.ts';

/** Whose data a directory holds; written into every log segment, checked at every start. */
export interface DataIdentity {
  readonly clusterId: string;
  readonly memberId: MemberId;
  readonly name: string;
}

/** A data directory that this member must not or cannot use. One sentence: the place, what is wrong, the remedy. */
export class DataDirectoryError extends Error {
  override readonly name: string = 'DataDirectoryError';
}

/** This member was removed from its cluster for good: its data are of no use any more. */
export class MemberRemovedError extends DataDirectoryError {
  override readonly name = 'MemberRemovedError';
}

/** @throws DataDirectoryError when `found` is somebody else's */
export function checkIdentity(directory: string, found: DataIdentity, expected: DataIdentity): void {
  if (found.clusterId !== expected.clusterId) {
    throw new DataDirectoryError(
      `${directory} holds data of cluster ${found.clusterId} (member ${found.name}), not of cluster ${expected.clusterId}: start it with that cluster's configuration, or choose an empty data directory`,
    );
  }
  if (found.memberId !== expected.memberId) {
    throw new DataDirectoryError(
      `${directory} holds the data of member ${found.name}, not of ${expected.name}: give each member a data directory of its own`,
    );
  }
}
