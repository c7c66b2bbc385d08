import { everywhere, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';

/** `heal: all`, or every path of the hosts named. */
export const heal: GroundAction = {
  name: 'heal',
  schema: rolesSchema,
  words: ['all'],
  roles: (value) => (value === 'all' ? [] : rolesOf(value)),
  real: everywhere,
  perform(value, stage) {
    if (value === 'all') {
      stage.world.healAll();
      return [];
    }
    const hosts = hostsOf(value, stage);
    for (const host of hosts) {
      for (const other of stage.world.hosts) stage.world.heal(host, other);
    }
    return hosts;
  },
};
