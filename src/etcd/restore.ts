import type { Backends } from '../mvcc/backend.ts';
import type { Platform } from '../platform/platform.ts';
import { checkCluster, clusterIdOf, foundersOf, memberIdOf, type ClusterConfig } from './cluster.ts';
import { segmentBytesDefault } from './member-options.ts';
import { DurableLog } from './durable-log.ts';
import { restoreSnapshotFile } from './snapshot-file.ts';

/** What belongs to the old cluster and not to what it stored. */
const oldCluster = /^(applied$|member\/|removed\/|cluster\/|alarm\/)/;

/**
 * Makes the data directory of a founder of a new cluster whose state is what `file` holds (etcdutl snapshot restore). Members of
 * the new cluster are who `cluster` names; the old ones, and alarms, are left behind.
 *
 * @throws SnapshotFileError, DiskError, WalError
 */
export async function restoreDataDirectory(
  platform: Platform,
  backends: Backends,
  file: Uint8Array,
  options: { readonly directory: string; readonly name: string; readonly cluster: ClusterConfig },
): Promise<{ readonly records: number }> {
  const { cluster, directory, name } = options;
  checkCluster(cluster, name);
  const { log, backend } = await DurableLog.open(platform, backends, {
    directory,
    segmentBytes: segmentBytesDefault,
    identity: { clusterId: clusterIdOf(cluster), memberId: memberIdOf(cluster.token, name), name },
    founders: foundersOf(cluster),
  });
  try {
    const restored = restoreSnapshotFile(file, backend, (value) => !oldCluster.test(value));
    await backend.flush();
    return restored;
  } finally {
    await backend.close();
    await log.close();
  }
}
