import type { Action } from './action.ts';
import { wayProblem, wayProperties, wayRoles, waysOf, type Way } from './ways.ts';

/**
 * `half-open: {from: leader, to: follower[0]}`: the leader's kernel forgets its connections to the follower, which hears nothing
 * of it: its ends stay open until it sends something, or wonders at the silence.
 */
export const halfOpen: Action = {
  name: 'half-open',
  schema: {
    type: 'object',
    description: '{from: leader, to: follower[0]} or {host: leader}',
    properties: wayProperties,
    additionalProperties: false,
  },
  roles: (value) => wayRoles(value as Way),
  check: (value) => wayProblem(value as Way),
  perform(value, stage) {
    const { hosts, paths } = waysOf(value as Way, stage);
    for (const path of paths) path.forgetConnections();
    return hosts;
  },
};
