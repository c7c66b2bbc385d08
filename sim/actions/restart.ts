import { everywhere, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';

/** Boots what is down; crashes and boots what is up. */
export const restart: GroundAction = {
  name: 'restart',
  schema: rolesSchema,
  roles: rolesOf,
  real: everywhere,
  perform(value, stage) {
    const hosts = hostsOf(value, stage);
    for (const host of hosts) host.restart();
    return hosts;
  },
};
