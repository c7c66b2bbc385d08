import { everywhere, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';
import { drawMillis, drawsOf, durationRangeSchema, millisBounds, rangeProblem } from './ranges.ts';

/** Nothing on the host runs for so long, while time goes on: a stalled machine that wakes up believing the past. */
export const pause: GroundAction = {
  name: 'pause',
  schema: {
    type: 'object',
    description: '{host: leader, for: 3s}',
    properties: { host: rolesSchema, for: durationRangeSchema },
    required: ['host', 'for'],
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as { host: unknown }).host),
  check(value) {
    const { for: duration } = value as { for: string };
    return millisBounds(duration)[1] === 0
      ? `lasts ${duration}, which is no time at all; write a duration such as 250ms, 10s or 1.5m`
      : rangeProblem(duration, millisBounds);
  },
  real: everywhere,
  perform(value, stage) {
    const { host, for: duration } = value as { host: unknown; for: string };
    const random = drawsOf('pause', value, stage);
    const hosts = hostsOf(host, stage);
    for (const each of hosts) each.pause(drawMillis(duration, random));
    return hosts;
  },
};
