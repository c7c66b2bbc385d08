import { prefixEnd } from '../../src/etcd/client.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { kvPrefix } from './kv-workload.ts';
import { watchAgainAndAgain, type WatchPlan } from './watching.ts';
import { actorsNamed, clientSchema, type ClientKind, type Workload } from './workload.ts';

/**
 * Watchers of the keys of `kv`, each life of them another one: of one key, of all or of those behind a key; from now,
 * from where the last one ended or from before that; with what was there before; without puts or deletes; asking for
 * progress; pausing; ending by themselves and going on at another member.
 */
export interface WatchWorkload {
  readonly watchers: number;
  /** Keys of `kv` that there are. Default 3. */
  readonly keys?: number;
  readonly client?: ClientKind;
}

const keysDefault = 3;
const backRevisionsMax = 30;
const lifeMillisMax = 4000;
const pauseMillisMax = 1500;
const askMillis = 300;

export const watchWorkload: Workload = {
  name: 'watch',
  schema: {
    type: 'object',
    properties: {
      watchers: { type: 'integer', minimum: 1, maximum: 100 },
      keys: { type: 'integer', minimum: 1 },
      client: clientSchema,
    },
    required: ['watchers'],
    additionalProperties: false,
  },
  actors: (value) => {
    const { watchers, keys = keysDefault, client = 'link' } = value as WatchWorkload;
    return actorsNamed('observer', watchers, (platform, stage) =>
      watchAgainAndAgain(platform, stage, client, () => drawPlan(platform, keys)),
    );
  },
};

function drawPlan({ random }: Platform, keys: number): WatchPlan {
  const chance = (): boolean => random.integer(3) === 0;
  const key = `${kvPrefix}${random.integer(keys)}`;
  const range =
    random.integer(2) === 0
      ? { key: kvPrefix, rangeEnd: prefixEnd(kvPrefix) }
      : chance()
        ? { key, rangeEnd: '\0' }
        : { key };
  return {
    range,
    endAfterMillis: 50 + random.float() * lifeMillisMax,
    ...(chance() ? { back: random.integer(backRevisionsMax) } : {}),
    ...(random.integer(2) === 0 ? { prevKv: true } : {}),
    ...(chance() ? { filters: [random.integer(2) === 0 ? 'no-put' : 'no-delete'] as const } : {}),
    ...(chance() ? { progressNotify: true } : {}),
    ...(chance() ? { askProgressMillis: askMillis } : {}),
    ...(chance() ? { pause: drawPause(random) } : {}),
  };
}

/** Some at once, before the watch has caught up; most while it is up to date. */
function drawPause(random: Platform['random']): NonNullable<WatchPlan['pause']> {
  const afterMillis = random.integer(3) === 0 ? 0 : random.float() * lifeMillisMax;
  return { afterMillis, forMillis: random.float() * pauseMillisMax };
}
