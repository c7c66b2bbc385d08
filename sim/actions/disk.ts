import { durationMillis, durationSchema, hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

interface DiskFault {
  readonly host: unknown;
  readonly 'slow-sync'?: string;
  readonly full?: boolean;
}

/**
 * `disk: {host: leader, slow-sync: 2s}`: every fsync takes so much longer; 0s heals it. `disk: {host: leader,
 * full: true}`: no byte more fits; false makes room again.
 */
export const disk: Action = {
  name: 'disk',
  schema: {
    type: 'object',
    description: '{host: leader, slow-sync: 2s}, {host: leader, full: true} or both',
    properties: { host: rolesSchema, 'slow-sync': durationSchema, full: { type: 'boolean' } },
    required: ['host'],
    minProperties: 2,
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as { host: unknown }).host),
  perform(value, stage) {
    const fault = value as DiskFault;
    const hosts = hostsOf(fault.host, stage);
    for (const { disk } of hosts) {
      if (fault['slow-sync'] !== undefined) disk.faults.slowSyncMillis = durationMillis(fault['slow-sync']);
      if (fault.full !== undefined) disk.faults.capacityBytes = fault.full ? disk.usedBytes : undefined;
    }
    return hosts;
  },
};
