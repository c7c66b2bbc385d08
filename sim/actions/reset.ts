import { everywhere, type GroundAction } from './action.ts';
import { wayProblem, wayProperties, wayRoles, waysOf, type Way } from './ways.ts';

/** `reset: {host: leader}`: every connection that goes this way breaks at once, at both ends. New ones can be made. */
export const reset: GroundAction = {
  name: 'reset',
  schema: {
    type: 'object',
    description: '{host: leader} or {between: [leader, follower[0]]}',
    properties: wayProperties,
    additionalProperties: false,
  },
  roles: (value) => wayRoles(value as Way),
  check: (value) => wayProblem(value as Way),
  real: everywhere,
  perform(value, stage) {
    const { hosts, paths } = waysOf(value as Way, stage);
    for (const path of paths) path.resetConnections();
    return hosts;
  },
};
