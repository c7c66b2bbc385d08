import type { LeaderElectionTiming } from '../client/leader-elector.ts';
import type { ControllerTiming } from '../controllers/controller-manager.ts';
import type { KubeletTiming } from '../kubelet/kubelet.ts';

/**
 * How quickly the cluster gives up on what is silent. `default` are Kubernetes' own values (a dead node's
 * pods are replaced after about six minutes); `fast` suits hosts on one machine or one LAN.
 */
export type FailoverProfile = 'default' | 'fast';

export function leaderElectionTiming(profile: FailoverProfile): LeaderElectionTiming {
  return profile === 'fast'
    ? { leaseDurationMillis: 3000, renewDeadlineMillis: 2000, retryPeriodMillis: 500 }
    : { leaseDurationMillis: 15_000, renewDeadlineMillis: 10_000, retryPeriodMillis: 2000 };
}
