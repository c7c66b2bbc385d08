import { durationMillis, durationSchema, hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

/** Nothing on the host runs for so long, while time goes on: a stalled machine that wakes up believing the past. */
export const pause: Action = {
  name: 'pause',
  schema: {
    type: 'object',
    description: '{host: leader, for: 3s}',
    properties: { host: rolesSchema, for: durationSchema },
    required: ['host', 'for'],
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as { host: unknown }).host),
  check(value) {
    const { for: duration } = value as { for: string };
    return durationMillis(duration) === 0
      ? `lasts ${duration}, which is no time at all; write a duration such as 250ms, 10s or 1.5m`
      : undefined;
  },
  perform(value, stage) {
    const { host, for: duration } = value as { host: unknown; for: string };
    const hosts = hostsOf(host, stage);
    for (const each of hosts) each.pause(durationMillis(duration));
    return hosts;
  },
};
