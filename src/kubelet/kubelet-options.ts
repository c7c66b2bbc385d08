import type { ApiClient } from '../client/api-client.ts';
import type { Address } from '../platform/network.ts';
import { defaultRestartBackoff } from './restart-backoff.ts';
import type { BackoffLimits } from './restart-backoff.ts';
import type { Runtime } from './runtime/runtime.ts';

export interface KubeletOptions {
  readonly nodeName: string;
  readonly client: ApiClient;
  /** Where the log server listens. */
  readonly listen: Address;
  /** Where the API server reaches it, as the Node tells. Its host is also the pods' hostIP. */
  readonly advertise: Address;
  /** Of the log server. */
  readonly tls: 'mutual' | 'none';
  /** The block that pods get their addresses from; on one machine a part of 127.0.0.0/8. */
  readonly podCidr: string;
  /** Absolute. */
  readonly dataDirectory: string;
  /** PATH of containers that set none. Default: the usual folders. */
  readonly programPath?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly capacity: { readonly cpu: string; readonly memory: string; readonly pods: string };
  /** Of the Node's status: operatingSystem, architecture, kernelVersion, osImage, kubeletVersion, … */
  readonly nodeInfo: Readonly<Record<string, string>>;
  readonly timing: KubeletTiming;
  /** Where this node reaches a ClusterIP: the inverse side of its proxy's addresses. */
  readonly serviceAddress: (clusterIP: string) => string;
  /** Default: the process runtime in `dataDirectory`. */
  readonly runtime?: Runtime;
}

export interface KubeletTiming {
  /** Of the node's Lease: how long a silent node is believed to live. */
  readonly leaseDurationSeconds: number;
  readonly leaseRenewMillis: number;
  /** How often the node's status is compared with what the API has. */
  readonly statusUpdateMillis: number;
  /** How often it is written although nothing has changed. */
  readonly statusReportMillis: number;
  /** How often a pod is looked at although nothing has happened. */
  readonly syncMillis: number;
  /** The wait after a pod could not be brought forward (no ConfigMap, a full disk). */
  readonly podSyncRetryMillis: number;
  /** First and longest wait after a status could not be written. */
  readonly podStatusRetryMillis: number;
  readonly podStatusRetryMaxMillis: number;
  readonly restartBackoff: BackoffLimits;
  readonly imagePullBackoffMillis: number;
  readonly imagePullBackoffMaxMillis: number;
  /** What containers may take to end when the agent ends, or when it finds them left by an earlier one. */
  readonly shutdownGraceMillis: number;
}

/** The real kubelet's times. */
export const defaultKubeletTiming: KubeletTiming = {
  leaseDurationSeconds: 40,
  leaseRenewMillis: 10_000,
  statusUpdateMillis: 10_000,
  statusReportMillis: 300_000,
  syncMillis: 60_000,
  podSyncRetryMillis: 10_000,
  podStatusRetryMillis: 500,
  podStatusRetryMaxMillis: 10_000,
  restartBackoff: defaultRestartBackoff,
  imagePullBackoffMillis: 10_000,
  imagePullBackoffMaxMillis: 300_000,
  shutdownGraceMillis: 2_000,
};

/** A node that tells of itself often enough to be missed within seconds: for a LAN and for demonstrations. */
export const fastKubeletTiming: KubeletTiming = {
  ...defaultKubeletTiming,
  leaseDurationSeconds: 10,
  // Four renewals within the fast profile's grace: one that is lost or late costs no node.
  leaseRenewMillis: 1_000,
  statusUpdateMillis: 2_000,
  podSyncRetryMillis: 2_000,
  restartBackoff: { initialMillis: 1_000, maxMillis: 60_000, resetMillis: 120_000 },
};
