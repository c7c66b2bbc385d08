/**
 * How quickly the cluster gives up on what is silent. `default` are Kubernetes' own values (a dead node's
 * pods are replaced after about six minutes); `fast` suits hosts on one machine or one LAN.
 */
export type FailoverProfile = 'default' | 'fast';

export const failoverProfiles: readonly FailoverProfile[] = ['default', 'fast'];
