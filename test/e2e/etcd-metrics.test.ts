import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { GrpcEtcdClient } from '../../src/etcd/grpc-client.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import { EtcdProcess, findTool, missingTool, startCluster, type Flavour } from './etcd-process.ts';

/** Series of the queries in etcd's mixin (dashboards and alerts) and of its Grafana dashboard, beside what Go's runtime tells. */
const watchedByOperators = [
  'etcd_debugging_mvcc_slow_watcher_total',
  'etcd_debugging_mvcc_watch_stream_total',
  'etcd_debugging_mvcc_watcher_total',
  'etcd_disk_backend_commit_duration_seconds_bucket',
  'etcd_disk_backend_defrag_duration_seconds_bucket',
  'etcd_disk_wal_fsync_duration_seconds_bucket',
  'etcd_mvcc_db_total_size_in_bytes',
  'etcd_mvcc_db_total_size_in_use_in_bytes',
  'etcd_mvcc_delete_total',
  'etcd_mvcc_put_total',
  'etcd_mvcc_range_total',
  'etcd_mvcc_txn_total',
  'etcd_network_active_peers{Local="',
  'etcd_network_client_grpc_received_bytes_total',
  'etcd_network_client_grpc_sent_bytes_total',
  'etcd_network_peer_received_bytes_total{From="',
  'etcd_network_peer_round_trip_time_seconds_bucket{To="',
  'etcd_network_peer_sent_bytes_total{To="',
  'etcd_network_peer_sent_failures_total{To="',
  'etcd_server_has_leader 1',
  'etcd_server_health_failures',
  'etcd_server_heartbeat_send_failures_total',
  'etcd_server_is_leader',
  'etcd_server_leader_changes_seen_total',
  'etcd_server_proposals_applied_total',
  'etcd_server_proposals_committed_total',
  'etcd_server_proposals_failed_total',
  'etcd_server_proposals_pending',
  'etcd_server_quota_backend_bytes',
  'etcd_server_read_indexes_failed_total',
  'etcd_server_slow_apply_total',
  'etcd_server_slow_read_indexes_total',
  'grpc_server_handled_total{grpc_code="OK",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}',
  'grpc_server_started_total{grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"}',
  'process_cpu_seconds_total',
  'process_max_fds',
  'process_open_fds',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
];

/** Families that only a real etcd has, and why. */
const notOurs: readonly (readonly [RegExp, string])[] = [
  [/^go_|^etcd_server_go_version$/, 'of the Go runtime'],
  [/^promhttp_/, "of Go's Prometheus client, about itself"],
  [/^process_(virtual_memory_max_bytes|network_)/, "of Go's Prometheus client: nothing of etcd reads them"],
  [/^etcd_grpc_proxy_/, 'of the gRPC proxy, which a member is not'],
  [/^etcd_debugging_store_/, 'of the v2 store, gone with etcd 3.6'],
  [/^etcd_debugging_disk_backend_commit_/, 'of phases of a bbolt commit'],
  [
    /^etcd_(debugging_snap_save_|snap_)/,
    'of snapshot files, which are not made here: the backend is the snapshot',
  ],
  [
    /^etcd_debugging_mvcc_(db|index)_compaction_(pause|keys)/,
    'of pauses that a compaction makes here nobody feel',
  ],
  [
    /^etcd_debugging_mvcc_(events|pending_events)_total$/,
    'an event is encoded once for all who watch, and not counted for each',
  ],
  [/^etcd_mvcc_hash_duration_seconds$/, 'of Hash over the whole file: here it is HashKV'],
];

async function textOf(member: EtcdProcess): Promise<string> {
  return await (await fetch(`${member.clientUrl}/metrics`)).text();
}

function families(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
}

/** A bit of everything that is counted. */
async function use(member: EtcdProcess): Promise<void> {
  const etcd = new GrpcEtcdClient(createOsPlatform({ hostname: 'metrics' }), {
    endpoints: [{ host: '127.0.0.1', port: member.ports.client }],
  });
  const value = encodeUtf8('1');
  const created = new Promise<void>((resolve) => {
    const told = { created: () => resolve(), events: () => {}, progress: () => {}, closed: () => {} };
    etcd.watch({ key: 'a' }, told);
  });
  await created;
  await etcd.put({ key: 'a', value });
  const { id } = await etcd.leaseGrant(60);
  await etcd.put({ key: 'b', value, lease: id });
  await etcd.leaseKeepAlive(id);
  await etcd.leaseRevoke(id);
  const { header } = await etcd.deleteRange({ key: 'a' });
  await etcd.range({ key: 'a' });
  await etcd.compact(header.revision);
  etcd.close();
}

describe('metrics', () => {
  it('have every series that dashboards and alerts of etcd ask for', async () => {
    const members = await startCluster('drydock', 3);
    try {
      await use(members[0]!);
      // The first pings between members are answered within that time.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      const text = await textOf(members[0]!);
      expect(watchedByOperators.filter((series) => !text.includes(`\n${series}`))).toEqual([]);
      expect(/etcd_network_peer_received_bytes_total\{From="\w+"\} [1-9]/.test(text)).toBe(true);
      expect(/etcd_network_peer_round_trip_time_seconds_count\{To="\w+"\} [1-9]/.test(text)).toBe(true);
      expect(/etcd_disk_backend_commit_duration_seconds_count [1-9]/.test(text)).toBe(true);
    } finally {
      await Promise.all(members.map((member) => member.close()));
    }
  }, 60_000);

  const etcd = findTool('etcd');
  if (etcd === undefined) missingTool('etcd', "the names and types of metrics are not held to etcd's");
  describe.skipIf(etcd === undefined)('beside those of a real etcd', () => {
    const texts = new Map<Flavour, string>();

    beforeAll(async () => {
      for (const flavour of ['etcd', 'drydock'] as const) {
        const member = await EtcdProcess.start({ flavour });
        await use(member);
        texts.set(flavour, await textOf(member));
        await member.close();
      }
    }, 60_000);

    afterAll(() => texts.clear());

    it('have its names and types, but for those with a reason', () => {
      const theirs = families(texts.get('etcd')!);
      const ours = families(texts.get('drydock')!);
      const missing = [...theirs].filter(
        ([name, type]) => ours.get(name) !== type && !notOurs.some(([pattern]) => pattern.test(name)),
      );
      expect(missing).toEqual([]);
      // A reason that nothing needs any more is to go.
      const needless = notOurs.filter(
        ([pattern]) => ![...theirs.keys()].some((name) => pattern.test(name) && !ours.has(name)),
      );
      expect(needless.map(([pattern]) => pattern.source)).toEqual([]);
    });

    it('count the same calls alike, with the same labels and buckets', () => {
      const counted = [
        /^etcd_debugging_lease_(granted|renewed|revoked)_total .*$/gm,
        /^etcd_debugging_lease_ttl_total_bucket.*$/gm,
        /^etcd_mvcc_(put|delete)_total .*$/gm,
        /^etcd_network_client_grpc_received_bytes_total .*$/gm,
        /^etcd_server_apply_duration_seconds_count.*version="v3".*$/gm,
        /^grpc_server_started_total\{.*(KV|Lease|Watch).*[1-9]$/gm,
        /^etcd_disk_(wal_fsync|backend_commit|backend_snapshot|backend_defrag)_duration_seconds_bucket\{[^}]*\}/gm,
      ];
      for (const pattern of counted) {
        expect(texts.get('drydock')!.match(pattern)).toEqual(texts.get('etcd')!.match(pattern));
      }
    });
  });
});
