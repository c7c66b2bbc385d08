import type { BackendView } from '../mvcc/backend.ts';
import type { Clock } from '../platform/clock.ts';
import { Counter, exponentialBounds, Histogram, HistogramFamily, type Metrics } from './metrics.ts';
import type { Request } from './request.ts';

const millisPerSecond = 1000;
/** etcd's buckets of everything that waits for a disk. */
const diskBounds = exponentialBounds(0.001, 2, 14);

/** What etcd calls an operation that was applied. Those that are not here have no name there. */
const operations: Partial<Record<Request['type'], string>> = {
  put: 'Put',
  'delete-range': 'DeleteRange',
  txn: 'Txn',
  compact: 'Compaction',
  'lease-grant': 'LeaseGrant',
  'lease-revoke': 'LeaseRevoke',
  'lease-checkpoint': 'LeaseCheckpoint',
  alarm: 'Alarm',
};

/** What a member counts where it happens: an addition each. Whoever wants to tell of it reads it (`addTo`). */
export class MemberMeters {
  readonly proposalsFailed = new Counter();
  readonly readIndexesFailed = new Counter();
  readonly slowReadIndexes = new Counter();
  readonly heartbeatSendFailures = new Counter();
  readonly learnersPromoted = new Counter();
  readonly leasesGranted = new Counter();
  readonly leasesRenewed = new Counter();
  readonly leasesRevoked = new Counter();
  readonly leasesExpired = new Counter();
  readonly leaseTtlSeconds = new Histogram(exponentialBounds(1, 2, 24));
  readonly backendCommitSeconds = new Histogram(diskBounds);
  readonly hashSeconds = new Histogram(exponentialBounds(0.01, 2, 15));
  readonly defragSeconds = new Histogram(exponentialBounds(0.1, 2, 13));
  readonly #snapshotSeconds = new Histogram(exponentialBounds(0.01, 2, 17));
  readonly compactionMillis = new Histogram(exponentialBounds(100, 2, 14));
  defragmenting = 0;
  /** Of the wall clock; 0 before the first. */
  lastCompactionSeconds = 0;
  #openViews = 0;
  readonly #clock: Clock;
  readonly #slowApplyMillis: number;
  readonly #slowApplies = new Counter();
  readonly #applySeconds = new HistogramFamily(
    ['op', 'success', 'version'],
    exponentialBounds(0.0001, 2, 20),
  );
  readonly #applied = new Map<string, Histogram>();
  #mark = 0;

  /** @param slowApplyMillis an entry that took longer to apply is slow (etcd's warning-apply-duration) */
  constructor(clock: Clock, slowApplyMillis: number) {
    this.#clock = clock;
    this.#slowApplyMillis = slowApplyMillis;
  }

  /** Entries are about to be applied, one after another. */
  beginApplying(): void {
    this.#mark = this.#clock.monotonicMillis();
  }

  applied(type: Request['type'], succeeded: boolean): void {
    const now = this.#clock.monotonicMillis();
    const took = now - this.#mark;
    this.#mark = now;
    if (took > this.#slowApplyMillis) this.#slowApplies.add();
    const operation = operations[type];
    if (operation === undefined) return;
    const key = succeeded ? operation : `${operation} failed`;
    let histogram = this.#applied.get(key);
    if (histogram === undefined) {
      histogram = this.#applySeconds.of(operation, String(succeeded), 'v3');
      this.#applied.set(key, histogram);
    }
    histogram.observe(took / millisPerSecond);
  }

  /** Runs `work` and observes its time in seconds, or in what `unitMillis` says. */
  async time<T>(histogram: Histogram, work: () => Promise<T>, unitMillis = millisPerSecond): Promise<T> {
    const begun = this.#clock.monotonicMillis();
    const result = await work();
    histogram.observe((this.#clock.monotonicMillis() - begun) / unitMillis);
    return result;
  }

  /** `view`, counted as long as it is open: it is how a snapshot is read. */
  countView(view: BackendView): BackendView {
    const begun = this.#clock.monotonicMillis();
    let open = true;
    this.#openViews++;
    return {
      get: (main, sub) => view.get(main, sub),
      scan: (from, end, visit) => view.scan(from, end, visit),
      value: (name) => view.value(name),
      values: (prefix) => view.values(prefix),
      close: () => {
        view.close();
        if (!open) return;
        open = false;
        this.#openViews--;
        this.#snapshotSeconds.observe((this.#clock.monotonicMillis() - begun) / millisPerSecond);
      },
    };
  }

  /** Tells of everything under etcd's names. */
  addTo(metrics: Metrics): void {
    const counters: readonly (readonly [name: string, help: string, counter: Counter])[] = [
      [
        'etcd_server_proposals_failed_total',
        'The total number of failed proposals seen.',
        this.proposalsFailed,
      ],
      [
        'etcd_server_read_indexes_failed_total',
        'The total number of failed read indexes seen.',
        this.readIndexesFailed,
      ],
      [
        'etcd_server_slow_read_indexes_total',
        "The total number of pending read indexes not in sync with leader's or timed out read index requests.",
        this.slowReadIndexes,
      ],
      [
        'etcd_server_slow_apply_total',
        'The total number of slow apply requests (likely overloaded from slow disk).',
        this.#slowApplies,
      ],
      [
        'etcd_server_heartbeat_send_failures_total',
        'The total number of leader heartbeat send failures (likely overloaded from slow disk).',
        this.heartbeatSendFailures,
      ],
      [
        'etcd_server_learner_promote_successes',
        'The total number of successful learner promotions while this member is leader.',
        this.learnersPromoted,
      ],
      ['etcd_debugging_lease_granted_total', 'The total number of granted leases.', this.leasesGranted],
      [
        'etcd_debugging_lease_renewed_total',
        'The number of renewed leases seen by the leader.',
        this.leasesRenewed,
      ],
      ['etcd_debugging_lease_revoked_total', 'The total number of revoked leases.', this.leasesRevoked],
      [
        'etcd_debugging_server_lease_expired_total',
        'The total number of expired leases.',
        this.leasesExpired,
      ],
    ];
    for (const [name, help, counter] of counters) metrics.counted(name, help, () => counter.value);
    const histograms: readonly (readonly [name: string, help: string, Histogram | HistogramFamily])[] = [
      [
        'etcd_server_apply_duration_seconds',
        'The latency distributions of v2 apply called by backend.',
        this.#applySeconds,
      ],
      ['etcd_debugging_lease_ttl_total', 'Bucketed histogram of lease TTLs.', this.leaseTtlSeconds],
      [
        'etcd_disk_backend_commit_duration_seconds',
        'The latency distributions of commit called by backend.',
        this.backendCommitSeconds,
      ],
      [
        'etcd_disk_backend_defrag_duration_seconds',
        'The latency distribution of backend defragmentation.',
        this.defragSeconds,
      ],
      [
        'etcd_mvcc_hash_rev_duration_seconds',
        'The latency distribution of storage hash by revision operation.',
        this.hashSeconds,
      ],
      [
        'etcd_disk_backend_snapshot_duration_seconds',
        'The latency distribution of backend snapshots.',
        this.#snapshotSeconds,
      ],
      [
        'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
        'Bucketed histogram of db compaction total duration.',
        this.compactionMillis,
      ],
    ];
    for (const [name, help, kept] of histograms) metrics.observed(name, help, kept);
    metrics.gauge(
      'etcd_disk_defrag_inflight',
      'Whether or not defrag is active on the member. 1 means active, 0 means not.',
      () => this.defragmenting,
    );
    metrics.gauge(
      'etcd_mvcc_db_open_read_transactions',
      'The number of currently open read transactions',
      () => this.#openViews,
    );
    metrics.gauge(
      'etcd_debugging_mvcc_db_compaction_last',
      'The unix time of the last db compaction. Resets to 0 on start.',
      () => this.lastCompactionSeconds,
    );
  }
}
