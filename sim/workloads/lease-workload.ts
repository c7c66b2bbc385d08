import type { Platform } from '../../src/platform/platform.ts';
import { LeaseHolder } from './leases.ts';
import {
  actorsNamed,
  clientSchema,
  Session,
  type ClientKind,
  type Workload,
  type WorkloadStage,
} from './workload.ts';

/**
 * Holders of leases: each is granted one, hangs keys on it, renews it for a while and then lets it end, or ends it; and
 * asks again for what is over, which must stay over.
 */
export interface LeaseWorkload {
  readonly holders: number;
  /** Keys on each lease. Default 2. */
  readonly keys?: number;
  readonly client?: ClientKind;
}

const leasePrefix = '/lease/';
const keysDefault = 2;
const ttlSecondsMin = 2;
const ttlSecondsMore = 3;
/** How long a holder waits after its lease should be over. */
const afterMillis = 3000;

export const leaseWorkload: Workload = {
  name: 'lease',
  schema: {
    type: 'object',
    properties: {
      holders: { type: 'integer', minimum: 1, maximum: 100 },
      keys: { type: 'integer', minimum: 1, maximum: 10 },
      client: clientSchema,
    },
    required: ['holders'],
    additionalProperties: false,
  },
  actors: (value) => {
    const workload = value as LeaseWorkload;
    return actorsNamed('holder', workload.holders, (platform, stage) => hold(platform, stage, workload));
  },
};

async function hold(
  platform: Platform,
  stage: WorkloadStage,
  { keys = keysDefault, client }: LeaseWorkload,
): Promise<void> {
  const { clock, random, hostname } = platform;
  const session = new Session(platform, stage, client);
  const leases = new LeaseHolder(session, stage);
  while (!stage.stopped()) {
    await clock.sleep(random.float() * 200);
    const ttlSeconds = ttlSecondsMin + random.integer(ttlSecondsMore);
    const lease = await leases.grant(ttlSeconds);
    if (lease === undefined) continue;
    for (let i = 0; i < keys; i++) {
      await session.perform({
        type: 'put',
        key: `${leasePrefix}${hostname}/${i}`,
        value: session.newValue(),
        lease,
      });
    }
    const renewals = random.integer(5);
    let alive = true;
    for (let i = 0; i < renewals && alive; i++) {
      await clock.sleep((ttlSeconds * 1000) / 3);
      alive = (await leases.keepAlive(lease)) !== 0;
    }
    if (random.integer(2) === 0) await leases.revoke(lease);
    else await clock.sleep(ttlSeconds * 1000 + random.float() * afterMillis);
    await leases.keepAlive(lease);
    await session.perform({
      type: 'range',
      key: `${leasePrefix}${hostname}/`,
      rangeEnd: `${leasePrefix}${hostname}0`,
    });
  }
}
