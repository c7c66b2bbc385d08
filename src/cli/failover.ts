import {
  defaultLeaderElectionTiming,
  fastLeaderElectionTiming,
  type LeaderElectionTiming,
} from '../client/leader-elector.ts';
import {
  defaultControllerTiming,
  fastControllerTiming,
  type ControllerTiming,
} from '../controllers/timing.ts';
import { defaultKubeletTiming, fastKubeletTiming, type KubeletTiming } from '../kubelet/kubelet-options.ts';

/**
 * How quickly the cluster gives up on what is silent. `default` are Kubernetes' own values (a dead node's
 * pods are replaced after about six minutes); `fast` suits hosts on one machine or one LAN.
 */
export type FailoverProfile = 'default' | 'fast';

export interface Timing {
  readonly leaderElection: LeaderElectionTiming;
  readonly controllers: ControllerTiming;
  readonly kubelet: KubeletTiming;
  /** Of the store: ten of these are an election timeout. */
  readonly tickMillis: number;
}

export const timingOf: Readonly<Record<FailoverProfile, Timing>> = {
  default: {
    leaderElection: defaultLeaderElectionTiming,
    controllers: defaultControllerTiming,
    kubelet: defaultKubeletTiming,
    tickMillis: 100,
  },
  fast: {
    leaderElection: fastLeaderElectionTiming,
    controllers: fastControllerTiming,
    kubelet: fastKubeletTiming,
    tickMillis: 50,
  },
};
