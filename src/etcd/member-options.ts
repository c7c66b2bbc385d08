import type { Backends } from '../mvcc/backend.ts';
import type { Address } from '../platform/network.ts';
import type { AutoCompaction } from './auto-compaction.ts';
import type { ClusterConfig } from './cluster.ts';
import type { MemberObserver } from './observer.ts';

export interface MemberOptions {
  /** This member's name in `cluster`. */
  readonly name: string;
  readonly cluster: ClusterConfig;
  readonly dataDirectory: string;
  readonly backends: Backends;
  /** Where other members reach it. Default: its peer address in `cluster`. */
  readonly listenPeer?: readonly Address[];
  /** Told to clients that ask for members. */
  readonly advertiseClientUrls?: readonly string[];
  /** Default 100 ms × 10 ticks: an election timeout of 1 to 2 s; a heartbeat each tick. */
  readonly tickMillis?: number;
  readonly electionTicks?: number;
  /** The log is truncated after this many applied entries. Default 10 000 (etcd 3.6). */
  readonly snapshotEntries?: number;
  /** Entries kept behind that for slow followers. Default 5000 (etcd). */
  readonly catchUpEntries?: number;
  readonly segmentBytes?: number;
  /** How long a client's request may take. Default 7 s: etcd's 5 s and two election timeouts. */
  readonly requestTimeoutMillis?: number;
  /** Largest proposal. Default 1.5 MiB. */
  readonly requestBytesMax?: number;
  /** Most live data before the alarm; 0 = no limit. Default 2 GiB. */
  readonly quotaBytes?: number;
  /** Most learners in the cluster. Default 1. */
  readonly learnersMax?: number;
  /** Refuse membership changes that would lose the quorum. Default true. */
  readonly strictReconfigCheck?: boolean;
  readonly autoCompaction?: AutoCompaction;
  /** Compare hashes with the others before serving. Default true. */
  readonly initialCorruptCheck?: boolean;
  /** How often the leader compares hashes; 0 = never. Default 5 minutes. */
  readonly corruptCheckMillis?: number;
  /** Go on alone with the data of a cluster whose other members are lost (etcd's --force-new-cluster). Default false. */
  readonly forceNewCluster?: boolean;
  /** An entry that takes longer to apply counts as slow. Default 100 ms. */
  readonly slowApplyMillis?: number;
  /** Told of what happens inside, for checkers. */
  readonly observer?: MemberObserver;
}

export const segmentBytesDefault = 16 * 1024 * 1024;

/** `options` with etcd's defaults for what it leaves open. */
export function withDefaults(
  options: MemberOptions,
): Required<Omit<MemberOptions, 'listenPeer' | 'autoCompaction' | 'observer'>> {
  return {
    advertiseClientUrls: [],
    tickMillis: 100,
    electionTicks: 10,
    snapshotEntries: 10_000,
    catchUpEntries: 5000,
    segmentBytes: segmentBytesDefault,
    requestTimeoutMillis: 7000,
    requestBytesMax: 1.5 * 1024 * 1024,
    quotaBytes: 2 * 1024 * 1024 * 1024,
    learnersMax: 1,
    strictReconfigCheck: true,
    initialCorruptCheck: true,
    corruptCheckMillis: 5 * 60_000,
    forceNewCluster: false,
    slowApplyMillis: 100,
    ...options,
  };
}
