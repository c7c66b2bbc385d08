import { either, hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';
import { drawMillis, drawNumber, drawsOf, durationRangeSchema, signedDurationRangeSchema } from './ranges.ts';

interface ClockFault {
  readonly host: unknown;
  readonly jump?: string;
  readonly offset?: string;
  readonly rate?: number | string;
  readonly strobe?: { readonly by: string; readonly every: string; readonly for: string };
}

const rateMin = 0.5;
const rateMax = 2;
const rateText = `a number from ${rateMin} to ${rateMax}, or a range such as 0.9..1.1`;

/**
 * `clock: {host: leader, jump: -10s}`: its wall clock jumps, as when someone sets it; `offset: 10s`: to so much ahead of the world's
 * time. `rate: 1.1`: its oscillator runs a tenth too fast from now on, timers too. `strobe: {by: 200ms, every: 10ms,
 * for: 5s}`: its wall clock jumps to and fro.
 */
export const clock: Action = {
  name: 'clock',
  schema: {
    type: 'object',
    description: '{host: leader, jump: -10s}, {host: leader, rate: 1.1} or both',
    properties: {
      host: rolesSchema,
      jump: signedDurationRangeSchema,
      offset: signedDurationRangeSchema,
      rate: either(
        { type: 'string' },
        { type: 'string', pattern: '^[0-9.]+\\.\\.[0-9.]+$', description: rateText },
        { type: 'number', minimum: rateMin, maximum: rateMax, description: rateText },
      ),
      strobe: {
        type: 'object',
        description: '{by: 200ms, every: 10ms, for: 5s}',
        properties: { by: signedDurationRangeSchema, every: durationRangeSchema, for: durationRangeSchema },
        required: ['by', 'every', 'for'],
        additionalProperties: false,
      },
    },
    required: ['host'],
    minProperties: 2,
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as { host: unknown }).host),
  check(value) {
    const { rate, jump, offset } = value as ClockFault;
    if (jump !== undefined && offset !== undefined) return 'says both jump and offset; leave one out';
    if (typeof rate !== 'string') return undefined;
    const [low, high] = rate.split('..').map(Number) as [number, number];
    return low >= rateMin && low <= high && high <= rateMax
      ? undefined
      : `has a rate of ${rate}; write a range within ${rateMin} and ${rateMax}, the smaller end first`;
  },
  perform(value, stage) {
    const { host, jump, offset, rate, strobe } = value as ClockFault;
    const random = drawsOf('clock', value, stage);
    const hosts = hostsOf(host, stage);
    for (const { clock: wrong } of hosts) {
      if (jump !== undefined) wrong.offsetMillis += drawMillis(jump, random);
      if (offset !== undefined) wrong.offsetMillis = drawMillis(offset, random);
      if (rate !== undefined) wrong.rate = drawNumber(rate, random);
      if (strobe !== undefined) {
        const { by, every, for: duration } = strobe;
        const everyMillis = Math.max(1, drawMillis(every, random));
        wrong.strobe(drawMillis(by, random), everyMillis, drawMillis(duration, random));
      }
    }
    return hosts;
  },
};
