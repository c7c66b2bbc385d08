import { hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

/** SIGKILL of the host's main process: the machine, its page cache and its child processes stay. */
export const kill: Action = {
  name: 'kill',
  schema: rolesSchema,
  roles: rolesOf,
  perform(value, stage) {
    const hosts = hostsOf(value, stage);
    for (const host of hosts) host.kill();
    return hosts;
  },
};
