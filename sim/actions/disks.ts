import type { Host } from '../host.ts';
import { hostsOf, roleSchema, rolesOf, rolesSchema, ScenarioError, type Action } from './action.ts';

/** `wipe: server-2`: it loses power, and comes back with an empty disk when it is restarted. */
export const wipe: Action = {
  name: 'wipe',
  schema: rolesSchema,
  roles: rolesOf,
  perform(value, stage) {
    const { world } = stage;
    const hosts = hostsOf(value, stage);
    for (const host of hosts) {
      if (!world.atlas.mayForget(host)) continue;
      host.crash();
      host.disk.wipe();
    }
    return hosts;
  },
};

/** `swap-disks: [server-1, server-2]`: both lose power, and come back with each other's disk when they are restarted. */
export const swapDisks: Action = {
  name: 'swap-disks',
  schema: {
    type: 'array',
    items: roleSchema,
    minItems: 2,
    maxItems: 2,
    description: 'the two hosts, such as [server-1, server-2]',
  },
  roles: rolesOf,
  check(value) {
    const [a, b] = rolesOf(value);
    return a === b ? `swaps the disk of ${a} with itself; name two` : undefined;
  },
  perform(value, stage) {
    const { atlas } = stage.world;
    const [a, b] = hostsOf(value, stage) as [Host, Host];
    if (a === b) throw new ScenarioError(`${a.name} has one disk; name two hosts`);
    if (!atlas.mayForget(a) || !atlas.mayForget(b)) return [a, b];
    a.crash();
    b.crash();
    a.disk.swap(b.disk);
    return [a, b];
  },
};

/** `copy-disk: server-2`: a snapshot of the volume as it is durable now, for `old-disk` later. */
export const copyDisk: Action = {
  name: 'copy-disk',
  schema: rolesSchema,
  roles: rolesOf,
  perform(value, stage) {
    const hosts = hostsOf(value, stage);
    for (const { disk } of hosts) disk.copy();
    return hosts;
  },
};

/** `old-disk: server-2`: it loses power, and comes back with the last copy of its disk when it is restarted. */
export const oldDisk: Action = {
  name: 'old-disk',
  schema: rolesSchema,
  roles: rolesOf,
  perform(value, stage) {
    const { atlas } = stage.world;
    const hosts = hostsOf(value, stage);
    for (const host of hosts) {
      if (!host.disk.hasCopy) {
        throw new ScenarioError(
          `nothing was copied of the disk of ${host.name}; put \`copy-disk: ${host.name}\` before`,
        );
      }
      if (!atlas.mayForget(host)) continue;
      host.crash();
      host.disk.restore();
    }
    return hosts;
  },
};
