import { everywhere, type GroundAction } from './action.ts';
import { drawMillis, drawsOf, durationRangeSchema, millisBounds, rangeProblem } from './ranges.ts';
import { wayProblem, wayProperties, wayRoles, waysOf, type Way } from './ways.ts';
import type { Timer } from '../../src/platform/clock.ts';

interface Flap extends Way {
  readonly every: string;
  readonly for: string;
}

/** `flap: {between: [leader, follower[0]], every: 500ms, for: 10s}`: cut, healed, cut again; whole at the end. */
export const flap: GroundAction = {
  name: 'flap',
  schema: {
    type: 'object',
    description: '{between: [leader, follower[0]], every: 500ms, for: 10s}',
    properties: { ...wayProperties, every: durationRangeSchema, for: durationRangeSchema },
    required: ['every', 'for'],
    additionalProperties: false,
  },
  roles: (value) => wayRoles(value as Way),
  check(value) {
    const { every, for: duration } = value as Flap;
    const problem =
      wayProblem(value as Way) ?? rangeProblem(every, millisBounds) ?? rangeProblem(duration, millisBounds);
    if (problem !== undefined) return problem;
    return millisBounds(every)[0] === 0
      ? `flaps every ${every}, which is no time at all; write 500ms, for example`
      : undefined;
  },
  real: everywhere,
  perform(value, stage) {
    const { every, for: duration } = value as Flap;
    const { world } = stage;
    const random = drawsOf('flap', value, stage);
    const { hosts, paths } = waysOf(value as Way, stage);
    const endMillis = world.now + drawMillis(duration, random);
    for (const path of paths) {
      let next: Timer;
      const turn = (): void => {
        if (path.isCut || world.now >= endMillis) path.heal(world.now);
        else path.cut(world.now);
        if (path.isCut || world.now < endMillis) {
          next = world.schedule(drawMillis(every, random), 'flap', turn);
        }
      };
      turn();
      path.addSpell({ cancel: () => next.cancel() });
    }
    return hosts;
  },
};
