import { hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';
import { drawsOf, drawShare, shareRangeSchema } from './ranges.ts';

interface Rare {
  readonly host: unknown;
  readonly active?: string;
  readonly fires?: string;
}

/** FoundationDB's: a quarter of all rare branches is active in a run. */
const activeDefault = '25%';

/**
 * `rare: {host: servers}`: the code goes ways more often that it seldom goes: each rare branch of src/platform/fault-points.ts is
 * active on a host with the chance `active` (25%), and then taken as often as its registry says, or by `fires`.
 */
export const rare: Action = {
  name: 'rare',
  schema: {
    type: 'object',
    description: '{host: servers} or {host: servers, active: 25%, fires: 25%}',
    properties: { host: rolesSchema, active: shareRangeSchema, fires: shareRangeSchema },
    required: ['host'],
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as Rare).host),
  perform(value, stage) {
    const { host, active = activeDefault, fires } = value as Rare;
    const random = drawsOf('rare', value, stage);
    const hosts = hostsOf(host, stage);
    for (const { points } of hosts) {
      points.beRare({
        activeProbability: drawShare(active, random),
        ...(fires === undefined ? {} : { firesProbability: drawShare(fires, random) }),
      });
    }
    return hosts;
  },
};
