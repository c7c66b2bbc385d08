import { noMember } from '../raft/types.ts';
import type { MemberId } from '../raft/types.ts';
import { etcdVersion } from './member.ts';
import type { EtcdServer } from './etcd-server.ts';
import type { Metrics } from './metrics.ts';
import type { MemberObserver } from './observer.ts';

/** What the operating system knows of this process. */
export interface ProcessFacts {
  /** User and system time so far. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes?: number;
  readonly openFiles?: number;
  readonly filesMax?: number;
  /** Since the Unix epoch. */
  readonly startSeconds: number;
}

/** A member's state under etcd's names. Read when somebody asks; a member pays nothing for it otherwise. */
export function addMemberMetrics(
  metrics: Metrics,
  member: EtcdServer & {
    readonly pendingProposals?: number;
    readonly installing?: boolean;
    addMetrics?(metrics: Metrics): void;
  },
): void {
  member.addMetrics?.(metrics);
  const one = (): number => 1;
  const flag = (value: boolean): number => (value ? 1 : 0);
  const gauge = metrics.gauge.bind(metrics);
  const minor = (version: string): string => version.split('.').slice(0, 2).join('.');

  gauge(
    'etcd_cluster_version',
    "Which version is running. 1 for 'cluster_version' label with current cluster version",
    () => (member.clusterVersion === undefined ? undefined : 1),
    () => ({ cluster_version: minor(member.clusterVersion ?? '') }),
  );
  gauge(
    'etcd_server_version',
    "Which version is running. 1 for 'server_version' label with current version.",
    one,
    () => ({ server_version: etcdVersion }),
  );
  gauge(
    'etcd_server_id',
    "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
    one,
    () => ({ server_id: member.id }),
  );
  gauge('etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.', () =>
    flag(member.leader !== noMember),
  );
  gauge('etcd_server_is_leader', 'Whether or not this member is a leader. 1 if is, 0 otherwise.', () =>
    flag(member.leading),
  );
  gauge('etcd_server_is_learner', 'Whether or not this member is a learner. 1 if is, 0 otherwise.', () =>
    flag(member.learner),
  );
  gauge(
    'etcd_server_proposals_applied_total',
    'The total number of consensus proposals applied.',
    () => member.applied,
  );
  gauge(
    'etcd_server_proposals_committed_total',
    'The total number of consensus proposals committed.',
    () => member.committed,
  );
  gauge(
    'etcd_server_proposals_pending',
    'The current number of pending proposals to commit.',
    () => member.pendingProposals,
  );
  gauge(
    'etcd_server_snapshot_apply_in_progress_total',
    '1 if the server is applying the incoming snapshot. 0 if none.',
    () => flag(member.installing === true),
  );
  gauge(
    'etcd_server_quota_backend_bytes',
    'Current backend storage quota size in bytes.',
    () => member.quotaBytes,
  );
  gauge(
    'etcd_mvcc_db_total_size_in_bytes',
    'Total size of the underlying database physically allocated in bytes.',
    () => member.dbSizeBytes,
  );
  gauge(
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'Total size of the underlying database logically in use in bytes.',
    () => member.dbSizeInUseBytes,
  );
  gauge('etcd_debugging_mvcc_keys_total', 'Total number of keys.', () => member.store.keyCount);
  gauge(
    'etcd_debugging_mvcc_current_revision',
    'The current revision of store.',
    () => member.store.revision,
  );
  gauge(
    'etcd_debugging_mvcc_compact_revision',
    'The revision of the last compaction in store.',
    () => member.store.compactRevision,
  );
  gauge('etcd_debugging_mvcc_watcher_total', 'Total number of watchers.', () => member.store.watcherCount);
  gauge(
    'etcd_debugging_mvcc_slow_watcher_total',
    'Total number of unsynced slow watchers.',
    () => member.store.slowWatcherCount,
  );
  // A snapshot brings a store of its own, which begins to count anew: to Prometheus a restart.
  const totals = [
    ['etcd_mvcc_range_total', 'Total number of ranges seen by this member.', 'ranges'],
    ['etcd_debugging_mvcc_range_total', 'Total number of ranges seen by this member.', 'ranges'],
    ['etcd_mvcc_put_total', 'Total number of puts seen by this member.', 'puts'],
    ['etcd_mvcc_delete_total', 'Total number of deletes seen by this member.', 'deletes'],
    ['etcd_mvcc_txn_total', 'Total number of txns seen by this member.', 'txns'],
  ] as const;
  for (const [name, help, what] of totals) metrics.counted(name, help, () => member.store.totals[what]);
  gauge(
    'etcd_debugging_mvcc_total_put_size_in_bytes',
    'The total size of put kv pairs seen by this member.',
    () => member.store.totals.putBytes,
  );
  gauge('etcd_debugging_auth_revision', 'The current revision of auth store.', () => member.auth.revision);
}

/** An observer that counts leaders, and tells `other` everything. */
export function countLeaders(metrics: Metrics, other: MemberObserver | undefined): MemberObserver {
  const seen = metrics.counter('etcd_server_leader_changes_seen_total', 'The number of leader changes seen.');
  let last: MemberId = noMember;
  const traced = other?.traced;
  return {
    opened: (...facts) => other?.opened(...facts),
    roleChanged: (member, role, term, leader) => {
      // As in etcd, losing a leader is no change.
      if (leader !== noMember && leader !== last) seen.add();
      last = leader;
      other?.roleChanged(member, role, term, leader);
    },
    saved: (...facts) => other?.saved(...facts),
    applied: (...facts) => other?.applied(...facts),
    installed: (...facts) => other?.installed(...facts),
    sent: (...facts) => other?.sent?.(...facts),
    ...(traced === undefined ? {} : { traced: (...facts) => traced.call(other, ...facts) }),
  };
}

/** `process_*`, as Prometheus' own client names them. */
export function addProcessMetrics(metrics: Metrics, facts: () => ProcessFacts): void {
  metrics.counted(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    () => facts().cpuSeconds,
  );
  const gauges: readonly (readonly [
    name: string,
    help: string,
    read: (of: ProcessFacts) => number | undefined,
  ])[] = [
    ['process_resident_memory_bytes', 'Resident memory size in bytes.', (of) => of.residentBytes],
    ['process_virtual_memory_bytes', 'Virtual memory size in bytes.', (of) => of.virtualBytes],
    ['process_open_fds', 'Number of open file descriptors.', (of) => of.openFiles],
    ['os_fd_used', 'The number of used file descriptors.', (of) => of.openFiles],
    ['os_fd_limit', 'The file descriptor limit.', (of) => of.filesMax],
    ['process_max_fds', 'Maximum number of open file descriptors.', (of) => of.filesMax],
    [
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      (of) => of.startSeconds,
    ],
  ];
  for (const [name, help, read] of gauges) metrics.gauge(name, help, () => read(facts()));
}
