import { everywhere, type GroundAction } from './action.ts';
import { drawMillis, drawsOf, durationRangeSchema, millisBounds, rangeProblem } from './ranges.ts';
import { wayProblem, wayProperties, wayRoles, waysOf, type Way } from './ways.ts';

interface Clog extends Way {
  readonly for?: string;
}

/** `clog: {host: leader, for: 2s}`: every packet is held and nothing is lost, for so long or until it is healed. */
export const clog: GroundAction = {
  name: 'clog',
  schema: {
    type: 'object',
    description: '{host: leader, for: 2s}, or {from: leader, to: follower[0]}',
    properties: { ...wayProperties, for: durationRangeSchema },
    additionalProperties: false,
  },
  roles: (value) => wayRoles(value as Way),
  check: (value) => wayProblem(value as Way) ?? rangeProblem((value as Clog).for, millisBounds),
  real: everywhere,
  perform(value, stage) {
    const fault = value as Clog;
    const random = drawsOf('clog', value, stage);
    const { hosts, paths } = waysOf(fault, stage);
    const millis = fault.for === undefined ? undefined : drawMillis(fault.for, random);
    for (const path of paths) {
      path.clog();
      if (millis !== undefined) path.addSpell(stage.world.schedule(millis, 'unclog', () => path.unclog()));
    }
    return hosts;
  },
};
