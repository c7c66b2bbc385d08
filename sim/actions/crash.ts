import { hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

/** Power loss: what was not synced may be gone. */
export const crash: Action = {
  name: 'crash',
  schema: rolesSchema,
  roles: rolesOf,
  perform(value, stage) {
    const hosts = hostsOf(value, stage);
    for (const host of hosts) host.crash();
    return hosts;
  },
};
