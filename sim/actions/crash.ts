import { either, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';
import { countRangeSchema, drawCount, drawsOf } from './ranges.ts';

interface Crash {
  readonly host: unknown;
  readonly silently?: boolean;
  readonly 'after-events'?: number | string;
}

/**
 * `crash: leader`: power loss; what was not synced may be gone. `crash: {host: leader, silently: true}`: and no switch tells its
 * peers. `crash: {host: leader, after-events: 1..200}`: in the middle of what it does, so many events from now.
 */
export const crash: GroundAction = {
  name: 'crash',
  schema: either(
    { type: 'object' },
    {
      type: 'object',
      description: '{host: leader, silently: true} or {host: leader, after-events: 1..200}',
      properties: { host: rolesSchema, silently: { type: 'boolean' }, 'after-events': countRangeSchema },
      required: ['host'],
      additionalProperties: false,
    },
    rolesSchema,
  ),
  roles: (value) => rolesOf(crashOf(value).host),
  check(value) {
    const { silently, 'after-events': events } = crashOf(value);
    return silently === true && events !== undefined
      ? 'is silent and waits for events; leave one out'
      : undefined;
  },
  real: {
    problem(value) {
      const { silently, 'after-events': events } = crashOf(value);
      if (events !== undefined) return 'waits for events, which real processes do not have; write `kill`';
      return silently === true
        ? 'is silent, and the kernel of a killed process tells its peers; leave silently out'
        : undefined;
    },
  },
  perform(value, stage) {
    const { host, silently = false, 'after-events': events } = crashOf(value);
    const random = drawsOf('crash', value, stage);
    const hosts = hostsOf(host, stage);
    for (const each of hosts) {
      if (events === undefined) each.crash({ silently });
      else if (each.isUp) each.crashAfterEvents(drawCount(events, random));
    }
    return hosts;
  },
};

function crashOf(value: unknown): Crash {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Crash)
    : { host: value };
}
