import { durationMillis, hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';

interface ClockFault {
  readonly host: unknown;
  readonly jump?: string;
  readonly rate?: number;
}

/**
 * `clock: {host: leader, jump: -10s}`: its wall clock jumps, as when someone sets it. `clock: {host: leader, rate:
 * 1.1}`: its oscillator runs a tenth too fast from now on, timers too.
 */
export const clock: Action = {
  name: 'clock',
  schema: {
    type: 'object',
    description: '{host: leader, jump: -10s}, {host: leader, rate: 1.1} or both',
    properties: {
      host: rolesSchema,
      jump: {
        type: 'string',
        pattern: '^[+-]?[0-9]+(\\.[0-9]+)?(ms|s|m)$',
        description: 'a duration with its direction such as -10s or +10m',
      },
      rate: { type: 'number', minimum: 0.5, maximum: 2 },
    },
    required: ['host'],
    minProperties: 2,
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as { host: unknown }).host),
  perform(value, stage) {
    const { host, jump, rate } = value as ClockFault;
    const hosts = hostsOf(host, stage);
    for (const each of hosts) {
      if (jump !== undefined) each.clock.offsetMillis += signedMillis(jump);
      if (rate !== undefined) each.clock.rate = rate;
    }
    return hosts;
  },
};

function signedMillis(text: string): number {
  const [, sign, duration] = /^([+-]?)(.*)$/.exec(text)!;
  return durationMillis(duration!) * (sign === '-' ? -1 : 1);
}
