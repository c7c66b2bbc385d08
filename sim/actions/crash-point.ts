import { crashPoints, type CrashPoint } from '../../src/platform/fault-points.ts';
import { hostsOf, rolesOf, rolesSchema, type Action } from './action.ts';
import { countRangeSchema, drawCount, drawMillis, drawsOf, durationRangeSchema } from './ranges.ts';

interface CrashAt {
  readonly host: unknown;
  readonly point: CrashPoint;
  readonly nth?: number | string;
  readonly 'restart-after'?: string;
}

/**
 * `crash-point: {host: server-2, point: wal.append.before-sync, nth: 3}`: its power is lost when its code comes by that point for
 * the third time from now on. `restart-after: 2s` boots it again; without, it stays down.
 */
export const crashPoint: Action = {
  name: 'crash-point',
  schema: {
    type: 'object',
    description: '{host: server-2, point: wal.append.before-sync, nth: 3, restart-after: 2s}',
    properties: {
      host: rolesSchema,
      point: { enum: crashPoints },
      nth: countRangeSchema,
      'restart-after': durationRangeSchema,
    },
    required: ['host', 'point'],
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as CrashAt).host),
  perform(value, stage) {
    const { host, point, nth = 1, 'restart-after': restartAfter } = value as CrashAt;
    const { world } = stage;
    const random = drawsOf('crash-point', value, stage);
    const hosts = hostsOf(host, stage);
    for (const each of hosts) {
      each.points.arm(point, Math.max(1, drawCount(nth, random)), () => {
        if (restartAfter === undefined) return;
        world.schedule(drawMillis(restartAfter, random), 'restart after a crash point', () => {
          if (!each.isUp) each.restart();
        });
      });
    }
    return hosts;
  },
};
