import { hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

/**
 * `mend: all`, or the hosts named: their disks fail and stall no more, their clocks run as at first, no crash point is armed and
 * no rare branch taken. What is lost or rotten stays so, and `heal` is for the network.
 */
export const mend: Action = {
  name: 'mend',
  schema: rolesSchema,
  words: ['all'],
  roles: (value) => (value === 'all' ? [] : rolesOf(value)),
  perform(value, stage) {
    const hosts = value === 'all' ? stage.world.hosts : hostsOf(value, stage);
    for (const host of hosts) stage.world.mend(host);
    return value === 'all' ? [] : hosts;
  },
};
