import { durationMillis, durationSchema, hostsOf, rolesSchema, type Action } from './action.ts';

/** Nothing on the host runs for so long, while time goes on: a stalled machine that wakes up believing the past. */
export const pause: Action = {
  name: 'pause',
  schema: {
    type: 'object',
    properties: { host: rolesSchema, for: durationSchema },
    required: ['host', 'for'],
    additionalProperties: false,
  },
  perform(value, stage) {
    const { host, for: duration } = value as { host: unknown; for: string };
    const hosts = hostsOf(host, stage);
    for (const each of hosts) each.pause(durationMillis(duration));
    return hosts;
  },
};
