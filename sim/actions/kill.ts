import { everywhere, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';

/** SIGKILL of the host's main process: the machine, its page cache and its child processes stay. */
export const kill: GroundAction = {
  name: 'kill',
  schema: rolesSchema,
  roles: rolesOf,
  real: everywhere,
  perform(value, stage) {
    const hosts = hostsOf(value, stage);
    for (const host of hosts) host.kill();
    return hosts;
  },
};
