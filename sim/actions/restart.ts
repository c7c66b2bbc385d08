import { hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

/** Boots what is down; crashes and boots what is up. */
export const restart: Action = {
  name: 'restart',
  schema: rolesSchema,
  roles: rolesOf,
  perform(value, stage) {
    const hosts = hostsOf(value, stage);
    for (const host of hosts) host.restart();
    return hosts;
  },
};
