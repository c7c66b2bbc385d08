import { everywhere, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';
import { drawMillis, drawsOf, durationRangeSchema, millisBounds, rangeProblem } from './ranges.ts';
import { waysOf } from './ways.ts';

interface Swizzle {
  readonly host: unknown;
  readonly for: string;
}

/**
 * `swizzle: {host: servers, for: 10s}`: some of these hosts are clogged one after another, and unclogged in another order
 * (FoundationDB's swizzle-clogging, which its authors praise for the bugs it finds).
 */
export const swizzle: GroundAction = {
  name: 'swizzle',
  schema: {
    type: 'object',
    description: '{host: servers, for: 10s}',
    properties: { host: rolesSchema, for: durationRangeSchema },
    required: ['host', 'for'],
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as Swizzle).host),
  check: (value) => rangeProblem((value as Swizzle).for, millisBounds),
  real: everywhere,
  perform(value, stage) {
    const { host, for: duration } = value as Swizzle;
    const random = drawsOf('swizzle', value, stage);
    const candidates = hostsOf(host, stage);
    const halfMillis = drawMillis(duration, random) / 2;
    const drawn = candidates.filter(() => random.chance(0.5));
    const hosts = drawn.length > 0 ? drawn : [random.pick(candidates)];
    for (const { name } of hosts) {
      const clogMillis = random.between(0, halfMillis);
      const unclogMillis = halfMillis + random.between(0, halfMillis);
      for (const path of waysOf({ host: name }, { ...stage, hosts: () => [stage.world.host(name)] }).paths) {
        path.addSpell(stage.world.schedule(clogMillis, 'clog', () => path.clog()));
        path.addSpell(stage.world.schedule(unclogMillis, 'unclog', () => path.unclog()));
      }
    }
    return hosts;
  },
};
