import { reflectorBackoff } from '../client/backoff.ts';
import type { BackoffOptions } from '../client/backoff.ts';

/** How fast the cluster gives up on what it no longer hears of. A pair of profiles, or one's own. */
export interface ControllerTiming {
  /** How often every node's heartbeat is judged. */
  readonly nodeMonitorPeriodMillis: number;
  /** A node that has been silent for longer is Unknown. At least three heartbeats. */
  readonly nodeMonitorGraceMillis: number;
  /** The same for a node that has never reported its status. */
  readonly nodeStartupGraceMillis: number;
  /**
   * What the default toleration of not-ready and unreachable nodes (300 s, given to each pod by the
   * DefaultTolerationSeconds admission) is worth. A toleration of any other length is taken as written.
   */
  readonly evictionAfterMillis: number;
  readonly podCollectPeriodMillis: number;
  /** How long a node must be missing before its pods are deleted. */
  readonly missingNodeQuarantineMillis: number;
  /**
   * If set, a pod that has been terminating this long on an unreachable node is deleted by force. Upstream
   * never does that, because the pod may still run behind a partition. It is safe for replaceable pods, and
   * not for those that must exist at most once.
   */
  readonly forceDeleteUnreachableAfterMillis?: number;
  readonly informerBackoff: BackoffOptions;
}

/** Kubernetes' own defaults: a dead node's pods are replaced after almost six minutes. */
export const defaultControllerTiming: ControllerTiming = {
  nodeMonitorPeriodMillis: 5_000,
  nodeMonitorGraceMillis: 50_000,
  nodeStartupGraceMillis: 60_000,
  evictionAfterMillis: 300_000,
  podCollectPeriodMillis: 20_000,
  missingNodeQuarantineMillis: 40_000,
  informerBackoff: reflectorBackoff,
};

/** For hosts on one LAN that renew their lease every second: replaced after some seven seconds. */
export const fastControllerTiming: ControllerTiming = {
  nodeMonitorPeriodMillis: 1_000,
  nodeMonitorGraceMillis: 4_000,
  nodeStartupGraceMillis: 10_000,
  evictionAfterMillis: 2_000,
  podCollectPeriodMillis: 2_000,
  missingNodeQuarantineMillis: 4_000,
  informerBackoff: { baseMillis: 100, maxMillis: 2_000 },
};
